import { afterAll, describe, expect, it } from 'vitest';

import type { CallAttributes } from '../../src/plan/calls.js';
import { readsOf, writesOf, type FusedStep, type Plan, type Step } from '../../src/plan/plan.js';
import type { NativeDevice } from '../../src/runtime/native.js';
import {
  addon,
  callOf,
  count,
  distance,
  floats,
  fusedOf,
  integer,
  planOf,
  random,
  runOn,
  type BufferSpec,
} from './plans.js';

/**
 * Neighbouring steps that the cpu device takes an image through before it begins the next: they must compute
 * what the same steps compute one after the other, wherever the plan puts their buffers.
 */

const one = new addon.Device({ threads: 1 });
const three = new addon.Device({ threads: 3 });
afterAll(() => {
  one.dispose();
  three.dispose();
});

const [IMAGES, SIDE, CHANNELS] = [24, 8, 32];
const IMAGE = [IMAGES, SIDE, SIDE, CHANNELS];
const WEIGHTS = [CHANNELS, 3, 3, CHANNELS];
const ROWS = IMAGES * SIDE * SIDE;
const whole: [number, number, number] = [0, CHANNELS, 1];
const channel: [number, number, number] = [0, 0, 1];

const CONV: CallAttributes<'conv2d'> = {
  n: IMAGES,
  h: SIDE,
  w: SIDE,
  c: CHANNELS,
  f: CHANNELS,
  kh: 3,
  kw: 3,
  oh: SIDE,
  ow: SIDE,
  stride: [1, 1],
  dilation: [1, 1],
  padding: [1, 1, 1, 1],
};

const BY_IMAGE = ', image by image';
const isByImage = async (plan: Plan): Promise<boolean[]> => {
  const executable = await one.load(plan);
  const steps = executable.describe().map((s) => s.implementation.endsWith(BY_IMAGE));
  executable.dispose();
  return steps;
};
const hasOwnKernels = async (): Promise<boolean> => {
  const specs: BufferSpec[] = [IMAGE, WEIGHTS, IMAGE].map((shape) => ({ in: 'arena', shape }));
  const executable = await one.load(planOf(specs, [callOf('conv2d', [0, 1], [2], CONV)]));
  const { implementation } = executable.describe()[0]!;
  executable.dispose();
  return implementation.startsWith('direct:');
};

/** Every step as a plan of its own, which has no neighbours. Returns what the outputs hold at the end. */
const stepByStep = async (plan: Plan, values: Float32Array[]): Promise<Float32Array[]> => {
  for (const step of plan.steps) {
    const buffers = [...new Set([...readsOf(step), ...writesOf(step)])];
    const written = writesOf(step);
    const read = buffers.filter((b) => readsOf(step).includes(b));
    const place = (b: number): number => buffers.indexOf(b);
    const specs = buffers.map((b): BufferSpec => ({
      in: written.includes(b) ? 'output' : 'input',
      shape: plan.buffers[b]!.shape,
    }));
    const moved = (
      step.kind === 'call'
        ? { ...step, inputs: step.inputs.map(place), outputs: step.outputs.map(place) }
        : {
            ...step,
            loads: step.loads.map((l) => ({ ...l, buffer: place(l.buffer) })),
            stores: step.stores.map((s) => ({ ...s, buffer: place(s.buffer) })),
            reductions: step.reductions.map((r) => ({ ...r, buffer: place(r.buffer) })),
          }
    ) as Step; // the same step with other numbers
    const results = await runOn(
      one,
      planOf(specs, [moved]),
      read.map((b) => values[b]!),
    );
    buffers.filter((b) => written.includes(b)).forEach((b, i) => (values[b] = results[i] as Float32Array));
  }
  return plan.outputs.map(({ buffer }) => values[buffer]!);
};

const check = async (plan: Plan, what: string): Promise<void> => {
  const inputs = plan.inputs.map(({ buffer }, i) => floats(count(plan.buffers[buffer]!.shape), i + 1));
  const values: Float32Array[] = plan.buffers.map(() => new Float32Array());
  plan.inputs.forEach(({ buffer }, i) => (values[buffer] = inputs[i]!));
  const wanted = await stepByStep(plan, values);
  const runWith = (device: NativeDevice): Promise<ArrayLike<number>[]> => runOn(device, plan, inputs);
  const got = await runWith(one);
  got.forEach((g, i) => expect(distance(g, wanted[i]!), `${what}, output ${i}`).toBeLessThan(2e-5));
  expect(await runWith(three), `${what}, with more threads`).toEqual(got);
};

/** [1, rows, channels]: y = relu(x * s + b) */
const normalise = (x: number, scale: number, shift: number, y: number): FusedStep =>
  fusedOf({
    domain: [1, ROWS, CHANNELS],
    loads: [
      { buffer: x, strides: whole },
      { buffer: scale, strides: channel },
      { buffer: shift, strides: channel },
    ],
    code: [
      { op: 'mulAdd', args: [0, 1, 2] },
      { op: 'relu', args: [3] },
    ],
    stores: [{ register: 4, buffer: y }],
  });
/** The sum and the variance of each channel of y less its first row. */
const moments = (y: number, sum: number, variance: number): FusedStep =>
  fusedOf({
    domain: [1, ROWS, CHANNELS],
    loads: [
      { buffer: y, strides: whole },
      { buffer: y, strides: channel },
    ],
    code: [{ op: 'sub', args: [0, 1] }],
    reductions: [
      { register: 2, op: 'sum', keep: 'inner', buffer: sum },
      { register: 2, op: 'variance', keep: 'inner', buffer: variance },
    ],
  });

describe.skipIf(!(await hasOwnKernels()))('steps that run image by image', () => {
  it('a map, a convolution and the moments of its result', async () => {
    const plan = planOf(
      [
        { in: 'input', shape: IMAGE },
        { in: 'input', shape: [CHANNELS] },
        { in: 'input', shape: [CHANNELS] },
        { in: 'input', shape: WEIGHTS },
        { in: 'arena', shape: IMAGE },
        { in: 'output', shape: IMAGE },
        { in: 'output', shape: [CHANNELS] },
        { in: 'output', shape: [CHANNELS] },
      ],
      [normalise(0, 1, 2, 4), callOf('conv2d', [4, 3], [5], CONV), moments(5, 6, 7)],
    );
    expect(await isByImage(plan)).toEqual([true, true, true]);
    await check(plan, 'forward');
  });

  it('a map and both gradients of a convolution, of which the map writes where the last one reads', async () => {
    const specs: BufferSpec[] = [
      { in: 'input', shape: IMAGE },
      { in: 'input', shape: [CHANNELS] },
      { in: 'input', shape: WEIGHTS },
      { in: 'input', shape: IMAGE },
      { in: 'arena', shape: IMAGE },
      { in: 'output', shape: WEIGHTS },
      { in: 'output', shape: IMAGE },
    ];
    const plan = planOf(specs, [
      normalise(0, 1, 1, 4),
      callOf('conv2dWeightGrad', [3, 4], [5], CONV),
      callOf('conv2dInputGrad', [4, 2], [6], CONV),
    ]);
    expect(await isByImage(plan)).toEqual([true, true, true]);
    await check(plan, 'backward');
  });

  it('what is made of all images waits for the last', async () => {
    const plan = planOf(
      [
        { in: 'input', shape: IMAGE },
        { in: 'input', shape: WEIGHTS },
        { in: 'arena', shape: IMAGE },
        { in: 'arena', shape: [CHANNELS] },
        { in: 'arena', shape: [CHANNELS] },
        { in: 'output', shape: IMAGE },
      ],
      [callOf('conv2d', [0, 1], [2], CONV), moments(2, 3, 4), normalise(2, 3, 4, 5)],
    );
    expect(await isByImage(plan)).toEqual([true, true, false]);
    await check(plan, 'moments before the map');
  });

  it('weights that a step before computes are read whole', async () => {
    const weights = fusedOf({
      domain: [1, count(WEIGHTS), 1],
      loads: [{ buffer: 1, strides: [0, 1, 0] }],
      code: [{ op: 'mul', args: [0, 0] }],
      stores: [{ register: 1, buffer: 2 }],
    });
    const plan = planOf(
      [
        { in: 'input', shape: IMAGE },
        { in: 'input', shape: WEIGHTS },
        { in: 'arena', shape: WEIGHTS },
        { in: 'output', shape: IMAGE },
        { in: 'input', shape: [CHANNELS] },
        { in: 'output', shape: IMAGE },
      ],
      [weights, callOf('conv2d', [0, 2], [3], CONV), normalise(3, 4, 4, 5)],
    );
    expect(await isByImage(plan)).toEqual([false, true, true]);
    await check(plan, 'masked weights');
  });

  it('a result lies on an operand image on image, or the steps stay apart', async () => {
    const bytes = count(IMAGE) * 4;
    const plan = planOf(
      [
        { in: 'input', shape: IMAGE },
        { in: 'input', shape: WEIGHTS },
        { in: 'input', shape: [CHANNELS] },
        { in: 'arena', shape: IMAGE },
        { in: 'arena', shape: IMAGE },
        { in: 'arena', shape: IMAGE },
        { in: 'output', shape: [CHANNELS] },
        { in: 'output', shape: IMAGE },
        { in: 'output', shape: [CHANNELS] },
      ],
      [
        normalise(0, 2, 2, 3),
        moments(3, 6, 8),
        normalise(3, 6, 2, 4),
        callOf('conv2d', [4, 1], [5], CONV),
        moments(5, 6, 8),
        normalise(5, 6, 8, 7),
      ],
    );
    const resultAt = (offset: number): Plan => ({
      ...plan,
      arenaBytes: 4 * bytes,
      buffers: plan.buffers.map((b, i) => {
        const at = { 3: 0, 4: 2 * bytes, 5: offset }[i];
        return at === undefined ? b : { ...b, place: { in: 'arena', at } };
      }),
    });
    const [elsewhere, above, askew] = [resultAt(3 * bytes), resultAt(0), resultAt(64)];
    expect(await isByImage(elsewhere)).toEqual([false, false, true, true, true, false]);
    expect(await isByImage(above)).toEqual([false, false, true, true, true, false]);
    await check(above, 'image on image');
    expect(await isByImage(askew)).toEqual([false, false, false, true, true, false]);
    await check(askew, 'image on two images');
  });

  it('random steps in random places of an arena that is used again and again', async () => {
    let together = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const plan = randomPlan(random(seed * 104729));
      together += (await isByImage(plan)).filter(Boolean).length;
      await check(plan, `seed ${seed}`);
    }
    expect(together).toBeGreaterThan(60);
  }, 120_000);
});

/** Steps over images, whose results take the places of values that nobody reads any more. */
const randomPlan = (next: () => number): Plan => {
  const specs: BufferSpec[] = [];
  const add = (within: BufferSpec['in'], shape: readonly number[]): number =>
    specs.push({ in: within, shape }) - 1;
  const images = [add('input', IMAGE), add('input', IMAGE)];
  const channels = [add('input', [CHANNELS])];
  const weights = add('input', WEIGHTS);
  const pick = (from: readonly number[]): number =>
    from[integer(next, Math.max(0, from.length - 4), from.length - 1)]!;
  const result = (shape: readonly number[]): number => add(next() < 0.3 ? 'output' : 'arena', shape);
  const image = (): number => result(IMAGE);
  const steps: Step[] = [];
  for (let i = 0; i < 8; i++) {
    const kind = next();
    if (kind < 0.25) {
      const y = image();
      steps.push(callOf('conv2d', [pick(images), weights], [y], CONV));
      images.push(y);
    } else if (kind < 0.4) {
      const dx = image();
      steps.push(callOf('conv2dInputGrad', [pick(images), weights], [dx], CONV));
      images.push(dx);
    } else if (kind < 0.5) {
      const dw = add('output', WEIGHTS);
      steps.push(callOf('conv2dWeightGrad', [pick(images), pick(images)], [dw], CONV));
    } else if (kind < 0.65) {
      const [sum, variance] = [result([CHANNELS]), result([CHANNELS])];
      steps.push(moments(pick(images), sum, variance));
      channels.push(variance);
    } else {
      const [y, a, b] = [image(), pick(images), pick(images)];
      // The first row of an image stands for a channel's value, too.
      const c = next() < 0.3 ? pick(images) : pick(channels);
      const sums = next() < 0.4 ? [add('output', [CHANNELS])] : [];
      steps.push(
        fusedOf({
          domain: [1, ROWS, CHANNELS],
          loads: [
            { buffer: a, strides: whole },
            { buffer: b, strides: whole },
            { buffer: c, strides: channel },
          ],
          code: [
            { op: 'tanh', args: [0] },
            { op: 'tanh', args: [2] },
            { op: 'mulAdd', args: [3, 4, 1] },
            { op: 'tanh', args: [5] },
          ],
          stores: [{ register: 6, buffer: y }],
          reductions: sums.map((buffer) => ({ register: 6, op: 'sum', keep: 'inner', buffer })),
        }),
      );
      images.push(y);
    }
  }
  return placed(planOf(specs, steps), next);
};

/**
 * The plan with its arena laid out anew: in holes that dead values left, or on an operand of the same step.
 */
const placed = (plan: Plan, next: () => number): Plan => {
  const lastRead = new Map<number, number>();
  plan.steps.forEach((s, i) => readsOf(s).forEach((b) => lastRead.set(b, i)));
  const bytes = (b: number): number => count(plan.buffers[b]!.shape) * 4;
  const places = new Map<number, number>();
  const isLive = (b: number, step: number): boolean => (lastRead.get(b) ?? -1) >= step;
  plan.steps.forEach((step, i) => {
    const written = writesOf(step);
    for (const b of written) {
      if (plan.buffers[b]!.place.in !== 'arena') continue;
      // Where a map reads and writes element by element its operand may make room.
      const mayGo = (other: number, at: number): boolean =>
        step.kind === 'fused' &&
        step.stores.some((s) => s.buffer === b) &&
        lastRead.get(other) === i &&
        at === places.get(other) &&
        bytes(other) === bytes(b) &&
        step.loads.every((l) => l.buffer !== other || l.strides[1] === CHANNELS);
      const isFree = (at: number): boolean =>
        [...places].every(
          ([other, there]) =>
            at + bytes(b) <= there ||
            there + bytes(other) <= at ||
            (!written.includes(other) && (!isLive(other, i) || mayGo(other, at))),
        );
      const candidates = [0, 64, ...[...places].flatMap(([o, there]) => [there, there, there + bytes(o)])];
      const free = candidates.filter(isFree);
      places.set(b, free[integer(next, 0, free.length - 1)]!);
    }
  });
  const arenaBytes = Math.max(0, ...[...places].map(([b, at]) => at + bytes(b)));
  return {
    ...plan,
    arenaBytes: Math.ceil(arenaBytes / 64) * 64,
    buffers: plan.buffers.map((b, i) =>
      b.place.in === 'arena' ? { ...b, place: { in: 'arena', at: places.get(i) ?? 0 } } : b,
    ),
  };
};
