import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { TARGETS } from '../../src/compile/target.js';
import { prunable } from '../../src/nn/network.js';
import type { Program } from '../../src/program/program.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import type { NativeArray } from '../../src/runtime/native.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { interpret } from '../compile/interpret.js';
import { data, networks, valueOf } from '../compile/tiny.js';
import { arrayFrom } from '../native/plans.js';
import { emulation } from './emulate.js';
import { TINY } from './joined.js';

/**
 * Whole programs in the emulator, with plain loops where a GPU would ask a library, against the plan's
 * interpreter in float64.
 */

const net = networks['resnet']!();
const lenet = networks['lenet']!();
const rounds = roundPrograms(net, px(), 3);
const programs: readonly (readonly [string, Program])[] = [
  [
    'a training step of a residual network',
    trainStep(net, data, { split: 'train', count: 6 }, 3, { nesterov: true }),
  ],
  ['its evaluation', evaluateStep(net, data, { split: 'test', count: 6 }, 2)],
  ['a PX observation', rounds.accumulate!],
  ['a PX round', rounds.select],
  [
    'a PX round that ranks in each layer but one',
    roundPrograms(net, px(), 3, {
      groups: prunable(net)
        .slice(1)
        .map((_, i) => [i + 1]),
    }).select,
  ],
  ['a training step of LeNet', trainStep(lenet, data, { split: 'train', count: 6 }, 3)],
];

describe.each(programs)('%s', (_, program) => {
  const plan = compile(program, TARGETS.cuda);
  // float32 values on both sides, so that only the arithmetic differs
  const valueAt = (
    slot: { readonly name: string; readonly buffer: number },
    of: 'state' | 'inputs',
  ): Float64Array =>
    Float64Array.from(arrayFrom(plan.buffers[slot.buffer]!.dtype, valueOf(program[of].get(slot.name)!)));

  test('computes what its plan says', { timeout: 180_000 }, () => {
    const state = plan.state.map((s) => valueAt(s, 'state'));
    const inputs = plan.inputs.map((s) => valueAt(s, 'inputs'));
    const held = new Map<number, NativeArray>([
      ...plan.state.map((s, i) => [s.buffer, arrayFrom(plan.buffers[s.buffer]!.dtype, state[i]!)] as const),
      ...plan.inputs.map((s, i) => [s.buffer, arrayFrom(plan.buffers[s.buffer]!.dtype, inputs[i]!)] as const),
    ]);
    const outputs = interpret(plan, state, inputs);
    emulation(emitCuda(plan, TINY), ({ run }) => {
      const after = run((b) => {
        const { dtype, shape, place } = plan.buffers[b]!;
        const n = shape.reduce((p, d) => p * d, 1);
        return (
          held.get(b) ??
          (place.in === 'constant'
            ? arrayFrom(dtype, Float64Array.from(place.data))
            : arrayFrom(dtype, new Float64Array(n).fill(NaN)))
        );
      });
      [
        ...plan.outputs.map((s, i) => [s, outputs[i]!] as const),
        ...plan.state.map((s, i) => [s, state[i]!] as const),
      ].forEach(([slot, expected]) => {
        const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
        const error = Array.from(after[slot.buffer]!).reduce((m, v, k) => {
          if (Object.is(v, expected[k])) return m;
          return Number.isNaN(v) ? Infinity : Math.max(m, Math.abs(v - expected[k]!));
        }, 0);
        expect(error / scale, slot.name).toBeLessThan(1e-4);
      });
    });
  });
});
