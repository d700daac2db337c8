import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { TARGETS } from '../../src/compile/target.js';
import type { Plan, Step } from '../../src/plan/plan.js';
import { ops } from '../../src/ops/registry.js';
import { program, type Program } from '../../src/program/program.js';
import type { NativeArray } from '../../src/runtime/native.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { interpret, toBf16 } from '../compile/interpret.js';
import { data, networks, valueOf } from '../compile/tiny.js';
import { arrayFrom, callOf, fusedOf, type BufferSpec } from '../native/plans.js';
import { emulation } from './emulate.js';
import { emulateAll, TINY, type Trial } from './joined.js';

/** Values kept as bf16, in the emulator. */

const bits = new Uint32Array(1);
const floatOf = (word: number): number => {
  bits[0] = word;
  return new Float32Array(bits.buffer)[0]!;
};
/** Floats around every bf16: on it, beside it, at and beside the tie with the next. */
const around = Float32Array.from({ length: 65536 * 6 }, (_, i) =>
  floatOf(((Math.floor(i / 6) << 16) | [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff][i % 6]!) >>> 0),
);

describe('rounding', () => {
  const n = around.length;
  const through = (
    domain: readonly [number, number, number],
    strides: [number, number, number],
  ): readonly Step[] => [
    fusedOf({ domain: [...domain], loads: [{ buffer: 0, strides }], stores: [{ register: 0, buffer: 1 }] }),
    fusedOf({ domain: [...domain], loads: [{ buffer: 1, strides }], stores: [{ register: 0, buffer: 2 }] }),
  ];
  const specs: readonly BufferSpec[] = [
    { in: 'input', shape: [n] },
    { in: 'arena', shape: [n], dtype: 'bf16' },
    { in: 'output', shape: [n] },
  ];
  const odd = around.subarray(1, 10_002); // of no even length: one element a thread
  const copied: readonly BufferSpec[] = [
    { in: 'input', shape: [n] },
    { in: 'arena', shape: [n], dtype: 'bf16' },
    { in: 'arena', shape: [n], dtype: 'bf16' },
    { in: 'output', shape: [n] },
  ];
  const run = { dims: [n], srcOffset: 0, srcStrides: [1], dstOffset: 0, dstStrides: [1] };
  const trials: readonly Trial[] = [
    { name: 'four elements a thread', specs, data: { 0: around }, steps: through([1, 1, n], [0, 0, 1]) },
    {
      name: 'one element a thread',
      specs: specs.map((s) => ({ ...s, shape: [odd.length] })),
      data: { 0: odd.slice() },
      steps: through([1, odd.length, 1], [0, 1, 0]),
    },
    {
      name: 'copies that convert, and one that does not',
      specs: copied,
      data: { 0: around },
      steps: [0, 1, 2].map((k) => callOf('copy', [k], [k + 1], run)),
    },
  ];
  const findings = emulateAll(trials, TINY);

  test.each(findings.map((f) => [f.trial.name, f] as const))('%s', (_, { trial, before, after }) => {
    const wrong = Array.from(before[0]!).filter(
      (x, i) => !Object.is(after[trial.specs.length - 1]![i], toBf16(x)),
    );
    expect(wrong).toEqual([]);
  });
  test('four of them are one move of eight bytes', () => {
    const { source } = emitCuda(
      compile(trainStep(networks['resnet']!(), data, { split: 'train', count: 6 }, 64), {
        ...TARGETS.cuda,
        storage: 'bf16',
      }),
      TINY,
    );
    expect(source).toMatch(/struct Bf16 \{\n {2}unsigned short bits;/);
    expect(source).toMatch(/Pack<Bf16, 4> s0;/);
  });
});

const net = networks['resnet']!();
const lenet = networks['lenet']!();
const programs: readonly (readonly [string, Program])[] = [
  [
    'a training step of a residual network',
    trainStep(net, data, { split: 'train', count: 6 }, 3, { nesterov: true }),
  ],
  ['its evaluation', evaluateStep(net, data, { split: 'test', count: 6 }, 2)],
  ['a training step of LeNet, which pools', trainStep(lenet, data, { split: 'train', count: 6 }, 3)],
  [
    'a large product of matrices',
    program('product', {
      narrowable: true,
      outputs: { y: ops.matmul(ops.relu(ops.input('a', [128, 64])), ops.state('b', [64, 128])) },
    }),
  ],
];

/** Contents of state and outputs after one run, by name. */
const emulated = (plan: Plan, held: ReadonlyMap<number, NativeArray>): ReadonlyMap<string, NativeArray> => {
  const found = new Map<string, NativeArray>();
  emulation(emitCuda(plan, TINY), ({ run }) => {
    const after = run((b) => {
      const { dtype, shape, place } = plan.buffers[b]!;
      return (
        held.get(b) ??
        arrayFrom(
          dtype,
          place.in === 'constant'
            ? Float64Array.from(place.data)
            : new Float64Array(shape.reduce((p, d) => p * d, 1)).fill(NaN),
        )
      );
    });
    for (const { name, buffer } of [...plan.outputs, ...plan.state]) found.set(name, after[buffer]!);
  });
  return found;
};

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let [d, n] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    d += (a[i]! - b[i]!) ** 2;
    n += b[i]! ** 2;
  }
  return Math.sqrt(d) / Math.max(Math.sqrt(n), 1e-20);
};

/*
 * Both sides round to bf16 where the plan says so, one in float32 and one in float64: now and then a value
 * falls to the other side of a tie, which is worth 2^-8 of that value.
 */
describe.each(programs)('%s', (_, p) => {
  test('computes what its plan says', { timeout: 180_000 }, () => {
    const plan = compile(p, { ...TARGETS.cuda, storage: 'bf16' });
    const start = (slots: Plan['state'], of: 'state' | 'inputs'): Float64Array[] =>
      slots.map((s) =>
        Float64Array.from(arrayFrom(plan.buffers[s.buffer]!.dtype, valueOf(p[of].get(s.name)!))),
      );
    const [state, inputs] = [start(plan.state, 'state'), start(plan.inputs, 'inputs')];
    const held = new Map<number, NativeArray>([
      ...plan.state.map((s, i) => [s.buffer, arrayFrom(plan.buffers[s.buffer]!.dtype, state[i]!)] as const),
      ...plan.inputs.map((s, i) => [s.buffer, arrayFrom(plan.buffers[s.buffer]!.dtype, inputs[i]!)] as const),
    ]);
    const found = emulated(plan, held);
    const outputs = interpret(plan, state, inputs);
    for (const [slots, values] of [
      [plan.outputs, outputs],
      [plan.state, state],
    ] as const) {
      slots.forEach((s, i) => expect(distance(found.get(s.name)!, values[i]!), s.name).toBeLessThan(1e-3)); // 4e-7 where no tie falls so
    }
  });
});
