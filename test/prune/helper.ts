import { nameOf } from '../../src/graph/graph.js';
import { initialiserOf, roleOf } from '../../src/graph/roles.js';
import { parameters, prunable, type Network } from '../../src/nn/network.js';
import type { Weights } from '../../src/nn/weights.js';
import type { Program } from '../../src/program/program.js';
import { objectiveOf } from '../../src/prune/objective.js';
import { classification } from '../../src/task/classification.js';
import { viewOf, type Criterion } from '../../src/prune/criterion.js';
import { flow } from '../../src/prune/criteria/path-score.js';
import { roundPrograms, scoreProgram } from '../../src/prune/programs.js';
import { fold, key, normal, uniform, type Key } from '../../src/random.js';
import { evaluate, referenceDevice } from '../../src/runtime/reference.js';
import { ops } from '../../src/ops/registry.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { grad, vjp } from '../../src/transform/grad.js';
import { maskName } from '../../src/transform/mask.js';

/** Values of state leaves by name. Masks that are not named are 1. */
export type State = ReadonlyMap<string, ArrayLike<number>>;

export const sum = (xs: ArrayLike<number>): number => Array.from(xs).reduce((s, x) => s + x, 0);
const largest = (xs: ArrayLike<number>): number =>
  Array.from(xs).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
const norm = (xs: ArrayLike<number>): number => Math.sqrt(Array.from(xs).reduce((s, x) => s + x * x, 0));
export const times = (c: number, xs: ArrayLike<number>): Float64Array => Float64Array.from(xs, (x) => c * x);

/** Largest difference, relative to the largest element of b; infinite where one of them is not a number. */
export const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity;
  const gap = Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((m, d) => {
    if (d <= m) return m;
    return Number.isNaN(d) ? Infinity : d;
  }, 0);
  return gap === 0 ? 0 : gap / largest(b);
};
/** The same in the Euclidean norm. */
export const normDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const gap = norm(Array.from(a, (x, i) => x - b[i]!));
  return gap === 0 ? 0 : gap / norm(b);
};

const valueOf = (state: State, leaf: Tensor): Float64Array => {
  const given = state.get(nameOf(leaf));
  if (given !== undefined) return Float64Array.from(given);
  const start = initialiserOf(leaf);
  if ((roleOf(leaf) === 'mask' || roleOf(leaf) === 'accumulator') && start?.kind === 'constant')
    return new Float64Array(size(leaf.shape)).fill(start.value);
  throw new Error(`no value for '${nameOf(leaf)}'`);
};

/** One run of a program on the reference device, in a store of its own. */
export const runOnce = async (
  p: Program,
  state: State,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
): Promise<Readonly<Record<string, ArrayLike<number>>>> => {
  const device = referenceDevice();
  const store = device.store();
  for (const [name, leaf] of p.state) await store.add(name, leaf, valueOf(state, leaf));
  return (await device.compile(p)).run(
    store,
    Object.fromEntries(Object.entries(inputs).filter(([name]) => p.inputs.has(name))),
  );
};

/** Values of tensors, without a device. */
export const valuesOf = (
  roots: readonly Tensor[],
  state: State,
  images?: ArrayLike<number>,
): Float64Array[] =>
  evaluate(roots, (leaf) => (leaf.op === 'input' ? Float64Array.from(images!) : valueOf(state, leaf)));

export interface Scored {
  /** Flow Q; 1 where the criterion has none. */
  readonly q: number;
  /** Scores as the criterion ranks them: shares of Q where there is a flow. */
  readonly shares: ReadonlyMap<string, Float64Array>;
  /** Shares times Q. */
  readonly scores: ReadonlyMap<string, Float64Array>;
}

export const scoresOf = async (
  net: Network,
  criterion: Criterion,
  state: State,
  data: { readonly images?: ArrayLike<number>; readonly labels?: ArrayLike<number> } = {},
): Promise<Scored> => {
  const batch = data.images === undefined ? 1 : data.images.length / size(net.input.shape.slice(1));
  const out = await runOnce(scoreProgram(net, criterion, batch), state, {
    images: data.images ?? [],
    labels: data.labels ?? [],
  });
  const q = out['total']![0]! * 2 ** out['exponent']![0]!;
  const shares = new Map(
    prunable(net).map((w) => [nameOf(w), Float64Array.from(out[`score/${nameOf(w)}`]!)]),
  );
  return { q, shares, scores: new Map([...shares].map(([name, s]) => [name, times(q, s)])) };
};

/** A minibatch, and the noise that is drawn for it. */
export interface Part {
  readonly images: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly noise?: State;
}

/** Scores after all passes of a round over several minibatches of `batch` images, as prune() ranks them. */
export const scoresOver = async (
  net: Network,
  criterion: Criterion,
  state: State,
  batch: number,
  parts: readonly Part[],
): Promise<ReadonlyMap<string, Float64Array>> => {
  const { accumulate, secondPass } = roundPrograms(net, criterion, batch);
  const device = referenceDevice();
  const store = device.store();
  for (const pass of [accumulate, secondPass].filter((p) => p !== null)) {
    for (const [name, leaf] of pass.state)
      if (!store.has(name)) await store.add(name, leaf, valueOf(state, leaf));
    const executable = await device.compile(pass);
    for (const { noise, ...inputs } of parts) {
      for (const [name, drawn] of noise ?? []) await store.write(name, drawn);
      await executable.run(
        store,
        Object.fromEntries(Object.entries(inputs).filter(([name]) => pass.inputs.has(name))),
      );
    }
  }
  const at = secondPass === null ? 'round' : 'round/second';
  const [sums, exponent] = [await store.read(`${at}/sum`), await store.read(`${at}/exponent`)];
  const view = viewOf(net, batch);
  const { scores } = criterion.score(view, {
    mantissa: ops.literal([sums.length], [...sums]),
    exponent: ops.scalar(exponent[0]!),
  });
  const values = valuesOf(scores, state);
  return new Map(view.weights.map((w, i) => [nameOf(w), values[i]!]));
};

/**
 * Weights of order one, BatchNorm far from the identity (a fifth of its scales negative), biases of order a
 * third.
 */
export const randomState = (net: Network, seed: Key): Map<string, Float64Array> =>
  new Map(
    parameters(net).map((leaf) => {
      const own = fold(seed, nameOf(leaf));
      const n = size(leaf.shape);
      const z = normal(own, n);
      const u = uniform(fold(own, 'u'), n);
      const role = roleOf(leaf);
      const fanIn = size(leaf.shape.slice(1));
      const value = (i: number): number => {
        if (role === 'weight') return z[i]! * Math.sqrt(2 / fanIn);
        if (role === 'scale') return (u[i]! < 0.2 ? -1 : 1) * (0.5 + u[i]!);
        return role === 'variance' ? 0.5 + u[i]! : 0.3 * z[i]!;
      };
      return [nameOf(leaf), Float64Array.from({ length: n }, (_, i) => value(i))];
    }),
  );

/** Masks that keep each weight with probability `density`. */
export const randomMasks = (net: Network, density: number, seed: Key): Map<string, Float64Array> =>
  new Map(
    prunable(net).map((w) => [
      maskName(nameOf(w)),
      uniform(fold(seed, 'mask', nameOf(w)), size(w.shape)).map((u) => (u < density ? 1 : 0)),
    ]),
  );

export const randomImages = (net: Network, count: number, seed: Key): Float64Array =>
  normal(fold(seed, 'images'), count * size(net.input.shape.slice(1)));

/** float32 weights as prune() takes them. */
export const asWeights = (net: Network, state: State): Weights =>
  new Map(
    parameters(net).map((p) => [
      nameOf(p),
      { shape: p.shape, data: Float32Array.from(state.get(nameOf(p))!) },
    ]),
  );

/** The values that those weights have. */
export const rounded = (state: ReadonlyMap<string, Float64Array>): Map<string, Float64Array> =>
  new Map([...state].map(([name, v]) => [name, v.map(Math.fround)]));

/**
 * Scores of the constants of H1, by the name of the layer: b^2 dQ/db^2 for biases, the same of the whole
 * shift t = beta - mean scale for a BatchNorm. From dQ/db = 2 b dQ/db^2 and dt = dbeta.
 */
export const constantScores = (
  net: Network,
  state: State,
  outputs: readonly number[],
): ReadonlyMap<string, Float64Array> => {
  const { total } = flow(
    viewOf(net, 1),
    'squared',
    { mantissa: ops.literal(net.output.shape, outputs), exponent: null },
    { scaled: false },
  );
  const leaves = parameters(net).filter((p) => roleOf(p) === 'bias' || roleOf(p) === 'shift');
  const slopes = valuesOf(grad(total.mantissa, leaves), state);
  return new Map(
    leaves.map((leaf, i) => {
      const layer = leaf.path;
      const v = state.get(nameOf(leaf))!;
      const of = (name: string): ArrayLike<number> => state.get(`${layer}.${name}`)!;
      const t =
        roleOf(leaf) === 'bias'
          ? v
          : Float64Array.from(
              v,
              (beta, c) =>
                beta - (of('running_mean')[c]! * of('weight')[c]!) / Math.sqrt(of('running_var')[c]! + 1e-5),
            );
      return [layer, slopes[i]!.map((g, c) => (g * t[c]!) / 2)];
    }),
  );
};

/** Abar_k: the activation flow of each output, summed over the images. */
export const activation = (
  net: Network,
  criterion: Criterion,
  state: State,
  images: ArrayLike<number>,
): Float64Array => {
  const view = viewOf(net, images.length / size(net.input.shape.slice(1)));
  const seen = criterion.accumulate!(view, objectiveOf(criterion, classification(), net, 1));
  const [mantissa, exponent] = valuesOf([seen.mantissa, seen.exponent ?? ops.scalar(0)], state, images);
  return times(2 ** exponent![0]!, mantissa!);
};

/** sum over images and outputs of (df_k(x_n) / dtheta_j)^2, one sample and one output at a time. */
export const squaredJacobian = (
  net: Network,
  state: State,
  images: Float64Array,
): ReadonlyMap<string, Float64Array> => {
  const { evalOne, weights } = viewOf(net, 1);
  const outputs = size(net.output.shape);
  const width = size(net.input.shape);
  const rows = Array.from({ length: outputs }, (_, k) =>
    vjp(
      [evalOne.output],
      [
        ops.literal(
          evalOne.output.shape,
          Array.from({ length: outputs }, (_o, i) => (i === k ? 1 : 0)),
        ),
      ],
      weights,
    ),
  ).flat();
  const total = new Map(weights.map((w) => [nameOf(w), new Float64Array(size(w.shape))]));
  for (let n = 0; n < images.length / width; n++) {
    valuesOf(rows, state, images.subarray(n * width, (n + 1) * width)).forEach((g, i) => {
      const own = total.get(nameOf(weights[i % weights.length]!))!;
      g.forEach((v, j) => {
        own[j]! += v * v;
      });
    });
  }
  return total;
};

export const seeded = (n: number): Key => key(n);
