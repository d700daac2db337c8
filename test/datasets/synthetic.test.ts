import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { normalise } from '../../src/source/dataset.js';
import { synthetic } from '../../src/datasets/synthetic.js';

const digest = (...arrays: readonly (Uint8Array | Int32Array)[]): string =>
  arrays
    .reduce(
      (hash, a) => hash.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength)),
      createHash('sha256'),
    )
    .digest('hex');

describe('synthetic shapes', () => {
  const data = synthetic({ seed: 7, train: 1000, test: 200 });

  it('say what they are', () => {
    const { train: _, test: __, classNames, ...rest } = data;
    expect(rest).toEqual({
      name: 'synthetic shapes',
      synthetic: true,
      source: 'generated',
      height: 32,
      width: 32,
      channels: 3,
      classes: 10,
      mean: [0.5, 0.5, 0.5],
      std: [0.26, 0.26, 0.26],
    });
    expect(new Set(classNames).size).toBe(10);
  });
  it('are the same for the same seed, on every machine', () => {
    const drawn = (seed: number): string => {
      const { train, test } = synthetic({ seed, train: 60, test: 20 });
      return digest(train.images, train.labels, test.images, test.labels);
    };
    expect(drawn(1)).toMatchInlineSnapshot(
      `"0e37290c6870507d231bce7e2ed0678eab18374d9444e028789e8027abd55cc1"`,
    );
    expect(drawn(1)).toBe(drawn(1));
    expect(drawn(2)).not.toBe(drawn(1));
  });
  it('have as many images of every class, and none twice', () => {
    for (const [split, each] of [
      [data.train, 100],
      [data.test, 20],
    ] as const) {
      expect(split.images.length).toBe(split.count * 3072);
      for (let k = 0; k < 10; k++) expect(split.labels.filter((label) => label === k).length).toBe(each);
    }
    const images = [data.train, data.test].flatMap(({ images: all, count }) =>
      Array.from({ length: count }, (_, i) => digest(all.subarray(i * 3072, (i + 1) * 3072))),
    );
    expect(new Set(images).size).toBe(1200);
  });
  it('have the mean and deviation that they state', () => {
    const x = normalise(
      data.train,
      data.train.labels.map((_, i) => i),
      data.mean,
      data.std,
    );
    const mean = x.reduce((s, v) => s + v, 0) / x.length;
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.abs(Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length - mean * mean) - 1)).toBeLessThan(
      0.1,
    );
  });
  it('are not told apart by their average image, as a figure that is anywhere in any colour must not be', () => {
    const sums = Array.from({ length: 10 }, () => new Float64Array(3072));
    data.train.images.forEach((v, i) => {
      sums[data.train.labels[Math.floor(i / 3072)]!]![i % 3072]! += v / 100;
    });
    const nearest = (i: number): number => {
      const distances = sums.map((m) =>
        m.reduce((s, v, j) => s + (v - data.test.images[i * 3072 + j]!) ** 2, 0),
      );
      return distances.indexOf(Math.min(...distances));
    };
    const right = Array.from({ length: 200 }, (_, i) => nearest(i)).filter(
      (k, i) => k === data.test.labels[i],
    ).length;
    expect(right / 200).toBeLessThan(0.3);
  });
  it('come in no fraction', () => {
    expect(() => synthetic({ seed: 1, train: 0 })).toThrow(
      'synthetic: train 0 is not a positive integer; give one',
    );
    expect(() => synthetic({ seed: 1, train: 10, test: 1.5 })).toThrow(
      'synthetic: test 1.5 is not a positive integer; give one',
    );
  });
});
