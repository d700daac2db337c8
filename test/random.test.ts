import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox } from '../src/philox.js';
import { fold, integers, key, normal, permutation, uniform, words } from '../src/random.js';

const hex = (block: readonly number[]): string => block.map((w) => w.toString(16).padStart(8, '0')).join(' ');
const seeds = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe('philox4x32-10 gives the vectors published with Random123', () => {
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('%j', (counter, k, expected) => {
    expect(hex(philox(counter, k))).toBe(expected);
  });
  it('the stream of a key is its blocks in order', () => {
    const k = key(7);
    expect(Array.from(words(k, 6))).toEqual(
      [...philox([0, 0, 0, 0], k), ...philox([1, 0, 0, 0], k)].slice(0, 6),
    );
  });
});

describe('keys', () => {
  it('are values that cannot be changed', () => {
    const k = key(2 ** 40 + 5);
    expect(k).toEqual([5, 256]);
    expect(Object.isFrozen(k) && Object.isFrozen(fold(k, 1))).toBe(true);
  });
  it('fold label by label', () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.maxSafeInteger(), (seed, text, n) => {
        expect(fold(key(seed), text, n)).toEqual(fold(fold(key(seed), text), n));
      }),
    );
  });
  it('differ where a label differs, in kind, order, length or sign', () => {
    const labels: readonly (readonly (number | string)[])[] = [
      [],
      [0],
      [1],
      [-1],
      [2 ** 32],
      ['0'],
      ['1'],
      [''],
      ['a'],
      ['a\0'],
      ['ab', 'c'],
      ['a', 'bc'],
      [0, 1],
      [1, 0],
      ['12345678'],
      ['123456789'],
    ];
    expect(new Set(labels.map((l) => fold(key(3), ...l).join())).size).toBe(labels.length);
  });
  it('refuse what is no whole number', () => {
    expect(() => key(1.5)).toThrow('random: seed must be a whole number below 2^53, got 1.5');
    expect(() => key(-1)).toThrow('random: seed must not be negative, got -1');
    expect(() => fold(key(1), NaN)).toThrow('random: label must be a whole number below 2^53, got NaN');
  });
});

describe('draws', () => {
  it('of fewer numbers are a prefix of draws of more', () => {
    fc.assert(
      fc.property(seeds, fc.nat(50), fc.nat(50), (seed, n, more) => {
        const k = key(seed);
        for (const draw of [uniform, normal, words, (q: typeof k, m: number) => integers(q, m, 1000)]) {
          expect(Array.from(draw(k, n))).toEqual(Array.from(draw(k, n + more)).slice(0, n));
        }
      }),
      { numRuns: 30 },
    );
  });
  it('are uniform in [0, 1) with the right moments', () => {
    const u = uniform(key(1), 100_000);
    const mean = u.reduce((s, x) => s + x, 0) / u.length;
    const square = u.reduce((s, x) => s + x * x, 0) / u.length;
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(0.005);
    expect(Math.abs(square - 1 / 3)).toBeLessThan(0.005);
  });
  it('are normal with the right moments and tails', () => {
    const z = normal(key(2), 100_000);
    const moment = (p: number): number => z.reduce((s, x) => s + x ** p, 0) / z.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.015);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    expect(z.filter((x) => Math.abs(x) > 1.96).length / z.length).toBeCloseTo(0.05, 2);
  });
  it('of whole numbers favour none, also where the bound does not divide 2^32', () => {
    const counts = new Float64Array(6);
    for (const i of integers(key(3), 60_000, 6)) counts[i]! += 1;
    const chi2 = counts.reduce((s, c) => s + (c - 10_000) ** 2 / 10_000, 0);
    expect(chi2).toBeLessThan(20.5); // 0.1 % point of 5 degrees of freedom
    // 3 * 2^29 leaves a quarter of all words over: without rejection the low third would hold 3/8.
    const wide = integers(key(4), 30_000, 3 * 2 ** 29);
    expect(Math.abs(wide.filter((x) => x < 2 ** 29).length / wide.length - 1 / 3)).toBeLessThan(0.012);
    expect(() => integers(key(1), 1, 0)).toThrow('random: bound must be from 1 to 2^31, got 0');
  });
  it('of an order hold every index once', () => {
    fc.assert(
      fc.property(seeds, fc.nat(300), (seed, n) => {
        expect(Array.from(permutation(key(seed), n)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: n }, (_, i) => i),
        );
      }),
      { numRuns: 50 },
    );
  });
  it('of an order are equally likely', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = permutation(fold(key(5), i), 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chi2 = [...counts.values()].reduce((s, c) => s + (c - 2000) ** 2 / 2000, 0);
    expect(counts.size).toBe(6);
    expect(chi2).toBeLessThan(20.5);
  });
  it('never change from one release to the next', () => {
    expect(hex(fold(key(42), 'init', 'conv1', 0))).toMatchInlineSnapshot(`"c9d472a9 723ceec8"`);
    expect(Array.from(normal(key(42), 3), (x) => x.toFixed(12))).toMatchInlineSnapshot(`
      [
        "1.234541820978",
        "0.611849930268",
        "-2.955053367468",
      ]
    `);
    expect(Array.from(permutation(key(42), 8))).toMatchInlineSnapshot(`
      [
        6,
        4,
        0,
        5,
        2,
        7,
        1,
        3,
      ]
    `);
  });
});
