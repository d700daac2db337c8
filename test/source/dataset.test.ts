import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalise, perClass, subset, type Split } from '../../src/source/dataset.js';
import { key } from '../../src/random.js';

/** 40 images of 2x1x3 bytes; image i holds 6i mod 256, ... and has label i mod 4. */
const split: Split = {
  images: Uint8Array.from({ length: 40 * 6 }, (_, i) => i % 256),
  labels: Int32Array.from({ length: 40 }, (_, i) => i % 4),
  count: 40,
};

describe('a subset', () => {
  it('has the images and labels of its indices, in their order', () => {
    const s = subset(split, [3, 0, 3]);
    expect(Array.from(s.images)).toEqual([18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23]);
    expect(Array.from(s.labels)).toEqual([3, 0, 3]);
    expect(s.count).toBe(3);
  });
  it('names an index out of range', () => {
    expect(() => subset(split, [40])).toThrow('subset: image 40 of 40; indices run from 0 to 39');
  });
});

describe('a draw per class', () => {
  it('is balanced, without repetition, in rounds of all classes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 10 }), (seed, examples) => {
        const drawn = perClass(split, 4, examples, key(seed));
        expect(new Set(drawn).size).toBe(4 * examples);
        expect(Array.from(drawn, (i) => split.labels[i])).toEqual(Array.from(drawn, (_, i) => i % 4));
        expect(perClass(split, 4, examples, key(seed))).toEqual(drawn);
        expect(Array.from(perClass(split, 4, 10, key(seed)).subarray(0, 4 * examples))).toEqual(
          Array.from(drawn),
        );
      }),
      { numRuns: 30 },
    );
  });
  it('depends on the key', () => {
    expect(perClass(split, 4, 5, key(1))).not.toEqual(perClass(split, 4, 5, key(2)));
  });
  it('names the class that has too few', () => {
    expect(() => perClass(split, 5, 3, key(1))).toThrow(
      'perClass: class 4 has 0 images, 3 were asked for; ask for at most 0',
    );
    expect(() => perClass(split, 4, 11, key(1))).toThrow(
      'perClass: class 0 has 10 images, 11 were asked for; ask for at most 10',
    );
  });
});

describe('normalisation', () => {
  it('is (byte / 255 - mean) / std of each channel, rounded once', () => {
    const mean = [0.491, 0.482, 0.447];
    const std = [0.247, 0.243, 0.262];
    expect(Array.from(normalise(split, [7, 2], mean, std))).toEqual(
      [42, 43, 44, 45, 46, 47, 12, 13, 14, 15, 16, 17].map((v, i) =>
        Math.fround((v / 255 - mean[i % 3]!) / std[i % 3]!),
      ),
    );
  });
  it('names constants that do not fit', () => {
    expect(() => normalise(split, [0], [0.5], [1, 1])).toThrow(
      'normalise: 1 means, 2 deviations, 6 bytes an image; give one of each a channel',
    );
    expect(() => normalise(split, [-1], [0.5], [1])).toThrow('normalise: image -1 of 40');
  });
});
