import { describe, expect, test } from 'vitest';
import { nameOf, walk } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { linear, relu } from '../../src/nn/layers.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { definitionOf, ops } from '../../src/ops/registry.js';
import { rootsOf } from '../../src/program/program.js';
import { px } from '../../src/prune/criteria/px.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import type { Criterion } from '../../src/prune/criterion.js';
import { scoreProgram } from '../../src/prune/programs.js';
import { roleOf } from '../../src/graph/roles.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import {
  difference,
  randomImages,
  randomMasks,
  randomState,
  rounded,
  scoresOf,
  seeded,
  sum,
  times,
  type State,
} from './helper.js';

/** methods.md 3.6: with one exponent per tensor, float32 holds the flows of any depth. */

type Vector = Tensor<readonly [number, number]>;

const chain = (depth: number, width: number): Network =>
  network(`chain${depth}`, [width], (x) =>
    Array.from({ length: depth }, (_, i) => i).reduce<Vector>((h, i) => {
      const z = linear(`l${i}`, width, { bias: false })(h);
      return i === depth - 1 ? z : relu(z);
    }, x as Vector),
  );

interface Result {
  readonly shares: Map<string, Float64Array>;
  readonly log2Flow: number;
  readonly finite: boolean;
}

/**
 * The scoring program with the result of every op rounded to float32, as a device of that precision would
 * keep it.
 */
const inFloat32 = (net: Network, criterion: Criterion, state: State, images: Float64Array): Result => {
  const p = scoreProgram(net, criterion, images.length / size(net.input.shape));
  const values = new Map<Tensor, Float64Array>();
  for (const node of walk(rootsOf(p))) {
    const exact = (): Float64Array => {
      if (node.op === 'input') return images;
      if (node.op !== 'state')
        return definitionOf(node.op).evaluate(
          node.inputs.map((i) => values.get(i)!),
          node,
        );
      const kept = roleOf(node) === 'mask' ? new Float64Array(size(node.shape)).fill(1) : [];
      return Float64Array.from(state.get(nameOf(node)) ?? kept);
    };
    values.set(node, exact().map(Math.fround));
  }
  const of = (name: string): Float64Array => values.get(p.outputs[name]!)!;
  return {
    shares: new Map(prunable(net).map((w) => [nameOf(w), of(`score/${nameOf(w)}`)])),
    log2Flow: Math.log2(of('total')[0]!) + of('exponent')[0]!,
    finite: Object.keys(p.outputs).every((name) => of(name).every(Number.isFinite)),
  };
};

const flat = (shares: ReadonlyMap<string, Float64Array>): number[] =>
  [...shares.values()].flatMap((s) => [...s]);

/** Indices of the largest tenth, by (share descending, index ascending). */
const topTenth = (shares: readonly number[]): number[] =>
  shares
    .map((_, i) => i)
    .sort((a, b) => shares[b]! - shares[a]! || a - b)
    .slice(0, Math.ceil(shares.length / 10))
    .sort((a, b) => a - b);

const CRITERIA: readonly (readonly [string, (scaled: boolean) => Criterion])[] = [
  ['px', (scaled) => px({ scaled })],
  ['px-gated', (scaled) => px({ mode: 'px-gated', scaled })],
  ['synflow', (scaled) => synflow({ scaled })],
  ['synflow-l2', (scaled) => synflowL2({ scaled })],
];

test.each(CRITERIA)(
  '%s: exponents change nothing but rounding where none is needed',
  async (_, criterion) => {
    for (const net of [resnetCifar({ depth: 8, width: 2, image: 8 }), chain(4, 5)]) {
      const state = new Map([...randomState(net, seeded(1)), ...randomMasks(net, 0.8, seeded(2))]);
      const images = randomImages(net, 3, seeded(3));
      const [a, b] = [
        await scoresOf(net, criterion(true), state, { images }),
        await scoresOf(net, criterion(false), state, { images }),
      ];
      expect(Math.abs(a.q / b.q - 1)).toBeLessThan(1e-14);
      // Multiplying by powers of two is exact: what is left is the order of a few products.
      for (const [name, s] of a.shares) expect(difference(s, b.shares.get(name)!), name).toBeLessThan(1e-14);
    }
  },
);

test('on a chain, where no exponents have to be aligned, the shares are the same to the last bit', async () => {
  const net = chain(6, 5);
  const state = randomState(net, seeded(1));
  const images = randomImages(net, 3, seeded(3));
  const [a, b] = [
    await scoresOf(net, px({ scaled: true }), state, { images }),
    await scoresOf(net, px({ scaled: false }), state, { images }),
  ];
  expect(a.shares).toEqual(b.shares);
});

/** He-scaled weights, layer i times c(i), as float32 holds them. */
const chainState = (net: Network, c: (layer: number) => number): Map<string, Float64Array> =>
  rounded(new Map([...randomState(net, seeded(5))].map(([name, v], i) => [name, times(c(i), v)])));

interface Deep {
  readonly label: string;
  readonly net: Network;
  readonly state: Map<string, Float64Array>;
  /** Sets of layers that every path crosses exactly once, paths from constants left out. */
  readonly cuts: readonly (readonly string[])[];
}
const long = chain(40, 12);
const longCuts = [['l0.weight'], ['l20.weight'], ['l39.weight']];
const resNet = (depth: number): Deep => {
  const net = resnetCifar({ depth, width: 4, image: 8 });
  const block = `blocks.${(depth - 2) / 6}`;
  return {
    label: `ResNet-${depth}`,
    net,
    state: rounded(randomState(net, seeded(6))),
    cuts: [['conv.weight'], [`${block}.conv1.weight`, `${block}.shortcut.0.weight`], ['fc.weight']],
  };
};
const deep: readonly Deep[] = [
  { label: 'a chain of 40 layers', net: long, state: chainState(long, () => 1), cuts: longCuts },
  {
    label: 'a chain of 40 layers with weights of a thousand and of a thousandth in turn',
    net: long,
    state: chainState(long, (i) => (i % 2 === 0 ? 1e3 : 1e-3)),
    cuts: longCuts,
  },
  resNet(20),
  resNet(44),
];
/**
 * Networks whose own outputs float32 cannot hold; the flows of criteria that do not run them are scored all
 * the same.
 */
const extreme: readonly Deep[] = [1e3, 1e-3].map((c) => ({
  label: `a chain of 40 layers with weights of ${c}`,
  net: long,
  state: chainState(long, () => c),
  cuts: longCuts,
}));
const FLOAT32_MAX = Math.log2(3.4028234663852886e38);

const agreesWithFloat64 = async (
  { net, state }: Deep,
  criterion: Criterion,
  images: Float64Array,
): Promise<Result> => {
  const exact = await scoresOf(net, criterion, state, { images });
  const rough = inFloat32(net, criterion, state, images);
  expect(rough.finite).toBe(true);
  const [a, b] = [flat(rough.shares), flat(exact.shares)];
  const errors = a.map((s, i) => (b[i]! > 1e-20 ? Math.abs(s / b[i]! - 1) : 0));
  expect(Math.max(...errors)).toBeLessThan(1e-4);
  expect(topTenth(a)).toEqual(topTenth(b));
  return rough;
};

describe.each(deep)('$label in float32', (network) => {
  const { net, state, cuts } = network;
  const images = randomImages(net, 2, seeded(7)).map(Math.fround);

  test.each(CRITERIA)('%s: the shares and the best tenth are those of float64', async (_, criterion) => {
    await agreesWithFloat64(network, criterion(true), images);
  });
  test('every cut adds up to 1', () => {
    const { shares } = inFloat32(net, px({ biasPaths: false }), state, images);
    for (const cut of cuts)
      expect(Math.abs(sum(cut.map((name) => sum(shares.get(name)!))) - 1), cut.join(' + ')).toBeLessThan(
        1e-4,
      );
  });
});

test.each(deep.filter(({ label }) => label !== 'ResNet-20'))(
  'without exponents, float32 overflows on $label',
  ({ net, state }) => {
    const images = randomImages(net, 2, seeded(7)).map(Math.fround);
    expect(inFloat32(net, px({ scaled: false }), state, images).finite).toBe(false);
    expect(inFloat32(net, px(), state, images).log2Flow).toBeGreaterThan(FLOAT32_MAX);
  },
);

describe.each(extreme)('$label in float32', (network) => {
  const images = randomImages(network.net, 2, seeded(7)).map(Math.fround);
  test.each(CRITERIA.slice(2))(
    '%s, which does not run the network itself, scores it as float64 does',
    async (_, criterion) => {
      const { log2Flow, shares } = await agreesWithFloat64(network, criterion(true), images);
      expect(Math.abs(log2Flow)).toBeGreaterThan(FLOAT32_MAX);
      for (const [layer] of network.cuts) expect(Math.abs(sum(shares.get(layer!)!) - 1)).toBeLessThan(1e-4);
    },
  );
  test.each(CRITERIA.slice(0, 2))(
    '%s, whose gates are those of the network, gives no finite scores rather than wrong ones',
    (_, criterion) => {
      expect(inFloat32(network.net, criterion(true), network.state, images).finite).toBe(false);
    },
  );
});

test.each([
  ['px', px()],
  ['px-gated', px({ mode: 'px-gated' })],
] as const)(
  '%s: a number that is none closes its gate, yet not in silence, though what is left is finite',
  async (_, criterion) => {
    const one = (name: string, width: number, x: Vector): Vector => linear(name, width, { bias: false })(x);
    const net = network('two branches', [1], (x) => {
      const large = [1, 2, 3].reduce<Vector>((h, i) => one(`large${i}`, 2, h), one('large0', 2, x as Vector));
      return ops.add(
        one('out', 1, relu(one('difference', 1, large))),
        one('small', 1, x as Vector),
      ) as Vector;
    });
    // 1e400 is infinite, and infinity - infinity not a number. The flows, which keep exponents, can hold both
    // branches.
    const state = new Map<string, readonly number[]>([
      ['large0.weight', [1e100, 1e100]],
      ...[1, 2, 3].map((i) => [`large${i}.weight`, [1e100, 0, 0, 1e100]] as const),
      ['difference.weight', [1, -1]],
      ['out.weight', [1]],
      ['small.weight', [1]],
    ]);
    const { q, shares } = await scoresOf(net, criterion, state, { images: [1] });
    expect(q).toBeNaN();
    expect(flat(shares).every(Number.isNaN)).toBe(true);
  },
);
