import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ceilDiv, half } from '../../src/tensor/dims.js';
import { convOutput } from '../../src/ops/conv2d.js';
import { ROWS } from '../types/dims.test-d.js';

describe('sizes', () => {
  it('as values are the sizes as types', () => {
    const rows = Object.entries(ROWS).map(([n, row]) => [Number(n), row] as const);
    expect(rows.length).toBeGreaterThanOrEqual(40);
    for (const [n, row] of rows)
      expect([ceilDiv(n, 2), ceilDiv(n, 4), ceilDiv(n, 8), half(n)], String(n)).toEqual(row);
  });
  it('ceil(ceil(n / a) / b) is ceil(n / ab), which the type of stride 4 and 8 relies on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (n) => {
        expect(ceilDiv(ceilDiv(n, 2), 2)).toBe(ceilDiv(n, 4));
        expect(ceilDiv(ceilDiv(n, 4), 2)).toBe(ceilDiv(n, 8));
      }),
    );
  });
  it('after a convolution padded by d (k - 1) / 2 are ceil(n / stride), whatever k and d', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(1, 3, 5, 7),
        fc.integer({ min: 1, max: 36 }),
        fc.constantFrom(1, 2, 4, 8),
        (n, k, d, s) => {
          expect(convOutput(n, k, s, d, (d * (k - 1)) / 2, (d * (k - 1)) / 2)).toBe(ceilDiv(n, s));
        },
      ),
    );
  });
  it('after an unpadded 2x2 window of stride 2 are floor(n / 2)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (n) => {
        expect(convOutput(n, 2, 2, 1, 0, 0)).toBe(half(n));
      }),
    );
  });
});
