import { describe, expect, test } from 'vitest';
import { linear, relu } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { px } from '../../src/prune/criteria/px.js';
import { scoreProgram } from '../../src/prune/programs.js';
import { referenceDevice } from '../../src/runtime/reference.js';

/** methods.md 3.8: the 2-layer bias-free ReLU network with known scores. */
const net = network('two-layer', [2], (x) => linear('v', 2, { bias: false })(relu(linear('w', 2, { bias: false })(x))));

const scores = async (maskV: readonly number[], scaled: boolean): Promise<{ q: number; w: number[]; v: number[] }> => {
  const device = referenceDevice();
  const p = scoreProgram(net, px({ scaled }), 2);
  const store = device.store();
  const values: Record<string, readonly number[]> = { 'w.weight': [1, -2, 3, 0.5], 'v.weight': [2, -1, 0.5, 1], 'mask/w.weight': [1, 1, 1, 1], 'mask/v.weight': maskV };
  for (const [name, leaf] of p.state) await store.add(name, leaf, values[name]!);
  const out = await (await device.compile(p)).run(store, { images: [1, 2, 2, 0.5] });
  const q = out['total']![0]! * 2 ** out['exponent']![0]!;
  return { q, w: Array.from(out['score/w.weight']!, (s) => s * q), v: Array.from(out['score/v.weight']!, (s) => s * q) };
};

const near = (a: readonly number[], b: readonly number[]): void => a.forEach((x, i) => expect(x).toBeCloseTo(b[i]!, 10));

describe.each([true, false])('the exactly solvable case, exponents %s', (scaled) => {
  test('dense', async () => {
    const { q, w, v } = await scores([1, 1, 1, 1], scaled);
    expect(q).toBeCloseTo(536.625, 10);
    near(w, [57.375, 229.5, 243, 6.75]);
    near(v, [270, 124.875, 16.875, 124.875]);
  });
  test('with V[1][0] masked', async () => {
    const { q, w, v } = await scores([1, 1, 0, 1], scaled);
    expect(q).toBeCloseTo(480.4375, 10);
    near(w, [54, 216, 204.75, 5.6875]);
    near(v, [270, 124.875, 0, 85.5625]);
  });
});
