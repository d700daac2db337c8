import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import {
  add,
  averagePool2,
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
  relu,
} from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import type { PathOptions } from '../../src/prune/criteria/path-score.js';
import { px } from '../../src/prune/criteria/px.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import type { Criterion } from '../../src/prune/criterion.js';
import { viewOf } from '../../src/prune/criterion.js';
import type { Nhwc, Tensor } from '../../src/tensor/tensor.js';
import { maskName } from '../../src/transform/mask.js';
import {
  activation,
  difference,
  randomImages,
  randomState,
  scoresOf,
  seeded,
  sum,
  valuesOf,
} from './helper.js';

/**
 * The scores against their definition (methods.md 3.1-3.3): the network as scalar edges, its paths listed one
 * by one, and every quantity a sum over that list. Nothing here convolves or differentiates.
 */

type Features = Tensor<Nhwc<number, number, number, number>>;
type Vector = Tensor<readonly [number, number]>;
const net = network('branches', [4, 4, 1], (x) => {
  const h = pipe(
    x as Features,
    conv2d('conv', 2, { kernel: 3, bias: true }),
    batchNorm('bn'),
    relu,
    maxPool2,
  );
  const r = relu(add(conv2d('mix', 2, { kernel: 1 })(h), h));
  const side = relu(conv2d('side', 2, { kernel: 1, bias: true })(r));
  const halved = flatten(ops.div(ops.neg(side), ops.scalar(2)) as Features);
  return linear(
    'fc',
    3,
  )(ops.concat([globalAveragePool(r), flatten(averagePool2(side)), halved], 1) as Vector);
});

/** Carries values[parameter] * constant from node `src`. */
interface Edge {
  readonly src: number;
  readonly parameter: number | null;
  readonly constant: number;
}
/** 'relu': open where the sum is positive. 'max': the first largest edge is open, the others are not. */
interface Node {
  readonly edges: readonly Edge[];
  readonly kind: 'source' | 'sum' | 'relu' | 'max';
}
interface Path {
  readonly src: number;
  readonly edges: readonly { readonly node: number; readonly index: number }[];
}

const ONE = 0; // the constant-1 input that biases start from
const nodes: Node[] = [{ kind: 'source', edges: [] }];
const node = (kind: Node['kind'], edges: readonly Edge[]): number => nodes.push({ kind, edges }) - 1;
const edge = (src: number, parameter: number | null = null, constant = 1): Edge => ({
  src,
  parameter,
  constant,
});

const names: string[] = [];
const ranges = new Map<string, number>();
const tensor = (name: string, count: number): ((i: number) => number) => {
  const at = names.length;
  ranges.set(name, at);
  names.push(...Array.from({ length: count }, () => name));
  return (i) => at + i;
};
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** The four pixels of a 2x2 window, row-major. */
const window = (p: number, q: number): readonly (readonly [number, number])[] =>
  [0, 1].flatMap((a) => [0, 1].map((b) => [2 * p + a, 2 * q + b] as const));

// The edge list of `net`, written by hand.
const pixels = range(16).map(() => node('source', []));
const convW = tensor('conv.weight', 18);
const convB = tensor('conv.bias', 2);
const scale = tensor('bn.scale', 2);
const shift = tensor('bn.shift', 2);
const mixW = tensor('mix.weight', 4);
const sideW = tensor('side.weight', 4);
const sideB = tensor('side.bias', 2);
const fcW = tensor('fc.weight', 36);
const fcB = tensor('fc.bias', 3);

const normed = (y: number, x: number, f: number): number => {
  const taps = range(9).flatMap((k): Edge[] => {
    const [iy, ix] = [y + Math.floor(k / 3) - 1, x + (k % 3) - 1];
    return iy < 0 || iy > 3 || ix < 0 || ix > 3 ? [] : [edge(pixels[4 * iy + ix]!, convW(9 * f + k))];
  });
  return node('relu', [edge(node('sum', [...taps, edge(ONE, convB(f))]), scale(f)), edge(ONE, shift(f))]);
};
const hidden = range(16).map((i) => [0, 1].map((f) => normed(Math.floor(i / 4), i % 4, f)));
const cells = range(4);
const pooled = cells.map((i) =>
  [0, 1].map((f) =>
    node(
      'max',
      window(Math.floor(i / 2), i % 2).map(([y, x]) => edge(hidden[4 * y + x]![f]!)),
    ),
  ),
);
const residual = cells.map((i) =>
  [0, 1].map((f) =>
    node('relu', [...[0, 1].map((c) => edge(pooled[i]![c]!, mixW(2 * f + c))), edge(pooled[i]![f]!)]),
  ),
);
const side = cells.map((i) =>
  [0, 1].map((f) =>
    node('relu', [...[0, 1].map((c) => edge(residual[i]![c]!, sideW(2 * f + c))), edge(ONE, sideB(f))]),
  ),
);
const features = [
  ...[0, 1].map((c) =>
    node(
      'sum',
      cells.map((i) => edge(residual[i]![c]!, null, 1 / 4)),
    ),
  ),
  ...[0, 1].map((c) =>
    node(
      'sum',
      cells.map((i) => edge(side[i]![c]!, null, 1 / 4)),
    ),
  ),
  ...cells.flatMap((i) => [0, 1].map((c) => node('sum', [edge(side[i]![c]!, null, -1 / 2)]))),
];
const logits = range(3).map((k) =>
  node('sum', [...features.map((u, c) => edge(u, fcW(12 * k + c))), edge(ONE, fcB(k))]),
);

const pathsTo = (at: number, edges: Path['edges'] = []): Path[] =>
  nodes[at]!.kind === 'source'
    ? [{ src: at, edges }]
    : nodes[at]!.edges.flatMap((e, index) => pathsTo(e.src, [{ node: at, index }, ...edges]));
const paths = logits.map((k) => pathsTo(k));

// Values: a network with a few masked weights and one weight that is zero.
const state = new Map<string, ArrayLike<number>>(randomState(net, seeded(4)));
const images = randomImages(net, 3, seeded(5));
const masks = new Map([
  ['conv.weight', [3, 11]],
  ['mix.weight', [1]],
  ['fc.weight', [0, 7, 20, 30]],
]);
for (const [name, masked] of masks)
  state.set(
    maskName(name),
    Float64Array.from(state.get(name)!, (_, i) => (masked.includes(i) ? 0 : 1)),
  );
const zero = Float64Array.from(state.get('fc.weight')!);
zero[13] = 0;
state.set('fc.weight', zero);

const q = (c: number): number =>
  state.get('bn.weight')![c]! / Math.sqrt(state.get('bn.running_var')![c]! + 1e-5);
const theta = names.map((name, i) => {
  const at = i - ranges.get(name)!;
  if (name === 'bn.scale') return q(at);
  if (name === 'bn.shift') return state.get('bn.bias')![at]! - state.get('bn.running_mean')![at]! * q(at);
  return state.get(name)![at]!;
});
const mask = names.map((name, i) => (masks.get(name)?.includes(i - ranges.get(name)!) === true ? 0 : 1));

/** Node values and, edge by edge, whether its gate is open. */
const forward = (
  image: ArrayLike<number>,
): { readonly values: number[]; readonly open: readonly (readonly number[])[] } => {
  const values = nodes.map((_, i) => {
    if (i === ONE) return 1;
    return i <= 16 ? image[i - 1]! : 0;
  });
  const open = nodes.map(({ kind, edges }, i) => {
    if (kind === 'source') return [];
    const carried = edges.map(
      (e) =>
        values[e.src]! * e.constant * (e.parameter === null ? 1 : theta[e.parameter]! * mask[e.parameter]!),
    );
    const z = kind === 'max' ? Math.max(...carried) : sum(carried);
    values[i] = kind === 'relu' ? Math.max(z, 0) : z;
    return kind === 'max'
      ? edges.map((_e, j) => (j === carried.indexOf(z) ? 1 : 0))
      : edges.map(() => (kind === 'relu' && z <= 0 ? 0 : 1));
  });
  return { values, open };
};
const samples = range(3).map((n) => images.slice(16 * n, 16 * n + 16));
const runs = samples.map(forward);

const product = (p: Path, f: (e: Edge, at: Path['edges'][number]) => number): number =>
  p.edges.reduce((v, at) => v * f(nodes[at.node]!.edges[at.index]!, at), 1);
const weightOf = (e: Edge): number => (e.parameter === null ? 1 : theta[e.parameter]! * mask[e.parameter]!);
const pattern = (e: Edge): number => (e.parameter === null ? 1 : mask[e.parameter]!);

type Split = NonNullable<PathOptions['constantSplit']>;
/** Exponent of |c| in H1 and in H2: 2 where the whole constant is on that side, 1 where its root is. */
const shareOf: Record<Split, readonly [h1: number, h2: number]> = {
  balanced: [1, 1],
  weight: [2, 0],
  data: [0, 2],
};

/** Sums f over the paths to each output, and over those through each parameter, weighted by `outputs`. */
const overPaths = (
  f: (p: Path) => number,
  biasPaths: boolean,
  outputs: readonly number[],
): { readonly perOutput: number[]; readonly perParameter: number[] } => {
  const perParameter = names.map(() => 0);
  const perOutput = paths.map((own, k) =>
    own.reduce((s, p) => {
      if (p.src === ONE && !biasPaths) return s;
      const value = f(p);
      for (const at of p.edges) {
        const { parameter } = nodes[at.node]!.edges[at.index]!;
        if (parameter !== null) perParameter[parameter]! += outputs[k]! * value;
      }
      return s + value;
    }, 0),
  );
  return { perOutput, perParameter };
};
const perLayer = (values: readonly number[], name: string): number[] =>
  values.filter((_, i) => names[i] === name);
const weights = ['conv.weight', 'mix.weight', 'side.weight', 'fc.weight'];

const TOLERANCE = 1e-12;
const agree = async (criterion: Criterion, q: number, scores: readonly number[]): Promise<void> => {
  const found = await scoresOf(net, criterion, state, criterion.data === 'none' ? {} : { images });
  expect(Math.abs(found.q / q - 1)).toBeLessThan(TOLERANCE);
  expect([...found.scores.keys()]).toEqual(weights);
  for (const [name, s] of found.scores)
    expect(difference(s, perLayer(scores, name)), name).toBeLessThan(TOLERANCE);
};

/** Abar, Q, s and dQ/dtheta^2 by the list of paths. */
const pxByPaths = (
  split: Split,
  biasPaths: boolean,
): { abar: number[]; q: number; scores: number[]; slopes: number[] } => {
  const [c1, c2] = shareOf[split];
  const perSample = runs.map(
    ({ open }, n) =>
      overPaths(
        (p) =>
          (p.src === ONE ? 1 : samples[n]![p.src - 1]! ** 2) *
          product(p, (e, at) => pattern(e) * open[at.node]![at.index]! ** 2 * Math.abs(e.constant) ** c2),
        biasPaths,
        [0, 0, 0],
      ).perOutput,
  );
  const abar = logits.map((_, k) => perSample.reduce((s, own) => s + own[k]!, 0));
  const square = (p: Path): number => product(p, (e) => weightOf(e) ** 2 * Math.abs(e.constant) ** c1);
  const { perOutput, perParameter } = overPaths(square, biasPaths, abar);
  return {
    abar,
    q: perOutput.reduce((s, h, k) => s + h * abar[k]!, 0),
    scores: perParameter,
    slopes: perParameter.map((s, j) => (theta[j]! === 0 ? NaN : s / theta[j]! ** 2)),
  };
};

test('the gates of the images differ, and some are closed', () => {
  const states = runs.map((r) => r.open.map((o) => o.join('')).join(' '));
  expect(new Set(states).size).toBe(3);
  expect(runs.every((r) => r.open.some((o, i) => nodes[i]!.kind === 'relu' && o[0] === 0))).toBe(true);
});

test('the paths add up to the logits', () => {
  const { evalBatch } = viewOf(net, 3);
  const byPaths = runs.flatMap(
    ({ values, open }) =>
      overPaths(
        (p) => values[p.src]! * product(p, (e, at) => weightOf(e) * e.constant * open[at.node]![at.index]!),
        true,
        [0, 0, 0],
      ).perOutput,
  );
  // Taps inside the image, conv bias and shift: 132 a channel; identity and mix: times 3; side: times 2, with
  // its 8 biases; fc bias.
  const [residuals, sides] = [2 * 132 * 3, 2 * 132 * 3 * 2 + 8];
  expect(paths.map((own) => own.length)).toEqual(logits.map(() => residuals + 2 * sides + 1));
  expect(difference(valuesOf([evalBatch.output], state, images)[0]!, byPaths)).toBeLessThan(TOLERANCE);
});

describe.each(['balanced', 'weight', 'data'] as const)('constants split: %s', (constantSplit) => {
  describe.each([true, false])('paths from biases: %s', (biasPaths) => {
    const expected = pxByPaths(constantSplit, biasPaths);
    test.each([true, false])('px is its sum over paths, with exponents: %s', async (scaled) => {
      const criterion = px({ constantSplit, biasPaths, maxPool: 'path', scaled });
      expect(difference(activation(net, criterion, state, images), expected.abar)).toBeLessThan(TOLERANCE);
      await agree(criterion, expected.q, expected.scores);
    });
    test('synflow-l2 is the same with outputs that count alike', async () => {
      const [c1] = shareOf[constantSplit];
      const { perOutput, perParameter } = overPaths(
        (p) => product(p, (e) => weightOf(e) ** 2 * Math.abs(e.constant) ** c1),
        biasPaths,
        [1, 1, 1],
      );
      await agree(synflowL2({ constantSplit, biasPaths }), sum(perOutput), perParameter);
    });
    test('px-gated adds the squares of what the paths contribute to the logits, constants included', async () => {
      const perSample = runs.map(({ values, open }) =>
        overPaths(
          (p) =>
            (values[p.src]! * product(p, (e, at) => weightOf(e) * e.constant * open[at.node]![at.index]!)) **
            2,
          biasPaths,
          [1, 1, 1],
        ),
      );
      await agree(
        px({ mode: 'px-gated', constantSplit, biasPaths }),
        sum(perSample.flatMap((s) => s.perOutput)),
        names.map((_, j) => perSample.reduce((s, own) => s + own.perParameter[j]!, 0)),
      );
    });
  });

  test('no squared derivative exceeds dQ/dtheta^2', () => {
    const { slopes } = pxByPaths(constantSplit, true);
    const jacobian = names.map(() => 0);
    runs.forEach(({ values, open }) =>
      logits.forEach((_, k) => {
        const { perParameter } = overPaths(
          (p) => values[p.src]! * product(p, (e, at) => weightOf(e) * e.constant * open[at.node]![at.index]!),
          true,
          logits.map((_l, i) => (i === k ? 1 : 0)),
        );
        perParameter.forEach((through, j) => {
          if (theta[j] !== 0) jacobian[j]! += (through / theta[j]!) ** 2;
        });
      }),
    );
    jacobian.forEach((squared, j) => {
      if (theta[j] !== 0) expect(squared, `${names[j]} ${j}`).toBeLessThanOrEqual(slopes[j]! * (1 + 1e-12));
    });
    expect(sum(jacobian)).toBeGreaterThan(0);
  });
});

test.each([true, false])(
  'synflow adds the magnitudes of the paths; paths from biases: %s',
  async (biasPaths) => {
    const { perOutput, perParameter } = overPaths(
      (p) => product(p, (e) => Math.abs(weightOf(e) * e.constant)),
      biasPaths,
      [1, 1, 1],
    );
    await agree(synflow({ biasPaths }), sum(perOutput), perParameter);
  },
);

test("a pool that follows the path network's own maximum is another score", async () => {
  const own = await scoresOf(net, px({ maxPool: 'code' }), state, { images });
  const path = await scoresOf(net, px(), state, { images });
  expect(own.q).toBeGreaterThan(0);
  expect(Math.abs(own.q / path.q - 1)).toBeGreaterThan(1e-3);
});
