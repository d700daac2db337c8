import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeBuffers, type Lifetime } from '../../src/compile/memory.js';

const lifetimes = fc
  .array(fc.record({ bytes: fc.integer({ min: 0, max: 1000 }), from: fc.nat(20), length: fc.nat(8) }), {
    maxLength: 60,
  })
  .map((all) => all.map(({ bytes, from, length }, id): Lifetime => ({ id, bytes, from, to: from + length })));

const room = (bytes: number): number => Math.ceil(Math.max(bytes, 1) / 64) * 64;

/** Largest first, each at the lowest gap among all that live with it. */
const naive = (all: readonly Lifetime[]): Map<number, number> => {
  const offsets = new Map<number, number>();
  const placed: { l: Lifetime; start: number }[] = [];
  for (const l of [...all].sort((a, b) => b.bytes - a.bytes || a.from - b.from || a.id - b.id)) {
    const busy = placed.filter((p) => p.l.from <= l.to && l.from <= p.l.to);
    const starts = [0, ...busy.map((p) => p.start + room(p.l.bytes))].sort((a, b) => a - b);
    const start = starts.find((s) =>
      busy.every((p) => s + room(l.bytes) <= p.start || p.start + room(p.l.bytes) <= s),
    )!;
    placed.push({ l, start });
    offsets.set(l.id, start);
  }
  return offsets;
};

test('every buffer lies in the lowest gap that is free while it lives', () => {
  fc.assert(
    fc.property(lifetimes, (all) => {
      const { offsets, bytes } = placeBuffers(all);
      expect(new Map([...offsets].sort())).toEqual(new Map([...naive(all)].sort()));
      expect(bytes).toBe(all.reduce((top, l) => Math.max(top, offsets.get(l.id)! + room(l.bytes)), 0));
    }),
  );
});
