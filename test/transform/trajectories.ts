import { nameOf } from '../../src/graph/graph.js';
import { isLearnt } from '../../src/graph/roles.js';
import { crossEntropy, mean } from '../../src/nn/loss.js';
import { parameters, rebatch, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { program, type Program } from '../../src/program/program.js';
import { fold, integers, normal, type Key } from '../../src/random.js';
import type { Device } from '../../src/runtime/device.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { clipByNorm } from '../../src/train/clip.js';
import { momentName, type Optimiser } from '../../src/train/optimisers/optimiser.js';
import { grad } from '../../src/transform/grad.js';
import { masked } from '../../src/transform/mask.js';
import { inference, NOISE, training } from '../../src/transform/readings.js';

/**
 * What becomes of a network in some steps of training, so that two networks that claim to be the same can be
 * held against each other: losses, parameters, statistics, moments, and the answers of the trained network.
 */

/** How to train, the same for all networks that are compared. */
export interface Course {
  readonly batch: number;
  readonly loss: 'classes' | 'squares';
  readonly optimiser: Optimiser;
  readonly clipNorm: number | undefined;
  readonly rate: number;
  readonly steps: number;
  readonly seed: Key;
}

/** A network with the values that it starts from; `masks` where it is to be trained under them. */
export interface Runner {
  readonly net: Network;
  readonly masks: ReadonlyMap<string, ArrayLike<number>> | null;
  readonly values: ReadonlyMap<string, ArrayLike<number>>;
  /** Parameters that are not in its graph, and are updated with the others. */
  readonly unused?: readonly Tensor[];
}

export interface Trajectory {
  readonly losses: readonly number[];
  /** Parameters, statistics and moments after the last step. */
  readonly state: ReadonlyMap<string, Float64Array>;
  /** Of the trained network, read for inference, to images that it has not seen. */
  readonly answers: Float64Array;
}

const lossOf = (kind: Course['loss'], output: Tensor): Tensor => {
  if (kind === 'classes')
    return mean(crossEntropy(output, ops.input('labels', output.shape.slice(0, -1), 'i32')));
  const off = ops.sub(output, ops.input('targets', output.shape));
  return mean(ops.mul(off, off));
};

const readFor = ({ net, masks }: Runner): Network => (masks === null ? net : masked(net));

/** One step, as `fit` takes it. */
const stepOf = (runner: Runner, course: Course): Program => {
  const read = training(rebatch(readFor(runner), course.batch));
  const loss = lossOf(course.loss, read.output);
  const learnt = [...parameters(runner.net), ...(runner.unused ?? [])].filter(isLearnt);
  const slopes = grad(loss, learnt);
  const gradients = course.clipNorm === undefined ? slopes : clipByNorm(slopes, course.clipNorm);
  return program('step', {
    outputs: { loss },
    next: [
      ...course.optimiser.update(learnt, gradients, ops.input('rate', [])),
      ...read.updates.map((u) => [u.stored, u.next] as const),
    ],
  });
};

const inputsOf = (
  { inputs }: Program,
  { batch, rate, seed, optimiser }: Course,
  step: number,
): Readonly<Record<string, ArrayLike<number>>> => {
  const others = Object.entries(optimiser.inputs?.(step + 1) ?? {}).map(([name, v]) => [name, [v]] as const);
  const own = fold(seed, 'step', step);
  const of: Readonly<Record<string, (n: number) => ArrayLike<number>>> = {
    images: (n) => normal(fold(own, 'images'), n),
    targets: (n) => normal(fold(own, 'targets'), n),
    labels: (n) => integers(fold(own, 'labels'), n, 2),
    rate: () => [rate],
    [NOISE]: () => [17, step],
    ...Object.fromEntries(others.map(([name, v]) => [name, () => v])),
  };
  if (batch < 1) throw new Error('a batch has at least one image');
  return Object.fromEntries([...inputs].map(([name, leaf]) => [name, of[name]!(size(leaf.shape))]));
};

/** Throws NETWORK where a BatchNorm of the network has one value a channel. */
export const trajectory = async (device: Device, runner: Runner, course: Course): Promise<Trajectory> => {
  const step = stepOf(runner, course);
  const answer = program('answer', {
    outputs: { answers: inference(rebatch(readFor(runner), course.batch)).output },
  });
  const store = device.store();
  const kept = new Set<string>();
  for (const leaf of [...step.state.values(), ...answer.state.values()]) {
    const name = nameOf(leaf);
    if (store.has(name)) continue;
    const mask = runner.masks?.get(name.replace(/^mask\//, ''));
    const start = name.startsWith('mask/')
      ? mask!
      : (runner.values.get(name) ?? new Float64Array(size(leaf.shape)));
    await store.add(name, leaf, start);
    if (!name.startsWith('mask/')) kept.add(name);
  }
  const [stepper, answerer] = [await device.compile(step), await device.compile(answer)];
  try {
    const losses: number[] = [];
    for (let i = 0; i < course.steps; i++)
      losses.push((await stepper.run(store, inputsOf(step, course, i)))['loss']![0]!);
    const { answers } = await answerer.run(store, inputsOf(answer, course, course.steps));
    const state = new Map<string, Float64Array>();
    for (const name of kept) state.set(name, Float64Array.from(await store.read(name)));
    return { losses, state, answers: Float64Array.from(answers!) };
  } finally {
    stepper.dispose();
    answerer.dispose();
    store.dispose();
  }
};

/** The parameter that a name of state belongs to: its own, or that of its moment. */
export const ownerOf = (name: string, moments: Optimiser['moments'], names: readonly string[]): string =>
  names.find((n) => n === name || moments.some((moment) => momentName(moment, n) === name)) ?? name;

export interface Gap {
  readonly where: string;
  /**
   * Largest difference, relative to the largest number of either side or, where all are smaller, to `least`.
   */
  readonly gap: number;
  readonly values: readonly [number, number];
}

const FLOOR = 1e-2;

/** The gap of two lists of numbers; infinite where they differ in length or one is not a number. */
export const gapOf = (where: string, a: ArrayLike<number>, b: ArrayLike<number>, floor = FLOOR): Gap => {
  if (a.length !== b.length) return { where, gap: Infinity, values: [a.length, b.length] };
  let scale = floor;
  for (let i = 0; i < a.length; i++) scale = Math.max(scale, Math.abs(a[i]!), Math.abs(b[i]!));
  let worst: Gap = { where, gap: 0, values: [0, 0] };
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const gap = Math.abs(a[i]! - b[i]!) / scale;
    if (!(gap <= worst.gap))
      worst = { where: `${where}[${i}]`, gap: Number.isNaN(gap) ? Infinity : gap, values: [a[i]!, b[i]!] };
  }
  return worst;
};

/** All gaps of two trajectories, the largest first; `isSeen` leaves out what nothing reads. */
export const gapsOf = (
  a: Trajectory,
  b: Trajectory,
  isSeen: (name: string, i: number) => boolean = () => true,
): readonly Gap[] => {
  const names = new Set([...a.state.keys(), ...b.state.keys()]);
  const seen = (name: string, values: Float64Array | undefined): Float64Array =>
    (values ?? new Float64Array(0)).filter((_, i) => isSeen(name, i));
  return [
    gapOf('losses', a.losses, b.losses),
    gapOf('answers', a.answers, b.answers),
    ...[...names].map((name) => gapOf(name, seen(name, a.state.get(name)), seen(name, b.state.get(name)))),
  ].sort((p, q) => q.gap - p.gap);
};
