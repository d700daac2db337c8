import { describe, expect, it } from 'vitest';
import {
  gelu,
  hardswish,
  leakyRelu,
  relu6,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '../../src/nn/activations.js';
import { ops } from '../../src/ops/registry.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { pathNetwork } from '../../src/transform/paths.js';
import { run } from '../ops/helper.js';

const x = ops.input('x', [1, 7]);
const at = [-8, -3, -0.5, 0, 0.5, 3, 8];
const of = (f: (t: Tensor<readonly [1, 7]>) => Tensor): number[] => [
  ...run([f(x as Tensor<readonly [1, 7]>)], new Map([[x, Float64Array.from(at)]]))[0]!,
];
const expectNear = (found: readonly number[], expected: readonly number[]): void =>
  found.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 6));

// Values of PyTorch 2's functional forms at -8, -3, -0.5, 0, 0.5, 3, 8, to 7 digits.
describe('activations', () => {
  it('are those of the field', () => {
    expectNear(of(sigmoid), [0.0003354, 0.0474259, 0.3775407, 0.5, 0.6224593, 0.9525741, 0.9996646]);
    expectNear(of(tanh), at.map(Math.tanh));
    expectNear(
      of(softplus),
      at.map((t) => Math.log1p(Math.exp(t))),
    );
    expectNear(
      of(silu),
      at.map((t) => t / (1 + Math.exp(-t))),
    );
    expectNear(of(leakyRelu()), [-0.08, -0.03, -0.005, 0, 0.5, 3, 8]);
    expectNear(of(leakyRelu(0.2)), [-1.6, -0.6, -0.1, 0, 0.5, 3, 8]);
    expectNear(of(relu6), [0, 0, 0, 0, 0.5, 3, 6]);
    expectNear(of(hardswish), [0, 0, -0.2083333, 0, 0.2916667, 3, 8]);
  });

  it('gelu has both forms', () => {
    expectNear(of(gelu()), [0, -0.0040497, -0.1542688, 0, 0.3457312, 2.9959503, 8]);
    expectNear(of(gelu('tanh')), [0, -0.0036374, -0.154286, 0, 0.345714, 2.9963627, 8]);
    expect(() => gelu('fast' as never)).toThrow("gelu: form 'fast' is unknown; choose from exact, tanh");
  });
});

describe('paths through piecewise-linear activations', () => {
  const reading = (
    f: (t: Tensor) => Tensor,
    gates: 'open' | 'network',
    weights: 'squared' | 'one',
  ): number[] => {
    const net = { name: 'one', input: x, output: f(x) };
    const values = ops.input('values', [1, 7]);
    const { output } = pathNetwork(net, values, { weights, gates, scaled: false });
    const all = new Map([
      [x, Float64Array.from(at)],
      [values, new Float64Array(7).fill(1)],
    ]);
    return [...run([output.mantissa], all)[0]!];
  };

  it('leakyRelu is an open edge in H1 and carries the square of its gate in H2 (methods 3.3)', () => {
    expect(reading(leakyRelu(0.5), 'open', 'squared')).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(reading(leakyRelu(0.5), 'network', 'one')).toEqual([0.25, 0.25, 0.25, 0.25, 1, 1, 1]);
  });

  it('a curved activation is refused by name', () => {
    expect(() => reading(silu, 'open', 'squared')).toThrow('paths: sigmoid is not piecewise linear');
  });
});
