import { inTurns, summaryOf } from '../lib.mjs';
import { showCrossing } from './turn.mjs';
import { printTable, ratioOf, showMs } from './table.mjs';

/**
 * Single layers: y = conv(x, w) and its two gradients, dense and with the weights that exist. x, w and dy lie
 * on the device, results stay there.
 */

const BATCH = 128;
const DENSITIES = [0.018, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7];
const FEW = [0.018, 0.1, 0.3, 0.5];
/**
 * Of layers with millions of weights, whose places are long lists and whose dense time is a fifth of a
 * second.
 */
const WIDE = [0.018, 0.05, 0.1, 0.2, 0.3];

/**
 * Every shape that a layer of ResNet-20 has, and some of VGG-16: input side and channels, filters, kernel,
 * stride.
 */
const RESNET = [
  [32, 3, 16, 3, 1],
  [32, 16, 16, 3, 1],
  [32, 16, 32, 3, 2],
  [32, 16, 32, 1, 2],
  [16, 32, 32, 3, 1],
  [16, 32, 64, 3, 2],
  [16, 32, 64, 1, 2],
  [8, 64, 64, 3, 1],
  [1, 64, 10, 1, 1],
];
/** Those that --quick takes. */
const QUICK = RESNET.filter(([, channels, filters, kernel]) => channels === filters || kernel === 1);
const VGG = [
  [16, 128, 128, 3, 1],
  [8, 256, 256, 3, 1],
  [4, 512, 512, 3, 1],
  [2, 512, 512, 3, 1],
];

const shapeOf = ([side, channels, filters, kernel, stride]) => ({ side, channels, filters, kernel, stride });
export const showShape = ({ side, channels, filters, kernel, stride }) =>
  side === 1 && kernel === 1
    ? `linear ${channels} -> ${filters}`
    : `${kernel}x${kernel}${stride === 1 ? '' : ` stride ${stride}`}, ${channels} -> ${filters}, ${side}x${side}`;

const geometryOf = ({ kernel, stride }) => {
  const edge = (kernel - 1) / 2;
  return { stride: [stride, stride], dilation: [1, 1], padding: [edge, edge, edge, edge] };
};
const weightCount = ({ channels, filters, kernel }) => filters * kernel * kernel * channels;

/** Ascending places of the given share of `count` weights, at least one, drawn uniformly with a seed. */
const uniformPlaces = async (count, density, seed) => {
  const { key, permutation } = await import('../../dist/index.js');
  const live = Math.max(1, Math.round(density * count));
  return [...permutation(key(seed), count).subarray(0, live).sort()];
};

const values = (count, seed) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed));

/**
 * Programs of a layer with the weights at `places`, or dense where they are null: `forward`, and `all` three
 * directions. State x, w and dy, written to y, dx and dw.
 */
const layerPrograms = async (shape, batch, places) => {
  const { ops, program } = await import('../../dist/index.js');
  const { side, channels, filters, kernel } = shape;
  const geometry = geometryOf(shape);
  const out = Math.ceil(side / shape.stride);
  const leaf = (name, dims) => ops.state(name, dims, { role: 'weight' });
  const [x, dx] = ['x', 'dx'].map((name) => leaf(name, [batch, side, side, channels]));
  const [y, dy] = ['y', 'dy'].map((name) => leaf(name, [batch, out, out, filters]));
  const dims = places === null ? [filters, kernel, kernel, channels] : [places.length];
  const [w, dw] = ['w', 'dw'].map((name) => leaf(name, dims));
  const sparse = { ...geometry, kernel: [kernel, kernel] };
  const index = places === null ? null : ops.literal([places.length], places, 'i32');
  const forward =
    index === null ? ops.conv2d(x, w, geometry) : ops.sparseConv2d(x, w, index, filters, sparse);
  const toInput =
    index === null
      ? ops.conv2dInputGrad(dy, w, [side, side], geometry)
      : ops.sparseConv2dInputGrad(dy, w, index, [side, side, channels], sparse);
  const toWeights =
    index === null
      ? ops.conv2dWeightGrad(x, dy, [kernel, kernel], geometry)
      : ops.sparseConv2dWeightGrad(x, dy, index, sparse);
  return {
    forward: program('forward', { next: [[y, forward]] }),
    all: program('all', {
      next: [
        [y, forward],
        [dx, toInput],
        [dw, toWeights],
      ],
    }),
  };
};

/** Functions that run a layer once: `forward` and `all`. */
export const prepareLayer = async (device, shape, batch, places) => {
  const programs = await layerPrograms(shape, batch, places);
  const store = device.store();
  const executables = {};
  for (const [name, program] of Object.entries(programs)) {
    executables[name] = await device.compile(program);
    for (const [leaf, type] of program.state)
      if (!store.has(leaf)) {
        const count = type.shape.reduce((n, d) => n * d, 1);
        await store.add(leaf, type, values(count, leaf.length));
      }
  }
  return {
    forward: () => executables.forward.run(store),
    all: () => executables.all.run(store),
    dispose: () => {
      for (const executable of Object.values(executables)) executable.dispose();
      store.dispose();
    },
  };
};

const sweepShape = async (device, shape, densities, { turns, perTurn }) => {
  const dense = await prepareLayer(device, shape, BATCH, null);
  const sparse = [];
  for (const density of densities)
    sparse.push(
      await prepareLayer(device, shape, BATCH, await uniformPlaces(weightCount(shape), density, 1)),
    );
  const found = {};
  for (const direction of ['forward', 'all']) {
    const ours = { dense: dense[direction] };
    sparse.forEach((s, i) => (ours[densities[i]] = s[direction]));
    await inTurns(ours, [], { turns: 1, perTurn: 1 }); // warm-up
    const times = await inTurns(ours, [], { turns, perTurn });
    const whole = summaryOf(times.dense);
    found[direction] = { dense: whole, ratios: densities.map((d) => ratioOf(summaryOf(times[d]), whole)) };
  }
  for (const each of [dense, ...sparse]) each.dispose();
  return { shape, densities, ...found };
};

/**
 * The density at which a layer turns from sparse faster to dense faster: every shape that layers have, masks
 * that are uniform, all three directions as training needs them and the first alone as inference does.
 */
export const runSweep = async (device, { isQuick }) => {
  const densities = isQuick ? FEW : DENSITIES;
  const rows = [];
  for (const shape of (isQuick ? QUICK : RESNET).map(shapeOf))
    rows.push(await sweepShape(device, shape, densities, { turns: isQuick ? 2 : 4, perTurn: 6 }));
  for (const shape of isQuick ? [] : VGG.map(shapeOf))
    rows.push(await sweepShape(device, shape, WIDE, { turns: 3, perTurn: 1 }));
  printTable(
    `Single layers, batch ${BATCH}, uniform masks: sparse time of dense by live weights (medians), and where they are equal`,
    [
      'layer',
      'dense ms',
      ...densities.map((d) => `${Number((100 * d).toFixed(1))} %`),
      'training turns at',
      'dense forward ms',
      'forward turns at',
    ],
    rows.map(({ shape, densities: own, all, forward }) => {
      const medians = (direction) => direction.ratios.map((r) => r.median);
      const ratios = new Map(own.map((d, i) => [d, medians(all)[i].toFixed(2)]));
      return [
        showShape(shape),
        showMs(all.dense.median),
        ...densities.map((d) => ratios.get(d) ?? '-'),
        showCrossing(own, medians(all)),
        showMs(forward.dense.median),
        showCrossing(own, medians(forward)),
      ];
    }),
  );
  return { batch: BATCH, rows };
};
