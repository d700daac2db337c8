import { describe, expect, it } from 'vitest';
import { sameShape, showType, size, stridesOf } from '../../src/tensor/tensor.js';

describe('shapes', () => {
  it('have a size, 1 for scalars', () => expect([size([]), size([2, 3, 4])]).toEqual([1, 24]));
  it('are row-major', () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
  });
  it('are equal axis by axis', () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });
  it('are shown with their dtype', () =>
    expect([showType({ shape: [2, 3], dtype: 'f32' }), showType({ shape: [], dtype: 'i32' })]).toEqual([
      'f32[2, 3]',
      'i32[]',
    ]));
});
