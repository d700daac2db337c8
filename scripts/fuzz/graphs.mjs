import { damage, drawing, faultOfError, membersOf, nested, oddValue, textOf } from './random.mjs';

/** Graph files, sound and mutated, and whether what a reader makes of them is right. */

const KEYS = [
  'name',
  'shape',
  'dtype',
  'role',
  'init',
  'flattened',
  'value',
  'data',
  'moment',
  'axes',
  'order',
  'start',
  'limit',
  'stride',
  'axis',
  'dilation',
  'padding',
  'window',
  'size',
  'kernel',
  'transposeA',
  'transposeB',
  'rows',
  'axe',
  '__proto__',
  'constructor',
  'a\nb',
];

/** The sizes of a node, whose multiples of the batch a file holds as { batch: k }. */
const sizesOf = ({ shape }, { batch }) =>
  shape.map((size) => (typeof size === 'number' ? size : size.batch * batch));

/** Sound graph files: networks, their readings and gradients, and every op that these do not have. */
export const soundGraphs = ({ encodeGraph, grad, inference, lenet, mlp, ops, resnetCifar, training }) => {
  const nets = [
    resnetCifar({ depth: 8, width: 2, image: 8 }),
    lenet([8, 12, 1], { classes: 4 }),
    mlp([6], { hidden: [5], classes: 2 }),
  ];
  const trained = nets.map((net) => {
    const { output, updates } = training(net);
    const loss = ops.sum(output, [0, 1]);
    return encodeGraph([loss, ...updates.map((u) => u.next), ...grad(loss, [net.input])], 'training');
  });
  const x = ops.input('x', [2, 6, 6, 4]);
  const index = ops.input('index', [2], 'i32');
  /** Every op that the networks and their gradients do not have. */
  const others = [
    ops.gather(ops.state('table', [5, 3]), index),
    ops.scatterAdd(ops.input('rows', [2, 3]), index, 5),
    ops.cropFlip(ops.input('photos', [5, 4, 4, 3], 'u8'), index, ops.input('shift', [2, 3], 'i32')),
    ops.rankMask(ops.state('scores', [7]), ops.input('keep', [], 'i32')),
    ops.literal([2, 2], [1, 2, 3, 4]),
    ops.concat([x, x], 3),
    ops.transpose(x, [0, 3, 1, 2]),
    ops.slice(x, [0, 1, 0, 0], [2, 5, 6, 4], [1, 2, 1, 1]),
    ops.place(ops.input('y', [2, 3]), [4, 8], [1, 2], [1, 2]),
    ops.argMax(x),
    ops.maximum(x, [1, 2]),
    ops.maxPool(x, { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }),
    ops.toReal(index),
    ops.statistic(x, ops.state('mean', [4]), 'mean'),
    ops.dropout(x, 0.5),
    ops.bernoulli(index, [3, 2], 0.25, 1),
    ops.select(ops.greater(x, ops.scalar(0)), x, ops.stopGradient(x)),
  ];
  return [
    ...nets.map((net) => encodeGraph([net.output], net.name)),
    ...nets.map((net) => encodeGraph([inference(net).output], net.name)),
    ...trained,
    encodeGraph(others, 'others'),
  ];
};

/** One edit of the file, whose nodes are plain objects with text for attribute values that are to be odd. */
const edit = (file, opNames, draw) => {
  const node = draw.pick(file.nodes);
  const attributes = node.attributes;
  const key =
    Object.keys(attributes).length > 0 && draw.chance(0.85)
      ? draw.pick(Object.keys(attributes))
      : draw.pick(KEYS);
  const raw = (text) => ({ raw: text });
  const odd = () => raw(oddValue(draw));
  const number = () => draw.pick([0, 1, 2, 3, -1, 7, 0.5, 64, 2 ** 31, 2 ** 53 - 1, 2 ** 60]);
  switch (draw.below(14)) {
    case 0:
    case 1:
    case 2:
      return void Object.defineProperty(attributes, key, {
        value: odd(),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    case 3:
      return void Reflect.deleteProperty(attributes, key);
    case 4: // one number of a list
      if (Array.isArray(attributes[key]) && attributes[key].length > 0)
        attributes[key][draw.below(attributes[key].length)] = draw.chance(0.7) ? number() : odd();
      return;
    case 5:
      if (Array.isArray(attributes[key])) attributes[key].splice(0, draw.below(2), number());
      return;
    case 6:
      node.op = draw.chance(0.8) ? draw.pick(opNames) : odd();
      return;
    case 7:
      if (node.inputs.length > 0 && draw.chance(0.7))
        node.inputs[draw.below(node.inputs.length)] = draw.chance(0.7)
          ? draw.below(file.nodes.length + 2) - 1
          : odd();
      else node.inputs.splice(0, draw.below(2), draw.below(file.nodes.length));
      return;
    case 8: // a leaf of another size, said twice
      if (Array.isArray(attributes.shape)) {
        attributes.shape = draw.pick([
          [],
          [1],
          [2 ** 31, 2 ** 31],
          [2 ** 52],
          [94906267, 94906267],
          [0],
          Array.from({ length: draw.below(70) }, () => 1),
          attributes.shape.map(number),
          attributes.shape.map(() => ({ batch: number() })),
        ]);
        node.shape = [...attributes.shape];
      } else node.shape = draw.chance(0.5) ? odd() : [number(), number()];
      return;
    case 9:
      node[draw.pick(['op', 'inputs', 'attributes', 'shape', 'path'])] = odd();
      return;
    case 10:
      Reflect.deleteProperty(node, draw.pick(['op', 'inputs', 'attributes', 'shape', 'path']));
      return;
    case 11:
      file[draw.pick(['format', 'version', 'name', 'batch', 'nodes', 'outputs', 'more'])] = odd();
      return;
    case 12: {
      const at = draw.below(file.nodes.length);
      const [moved] = file.nodes.splice(at, draw.chance(0.5) ? 1 : 0);
      if (draw.chance(0.7))
        file.nodes.splice(
          draw.below(file.nodes.length + 1),
          0,
          moved ?? (draw.chance(0.5) ? structuredClone(node) : odd()),
        );
      return;
    }
    default:
      file.outputs = draw.pick([
        [],
        [0],
        [-1],
        [0.5],
        [file.nodes.length],
        [0, 0],
        [draw.below(file.nodes.length), draw.below(file.nodes.length)],
      ]);
  }
};

/** JSON text in which { raw } stands for itself. */
const write = (value) => {
  if (Array.isArray(value)) return `[${value.map((v) => write(v ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Object.hasOwn(value, 'raw')) return value.raw;
  return `{${Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => `${JSON.stringify(k)}:${write(v)}`)
    .join(',')}}`;
};

/** A maker of cases from sound files (what encodeGraph gives) and the names of all ops. */
export const graphCases = (sound, known) => {
  const opNames = [...known, 'input', 'state', 'softmax', 'constructor'];
  return (seed) => graphCase(sound, opNames, seed);
};

const graphCase = (sound, opNames, seed) => {
  const draw = drawing(seed);
  const file = structuredClone(draw.pick(sound));
  const kind = draw.below(20);
  if (kind === 0) return { text: JSON.stringify(file), isSound: true };
  if (kind <= 14) {
    for (let i = 0; i <= draw.below(3); i++) {
      if (
        !Array.isArray(file.nodes) ||
        file.nodes.some(
          (n) =>
            typeof n?.attributes !== 'object' ||
            n.attributes === null ||
            n.attributes.raw !== undefined ||
            !Array.isArray(n.inputs),
        )
      )
        break;
      if (file.nodes.length === 0) break;
      edit(file, opNames, draw);
    }
    return { text: write(file), isSound: false };
  }
  if (kind <= 16) {
    // keys that come twice
    const members = membersOf(file);
    const list = draw.pick([members, ...members.filter(([, v]) => Array.isArray(v)).map(([, v]) => v)]);
    const one = draw.pick(list);
    list.splice(draw.below(list.length + 1), 0, [one[0], draw.chance(0.5) ? one[1] : oddValue(draw)]);
    return { text: textOf(members), isSound: false };
  }
  if (kind === 17)
    return {
      text: draw.pick([oddValue(draw), nested(20_000, false), '', `\ufeff${JSON.stringify(file)}`]),
      isSound: false,
    };
  return { text: damage(Buffer.from(JSON.stringify(file)), draw).toString('utf8'), isSound: false };
};

/** What is wrong with how a graph file is taken; undefined where all is as it must be. */
export const faultOfGraph = (
  { text, isSound },
  { decodeGraph, encodeGraph, networkOf, rebatch, print, check, flopsOf, walk },
) => {
  let graph;
  try {
    graph = decodeGraph(text, 'model.json');
  } catch (error) {
    return isSound ? `a sound file is refused: ${error}` : faultOfError(error, 'GRAPH');
  }
  try {
    const { name, roots } = graph;
    const file = JSON.parse(text);
    if (name !== file.name || roots.length !== file.outputs.length)
      return 'another name or number of outputs';
    for (const [i, root] of roots.entries()) {
      const node = file.nodes[file.outputs[i]];
      if (root.op !== node.op || JSON.stringify(root.shape) !== JSON.stringify(sizesOf(node, file)))
        return `output ${i} is another node`;
    }
    for (const node of walk(roots)) {
      const count = node.shape.reduce((n, d) => n * BigInt(d), 1n);
      if (count < 1n || count > BigInt(Number.MAX_SAFE_INTEGER)) return `a node of ${count} elements`;
    }
    const again = encodeGraph(roots, name);
    if (isSound && JSON.stringify(again) !== text) return 'a sound file comes back as another';
    const twice = decodeGraph(JSON.stringify(again));
    if (print(twice.roots) !== print(roots)) return 'it comes back as another graph';
    if (!Number.isFinite(flopsOf(roots))) return 'its operations cannot be counted';
    try {
      const net = networkOf('net', roots);
      check(roots);
      check([rebatch(net, net.input.shape[0] + 1).output]);
    } catch (error) {
      if (error?.name !== 'PathexError') throw error;
    }
    return undefined;
  } catch (error) {
    return `what was read cannot be used: ${error?.stack ?? error}`;
  }
};
