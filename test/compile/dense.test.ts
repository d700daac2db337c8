import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { densePass } from '../../src/compile/dense.js';
import { TARGETS, wholeTarget } from '../../src/compile/target.js';
import type { Plan } from '../../src/plan/plan.js';
import { program, rootsOf } from '../../src/program/program.js';
import { normal, key } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import { ops } from '../../src/ops/registry.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';

/** Targets without sparse kernels get the same numbers from dense ones. */

const geometry = { stride: [2, 1], dilation: [1, 1], padding: [1, 0, 1, 2], kernel: [3, 2] } as const;
const x = ops.input('x', [2, 5, 4, 3]);
const values = ops.input('values', [4]);
const index = ops.literal([4], [0, 7, 30, 71], 'i32');
const y = ops.sparseConv2d(x, values, index, 4, geometry);
const outputs = {
  y,
  dx: ops.sparseConv2dInputGrad(y, values, index, [5, 4, 3], geometry),
  dvalues: ops.sparseConv2dWeightGrad(x, y, index, geometry),
};
const p = program('sparse', { outputs });
const kernelsOf = ({ steps }: Plan): string[] => steps.flatMap((s) => ('kernel' in s ? [s.kernel] : []));

describe('sparse convolutions', () => {
  test('are calls of their own where a target has them', () =>
    expect(kernelsOf(compile(p, TARGETS.cpu))).toEqual(Object.values(outputs).map(({ op }) => op)));
  test('are dense ones elsewhere', () => {
    const kernels = kernelsOf(compile(p, TARGETS.cuda));
    expect(kernels.filter((kernel) => kernel.startsWith('sparse'))).toEqual([]);
    expect(kernels).toEqual(expect.arrayContaining(['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad']));
  });
  test('with the same results', () => {
    const given = (leaf: Tensor): Float64Array => normal(key(leaf === x ? 1 : 2), size(leaf.shape));
    const { roots } = densePass.run({ program: p, target: wholeTarget(TARGETS.cuda), roots: rootsOf(p) });
    const [own, dense] = [evaluate(rootsOf(p), given), evaluate(roots, given)];
    own.forEach((numbers, i) =>
      numbers.forEach((v, k) => expect(Math.abs(v - dense[i]![k]!)).toBeLessThan(1e-12)),
    );
  });
});
