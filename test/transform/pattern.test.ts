import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaves, nameOf } from '../../src/graph/graph.js';
import { batchNorm } from '../../src/nn/layers.js';
import { ops } from '../../src/ops/registry.js';
import { fold, key, normal, uniform, type Key } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { patternOf } from '../../src/transform/pattern.js';

/** Which elements of an expression of weights are zero, whatever the weights are. */

const weight = (name: string, ...shape: number[]): Tensor => ops.state(name, shape, { role: 'weight' });
const of = (t: Tensor, known: Readonly<Record<string, readonly number[]>>): number[] | null => {
  const pattern = patternOf(new Map(Object.entries(known)))(t);
  return pattern === null ? null : [...pattern];
};

describe('zeros of one expression', () => {
  const w = weight('w', 2, 3);
  const known = { w: [1, 0, 0, 0, 0, 1], v: [0, 1, 1, 0, 0, 1] };
  const mean = ops.broadcast(ops.mul(ops.sum(w, [1]), ops.scalar(1 / 3)), [2, 3], [0]);
  const cases: readonly (readonly [string, Tensor, number[] | null])[] = [
    ['a leaf', w, [1, 0, 0, 0, 0, 1]],
    ['a leaf that nothing is known of', weight('u', 2), null],
    ['constants', ops.add(ops.literal([3], [0, 2, 0]), ops.scalar(0)), [0, 1, 0]],
    ['moved', ops.transpose(w, [1, 0]), [1, 0, 0, 0, 0, 1]],
    [
      'placed',
      ops.place(ops.slice(w, [0, 1], [2, 3], [1, 1]), [2, 4], [0, 1], [1, 2]),
      [0, 0, 0, 0, 0, 0, 0, 1],
    ],
    ['placed, and unknown', ops.place(weight('u', 1), [3], [1], [1]), [0, 1, 0]],
    ['joined', ops.concat([w, weight('v', 2, 3)], 1), [1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1]],
    ['scaled by itself', ops.mul(w, ops.exp(w)), [1, 0, 0, 0, 0, 1]],
    ['scaled by a row', ops.mul(w, ops.literal([3], [1, 1, 0])), [1, 0, 0, 0, 0, 0]],
    ['divided', ops.div(w, ops.sqrt(ops.add(ops.variance(w), ops.scalar(1e-5)))), [1, 0, 0, 0, 0, 1]],
    ['less its mean', ops.sub(w, mean), [1, 1, 1, 1, 1, 1]],
    ['less another', ops.sub(w, weight('v', 2, 3)), [1, 1, 1, 0, 0, 1]],
    ['less itself', ops.sub(w, w), [1, 0, 0, 0, 0, 1]],
    ['a function that is 0 at 0', ops.tanh(ops.neg(w)), [1, 0, 0, 0, 0, 1]],
    ['a function that is not', ops.sigmoid(w), null],
    ['a comparison that holds for zeros', ops.equal(w, w), null],
    ['a product of matrices', ops.matmul(w, weight('v', 2, 3), { transposeB: true }), [0, 0, 1, 1]],
    ['a norm that is not read yet', batchNorm('n')(w), null],
    ['an index', ops.gather(w, ops.literal([1], [1], 'i32')), null],
  ];
  test.each(cases)('%s', (_, t, expected) => expect(of(t, known)).toEqual(expected));
});

/** A random expression [2, 3] of masked weights [2, 3]. */
const expression = (seed: Key, depth: number): Tensor => {
  const at = (what: string): number => uniform(fold(seed, what), 1)[0]!;
  const inner = (part: string): Tensor => expression(fold(seed, part), depth - 1);
  if (depth === 0 || at('leaf') < 0.1) return weight(`w${Math.floor(3 * at('which'))}`, 2, 3);
  const ways: readonly (() => Tensor)[] = [
    () => ops.add(inner('a'), inner('b')),
    () => ops.sub(inner('a'), inner('b')),
    () => ops.mul(inner('a'), inner('b')),
    () => ops.div(inner('a'), ops.add(ops.exp(inner('b')), ops.scalar(1))),
    () => ops.max(inner('a'), inner('b')),
    () => ops.select(inner('a'), inner('b'), inner('c')),
    () => ops.relu(inner('a')),
    () => ops.tanh(inner('a')),
    () => ops.softplus(inner('a')),
    () => ops.greater(inner('a'), inner('b')),
    () => ops.reshape(ops.transpose(inner('a'), [1, 0]), [2, 3]),
    () => ops.place(ops.slice(inner('a'), [0, 1], [2, 3], [1, 1]), [2, 3], [0, 0], [1, 2]),
    () =>
      ops.concat(
        [ops.slice(inner('a'), [0, 0], [1, 3], [1, 1]), ops.slice(inner('b'), [1, 0], [2, 3], [1, 1])],
        0,
      ),
    () => ops.matmul(ops.matmul(inner('a'), inner('b'), { transposeB: true }), inner('c')),
    () => ops.broadcast(ops.sum(inner('a'), [0]), [2, 3], [1]),
    () => ops.broadcast(ops.maximum(inner('a'), [1]), [2, 3], [0]),
    () => ops.sub(inner('a'), ops.broadcast(ops.sum(inner('a'), [1]), [2, 3], [0])),
  ];
  return ways[Math.floor(ways.length * at('way'))]!();
};

test('of random expressions: no element that some live weights make other than zero has a 0', () => {
  let zeros = 0;
  let ones = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }).map(key), fc.constantFrom(1, 2, 3), (seed, depth) => {
      const t = expression(seed, depth);
      const masks = new Map(
        leaves([t], 'state').map((leaf) => [
          nameOf(leaf),
          Uint8Array.from(uniform(fold(seed, 'mask', nameOf(leaf)), size(leaf.shape)), (u) =>
            u < 0.5 ? 1 : 0,
          ),
        ]),
      );
      const pattern = patternOf(masks)(t) ?? new Uint8Array(size(t.shape)).fill(1);
      for (let draw = 0; draw < 4; draw++) {
        const [values] = evaluate([t], (leaf) => {
          const z = normal(fold(seed, `draw ${draw}`, nameOf(leaf)), size(leaf.shape));
          return z.map((v, i) => v * masks.get(nameOf(leaf))![i]!);
        });
        values!.forEach((v, i) => expect(pattern[i] === 1 || v === 0).toBe(true));
      }
      pattern.forEach((bit) => (bit === 1 ? ones++ : zeros++));
    }),
    { numRuns: 400, seed: 5 },
  );
  expect(Math.min(zeros, ones)).toBeGreaterThan(300);
});
