import { fail } from '../errors.js';
import { nameOf, walk } from '../graph/graph.js';
import type { Network } from '../nn/network.js';
import { parameters } from '../nn/network.js';
import { definitionOf, type OpName, type registry } from '../ops/registry.js';
import type { elementwise } from '../ops/elementwise.js';
import { size, type Shape, type Tensor } from '../tensor/tensor.js';
import {
  equate,
  flattened,
  free,
  isPlain,
  lost,
  lostBy,
  plain,
  runsOf,
  sliced,
  type Axis,
  type Run,
} from './order.js';

/**
 * The order of every parameter's axes in PyTorch, found by following columns through the graph, forwards and
 * backwards: what is added, scaled or multiplied side by side has one order. Only flattening an image, or
 * making one of columns, tells the two sides apart. See Note [What PyTorch's network is].
 */

/** What an axis of an activation is there for, which decides what merging it with others means. */
type Kind = 'plain' | 'position' | 'channel';
interface Place {
  readonly order: Axis;
  readonly kind: Kind;
}
type Places = readonly Place[];
type Rule = (node: Tensor, inputs: readonly Places[]) => Places;

const place = (order: Axis, kind: Kind = 'plain'): Place => ({ order, kind });
const position = (length: number): Place => place(plain(length), 'position');
const lengthOf = ({ order }: Place): number => order.reduce((n, s) => n + s.length, 0);
const numbers = (node: Tensor, key: string): readonly number[] => node.attributes[key] as readonly number[];

const anyOrder: Rule = (node) => node.shape.map((d) => place(free(d)));
const image = ([n, h, w, c]: Shape): Places => [
  place(free(n!)),
  position(h!),
  position(w!),
  place(plain(c!), 'channel'),
];

/** Places that an op puts side by side. */
const side = (node: Tensor, places: Places): Place => {
  const [first, ...rest] = places as readonly [Place, ...Place[]];
  rest.forEach((other) => equate(first.order, other.order, node));
  return place(first.order, places.find(({ kind }) => kind !== 'plain')?.kind);
};

/** Elementwise, with operands of lower rank at the last axes. */
const together: Rule = (node, inputs) =>
  node.shape.map((_, axis) =>
    side(
      node,
      inputs.flatMap((x) => x[x.length - node.shape.length + axis] ?? []),
    ),
  );

/** Of images: the positions are new, the last axes of all operands are one. */
const windows: Rule = (node, inputs) => {
  inputs.forEach((x) => refuseMixedImage(node, x));
  const [n, h, w] = node.shape as readonly [number, number, number];
  const last = side(
    node,
    inputs.map((x) => x[3]!),
  );
  return [place(free(n)), position(h), position(w), { ...last, kind: 'channel' }];
};

const convolution =
  (taken: 0 | 3, made: 0 | 3): Rule =>
  (node, [x, weight]) => {
    refuseMixedImage(node, x!);
    const [n, h, w] = node.shape as readonly [number, number, number];
    const [reads, writes] = [weight![taken]!, weight![made]!];
    if (lengthOf(x![3]!) === lengthOf(reads)) side(node, [x![3]!, reads]);
    else [x![3]!, reads, writes].forEach((p) => equate(p.order, plain(lengthOf(p)), node)); // in groups
    return [place(free(n)), position(h), position(w), place(writes.order, 'channel')];
  };

/** Weights with places in a kernel: these say which channels they mean, in their plain order. */
const packed: Rule = (node, [x]) => {
  refuseMixedImage(node, x!);
  equate(x![3]!.order, plain(lengthOf(x![3]!)), node);
  return image(node.shape);
};

/**
 * An image whose rows or columns are partly made of channels: there are several ways to write that in
 * PyTorch.
 */
const refuseMixedImage = (node: Tensor, x: Places): void => {
  const by = x.slice(1, 3).flatMap(({ order }) => lostBy(order) ?? [])[0];
  if (by !== undefined)
    fail(
      'WEIGHTS',
      `${node.op}: reads an image whose positions a ${by.op} has mixed with channels${pathOf(node)}; PyTorch may order them otherwise; ` +
        'keep channels and positions apart',
    );
};
const pathOf = ({ path }: Tensor): string => (path === '' ? '' : `; at ${path}`);

/** What is flattened from four axes is an image, unless other channels than the last say otherwise. */
const asImage = (x: Places): Places =>
  x.length === 4 && !x.slice(0, 3).some(({ kind }) => kind === 'channel') && x[3]!.kind !== 'position'
    ? x.map((p, i) => ({ ...p, kind: (['plain', 'position', 'position', 'channel'] as const)[i]! }))
    : x;

const asTheyAre = (node: Tensor, places: Places): boolean => {
  if (places.some(({ order }) => lostBy(order) !== undefined)) return false;
  places.forEach((p) => equate(p.order, plain(lengthOf(p)), node));
  return true;
};

/** One axis of many. `isAll`: nothing but the batch is left beside it. */
const merged = (node: Tensor, from: Places, isAll: boolean): Place => {
  const length = from.reduce((n, p) => n * lengthOf(p), 1);
  const kinds = from.map(({ kind }) => kind);
  if (!asTheyAre(node, from)) return place(lost(length, node));
  if (kinds.every((kind) => kind === kinds[0])) return place(plain(length), kinds[0]);
  const channels = from.filter(({ kind }) => kind === 'channel').reduce((n, p) => n * lengthOf(p), 1);
  const isLast = kinds.lastIndexOf('position') < kinds.indexOf('channel');
  const isFirst = kinds.lastIndexOf('channel') < kinds.indexOf('position');
  if (!isAll || kinds.includes('plain') || !(isLast || isFirst)) return place(lost(length, node));
  return place(isLast ? flattened(length / channels, channels) : plain(length)); // channels first are PyTorch's order
};

/** Many axes of one: of all columns an image, where there are four axes with the batch. `isAll` as before. */
const split = (node: Tensor, from: Place, to: Shape, isAll: boolean): Places => {
  if (lostBy(from.order) !== undefined) return to.map((d) => place(lost(d, node)));
  const channels = to[to.length - 1]!;
  const [run, ...more] = runsOf(from.order);
  const wasImage = more.length === 0 && run!.positions !== 1 && run!.channels === channels;
  if ((isAll && node.shape.length === 4 && from.kind !== 'position') || wasImage) {
    const last = node.shape[node.shape.length - 1]!;
    const own = wasImage ? channels : last; // a last axis of one has no place among `to`
    equate(from.order, flattened(lengthOf(from) / own, own), node);
    return to.map((d, i) => place(plain(d), i === to.length - 1 && own !== 1 ? 'channel' : 'position'));
  }
  equate(from.order, plain(lengthOf(from)), node);
  return to.map((d) => place(plain(d), from.kind));
};

/**
 * Axes of the old and the new shape in the smallest groups of equal size; axes of one element are left out.
 */
const reshaped: Rule = (node, [input]) => {
  const isFlat = node.shape.slice(1).filter((d) => d !== 1).length === 1;
  const x = isFlat ? asImage(input!) : input!;
  const old = x.filter((p) => lengthOf(p) !== 1);
  const wide = node.shape.flatMap((d, i) => (d === 1 ? [] : [i]));
  const inner = x.slice(1).filter((p) => lengthOf(p) !== 1).length;
  const result: Place[] = node.shape.map(() => place(plain(1)));
  for (let [i, j] = [0, 0]; i < old.length;) {
    const from = [old[i++]!];
    const to = [wide[j++]!];
    const sizeOf = (axes: readonly number[]): number => axes.reduce((n, a) => n * node.shape[a]!, 1);
    for (let [a, b] = [lengthOf(from[0]!), sizeOf(to)]; a !== b; b = sizeOf(to)) {
      if (a < b) a *= lengthOf(from[from.push(old[i++]!) - 1]!);
      else to.push(wide[j++]!);
    }
    const shape = to.map((a) => node.shape[a]!);
    const made = ((): Places => {
      const isAll = from.length === inner;
      if (from.length === 1) return to.length === 1 ? from : split(node, from[0]!, shape, isAll);
      const one = merged(node, from, isAll);
      return to.length === 1 ? [one] : split(node, one, shape, isAll);
    })();
    to.forEach((a, k) => (result[a] = made[k]!));
  }
  return result;
};

const joined: Rule = (node, inputs) =>
  node.shape.map((_, axis) => {
    const parts = inputs.map((x) => x[axis]!);
    return axis === node.attributes['axis']
      ? place(
          parts.flatMap(({ order }) => order),
          parts.find(({ kind }) => kind !== 'plain')?.kind,
        )
      : side(node, parts);
  });

/** Ops whose definition says what their columns are. */
type Known = {
  [K in OpName]: (typeof registry)[K] extends { readonly columns: string } ? K : never;
}[OpName];

const rules: Record<Exclude<OpName, keyof typeof elementwise | Known>, Rule> = {
  input: (node) => (node.shape.length === 4 ? image(node.shape) : anyOrder(node, [])),
  state: anyOrder,
  constant: anyOrder,
  literal: (node) => {
    const data = numbers(node, 'data');
    return data.every((v) => v === data[0]) ? anyOrder(node, []) : node.shape.map((d) => place(plain(d)));
  },
  batchNorm: together,
  statistic: (node, [x, stored]) => [side(node, [x!.at(-1)!, stored![0]!])],
  gate: together,
  dropout: together,
  toReal: together,
  stopGradient: together,
  rankMask: (_, [scores]) => scores!,
  bernoulli: anyOrder,
  sum: (node, [x]) => x!.filter((_, axis) => !numbers(node, 'axes').includes(axis)),
  maximum: (node, [x]) => x!.filter((_, axis) => !numbers(node, 'axes').includes(axis)),
  variance: (_, [x]) => x!.slice(-1),
  argMax: (_, [x]) => x!.slice(0, -1),
  broadcast: (node, [x]) => {
    const axes = numbers(node, 'axes');
    return node.shape.map((d, axis) => x![axes.indexOf(axis)] ?? place(free(d)));
  },
  reshape: reshaped,
  transpose: (node, [x]) => numbers(node, 'order').map((axis) => x![axis]!),
  slice: (node, [x]) =>
    x!.map(({ order, kind }, axis) => {
      const [start, limit, stride] = ['start', 'limit', 'stride'].map((key) => numbers(node, key)[axis]!);
      return place(sliced(order, [start!, limit!, stride!], node), kind);
    }),
  place: (node, [x]) =>
    x!.map((p, axis) => {
      const [start, stride] = [numbers(node, 'start')[axis]!, numbers(node, 'stride')[axis]!];
      const [length, all] = [lengthOf(p), node.shape[axis]!];
      const zeros = (n: number): Axis => (n === 0 ? [] : free(n)); // equal numbers have no order
      if (stride === 1) return place([...zeros(start), ...p.order, ...zeros(all - start - length)], p.kind);
      return place(asTheyAre(node, [p]) ? plain(all) : lost(all, node), p.kind);
    }),
  concat: joined,
  conv2d: convolution(3, 0),
  conv2dInputGrad: convolution(0, 3),
  conv2dWeightGrad: ({ shape: [, h, w] }, [x, dy]) => [dy![3]!, place(plain(h!)), place(plain(w!)), x![3]!],
  sparseConv2d: packed,
  sparseConv2dInputGrad: packed,
  sparseConv2dWeightGrad: (node, images) => {
    images.slice(0, 2).forEach((x) => equate(x[3]!.order, plain(lengthOf(x[3]!)), node));
    return [place(plain(node.shape[0]!))];
  },
  matmul: (node, [a, b]) => {
    const [transposeA, transposeB] = [node.attributes['transposeA'], node.attributes['transposeB']];
    const [rows, inner] = transposeA === true ? [a![1]!, a![0]!] : [a![0]!, a![1]!];
    const [other, columns] = transposeB === true ? [b![1]!, b![0]!] : [b![0]!, b![1]!];
    side(node, [inner, other]);
    return [rows, place(columns.order)];
  },
  maxPool: windows,
  maxPoolGather: windows,
  maxPoolScatter: windows,
  sumPool: windows,
  sumPoolGrad: windows,
  gather: (_, [table, index]) => [...index!, ...table!.slice(1)],
  scatterAdd: (node, [v]) => node.shape.map((d, axis) => (axis === 0 ? place(plain(d)) : v![axis]!)),
  cropFlip: (node) => image(node.shape),
};

/**
 * Of each parameter's axes, in which order PyTorch keeps it; null for those that are the same on both sides.
 * Throws WEIGHTS, with layer and op, where columns of two orders meet or are moved in a way that cannot be
 * followed.
 */
export const columnsOf = (net: Network): ReadonlyMap<string, readonly (readonly Run[] | null)[]> => {
  const places = new Map<Tensor, Places>();
  const table: Readonly<Record<string, Rule | undefined>> = rules;
  for (const node of walk([net.output]))
    places.set(
      node,
      (table[node.op] ?? (definitionOf(node.op).columns === 'image' ? windows : together))(
        node,
        node.inputs.map((i) => places.get(i)!),
      ),
    );
  return new Map(
    parameters(net).map((leaf) => [
      nameOf(leaf),
      places.get(leaf)!.map(({ order }) => {
        const by = lostBy(order);
        if (by !== undefined) return refuseLost(leaf, by);
        const runs = runsOf(order);
        return isPlain(runs) ? null : runs;
      }),
    ]),
  );
};

const refuseLost = (leaf: Tensor, by: Tensor): never =>
  fail(
    'WEIGHTS',
    `'${nameOf(leaf)}' runs along columns that a ${by.op} of ${size(by.shape)} numbers cuts or mixes${pathOf(by)}; ` +
      'PyTorch orders a flattened image by channel first, so their order there is not known; ' +
      'flatten the whole image at once, and slice channels before that',
  );

/*
 * Note [What PyTorch's network is]
 *
 * The same layers, written for [n, c, h, w]: flattening takes all but the batch, an image is made of columns
 * by view(n, c, h, w), and slices, sums and joins name the same stretches of columns. Then a stretch of a
 * flattened image's columns holds other elements there, which is why it may be joined to others but not cut;
 * and a weight whose outputs are added to such columns, or become an image, has its rows in that order. Where
 * all positions or all channels are one, as after a global pool, the two orders are the same and nothing is
 * refused.
 */
