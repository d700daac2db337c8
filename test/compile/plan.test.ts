import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { decodeJson } from '../../src/codec.js';
import type { CallAttributes, CallName } from '../../src/plan/calls.js';
import { PLAN_LIMITS } from '../../src/plan/numbers.js';
import { PlanCodec } from '../../src/plan/plan.js';
import { callOf, fusedOf, planOf, type BufferSpec } from '../native/plans.js';

/**
 * Plans from outside: the codec holds sizes against the limits of the devices, and names the place of what
 * passes them.
 */

const decoded = (plan: unknown): unknown => decodeJson(PlanCodec, JSON.stringify(plan), 'plan', 'PLAN');
const refuses = (plan: unknown, message: string): void => {
  let error: unknown;
  try {
    decoded(plan);
  } catch (e) {
    error = e;
  }
  expect(error).toMatchObject({ code: 'PLAN', message: expect.stringContaining(message) });
};

const buffers = (...shapes: number[][]): BufferSpec[] => shapes.map((shape) => ({ in: 'input', shape }));
const call = <K extends CallName>(kernel: K, attributes: object): unknown =>
  planOf(buffers([1], [1], [1]), [callOf(kernel, [0, 1], [2], attributes as CallAttributes<K>)]);
const conv = { n: 1, h: 3, w: 3, c: 1, f: 1, kh: 1, kw: 1, oh: 3, ow: 3, stride: [1, 1], dilation: [1, 1] };

describe('the codec of plans', () => {
  it('knows the limits of the devices', () => {
    const header = readFileSync(new URL('../../native/core/sizes.h', import.meta.url), 'utf8');
    const power = (name: string): number =>
      2 ** Number(new RegExp(`constexpr std::\\w+ ${name} = std::\\w+\\{1\\} << (\\d+);`).exec(header)?.[1]);
    expect({ ...PLAN_LIMITS, axes: 0, numbered: 0 }).toEqual({
      axes: 0,
      elements: power('mostElements'),
      arenaBytes: power('mostBytes'),
      numbered: 0,
      reach: power('mostReach'),
      worked: power('alwaysWorked'),
      repeats: power('mostRepeats'),
    });
  });

  it('refuses buffers and arenas beyond them', () => {
    refuses(
      planOf(buffers([4], [2 ** 31, 2 ** 31]), []),
      'plan.buffers[1].shape: expected shape of at most 1099511627776 elements and 64 axes, got [2147483648,2147483648]',
    );
    refuses(
      planOf(buffers([2 ** 53]), []),
      'plan.buffers[0].shape[0]: expected natural number, got 9007199254740992',
    );
    refuses(
      { ...planOf([], []), arenaBytes: 2 ** 50 },
      'plan.arenaBytes: expected integer from 0 to 70368744177664, got 1125899906842624',
    );
  });

  it('refuses domains that nobody waits for', () => {
    const work = (domain: [number, number, number], elements: number): unknown =>
      planOf(buffers([elements]), [
        fusedOf({ domain: [1, 1, 1] }),
        fusedOf({ domain, loads: [{ buffer: 0, strides: [0, 0, 0] }] }),
      ]);
    refuses(
      work([1e5, 1e5, 1e5], 4),
      'plan.steps[1].domain: expected domain of at most 268435456 elements, got [100000,100000,100000]',
    );
    expect(() => decoded(work([2 ** 10, 2 ** 18, 1], 4))).not.toThrow();
    expect(() => decoded(work([2 ** 10, 2 ** 20, 1], 2 ** 20))).not.toThrow();
  });

  it('knows what a convolution may do for the step after it, and no other call may', () => {
    const padding = [0, 0, 0, 0];
    const marked = (kernel: CallName, epilogue: unknown): { readonly steps: readonly object[] } => {
      const plan = call(kernel, { ...conv, padding }) as { readonly steps: readonly object[] };
      return { ...plan, steps: plan.steps.map((s) => ({ ...s, epilogue })) };
    };
    const map = { kind: 'map', spreads: ['full', 'channel'], keepsResult: true };
    for (const good of [map, { kind: 'sums', sum: 1, squares: 2 }])
      expect(decoded(marked('conv2d', good))).toEqual(marked('conv2d', good));
    expect(decoded(marked('conv2dWeightGrad', map))).toEqual(call('conv2dWeightGrad', { ...conv, padding }));
    refuses(marked('conv2d', { ...map, spreads: ['wide'] }), 'plan.steps[0].epilogue.spreads[0]: expected');
    refuses(marked('conv2d', { kind: 'sums', sum: -1, squares: 2 }), '.sum: expected natural number, got -1');
  });

  it('refuses attributes beyond them', () => {
    const padding = [0, 0, 0, 0];
    const at = 'plan.steps[0].attributes.';
    refuses(
      call('conv2d', { ...conv, padding, n: 2 ** 31 }),
      `${at}n: expected integer from 1 to 2147483647`,
    );
    refuses(call('conv2d', { ...conv, padding, kh: 0 }), `${at}kh: expected integer from 1 to 65536`);
    refuses(
      call('conv2dWeightGrad', { ...conv, padding: [0, 0, -1, 0] }),
      `${at}padding[2]: expected integer from 0 to 65536, got -1`,
    );
    refuses(
      call('conv2d', { ...conv, padding, stride: [0, 1] }),
      `${at}stride[0]: expected integer from 1 to 65536, got 0`,
    );
    refuses(
      call('argMax', { rows: 1, width: 0 }),
      `${at}width: expected integer from 1 to 2147483647, got 0`,
    );
    refuses(call('rankMask', { size: 2 ** 32 }), `${at}size: expected integer from 0 to 2147483647`);
    refuses(call('gather', { rows: 2 ** 32, width: 1, count: 1 }), `${at}rows: expected integer from 0 to`);
  });
});
