import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentation, batches, epochOrder, noAugmentation } from '../../src/source/batches.js';
import { key } from '../../src/random.js';

const standard = { pad: 4, flip: true };

describe('the order of an epoch', () => {
  it('is a permutation, the same for the same key and epoch, another for the next', () => {
    const order = epochOrder(key(1), 0, 500);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(epochOrder(key(1), 0, 500)).toEqual(order);
    expect(epochOrder(key(1), 1, 500)).not.toEqual(order);
    expect(epochOrder(key(2), 0, 500)).not.toEqual(order);
  });
});

describe('augmentation', () => {
  it('shifts by -pad to pad and flips by 0 or 1', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(5), (seed, pad) => {
        const rows = augmentation(key(seed), 2, 3, 40, { pad, flip: true });
        expect(rows.length).toBe(120);
        rows.forEach((v, i) => expect(i % 3 === 2 ? v === 0 || v === 1 : Math.abs(v) <= pad).toBe(true));
      }),
      { numRuns: 20 },
    );
  });
  it('reaches every shift and both sides, evenly', () => {
    const rows = augmentation(key(5), 0, 0, 18_000, standard);
    const counts = [0, 1].map((axis) =>
      Array.from({ length: 9 }, (_, d) => rows.filter((v, i) => i % 3 === axis && v === d - 4).length),
    );
    for (const axis of counts)
      expect(axis.reduce((s, c) => s + (c - 2000) ** 2 / 2000, 0)).toBeLessThan(26.1); // 0.1 % point
    expect(Math.abs(rows.filter((v, i) => i % 3 === 2 && v === 1).length - 9000)).toBeLessThan(230);
  });
  it('depends on key, epoch and step alone, and flips no shift', () => {
    const rows = augmentation(key(1), 2, 3, 64, standard);
    expect(augmentation(key(1), 2, 3, 64, standard)).toEqual(rows);
    for (const other of [
      augmentation(key(2), 2, 3, 64, standard),
      augmentation(key(1), 3, 3, 64, standard),
      augmentation(key(1), 2, 4, 64, standard),
    ]) {
      expect(other).not.toEqual(rows);
    }
    expect(augmentation(key(1), 2, 3, 64, { pad: 4, flip: false })).toEqual(
      rows.map((v, i) => (i % 3 === 2 ? 0 : v)),
    );
  });
  it('can be none', () => {
    expect(noAugmentation(2)).toEqual(new Int32Array(6));
    expect(augmentation(key(1), 0, 0, 2, { pad: 0, flip: false })).toEqual(noAugmentation(2));
    expect(() => augmentation(key(1), 0, 0, 2, { pad: -1, flip: false })).toThrow(
      'augmentation: pad must be a whole number from 0 on, got -1; give one',
    );
  });
});

describe('batches', () => {
  it('cover the images once, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (count, size) => {
        const cut = batches(count, size, { dropLast: false });
        expect(cut.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
          Array.from({ length: count }, (_, i) => i),
        );
        expect(cut.slice(0, -1).every(({ from, to }) => to - from === size)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
  it('are all full where the last is dropped', () => {
    expect(batches(10, 4, { dropLast: true })).toEqual([
      { from: 0, to: 4 },
      { from: 4, to: 8 },
    ]);
    expect(() => batches(3, 4, { dropLast: true })).toThrow(
      'batches: no batch of 4 in 3 images; take a smaller batch',
    );
    expect(() => batches(3, 0, { dropLast: true })).toThrow(
      'batches: size must be a whole number from 1 on, got 0; give one',
    );
  });
});
