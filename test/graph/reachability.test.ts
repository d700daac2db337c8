import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reachability } from '../../src/graph/reachability.js';

type Edge = readonly [later: number, earlier: number];

/** By the definition: through direct edges, one after the other. */
const naive = (edges: readonly Edge[], later: number, earlier: number): boolean =>
  edges.some(([l, e]) => l === later && (e === earlier || naive(edges, e, earlier)));

/**
 * Elements in a hidden order, so that an edge may put an older element after a newer one, as joining a group
 * does.
 */
const growing = fc.integer({ min: 1, max: 40 }).chain((n) =>
  fc.record({
    rank: fc.shuffledSubarray(
      Array.from({ length: n }, (_, i) => i),
      { minLength: n, maxLength: n },
    ),
    pairs: fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1)), { maxLength: 60 }),
  }),
);

describe('reachability', () => {
  it('says after every edge what following edges one by one says', () => {
    fc.assert(
      fc.property(growing, ({ rank, pairs }) => {
        const elements = rank.map((_, i) => i);
        const order = reachability<number>(elements.length);
        elements.forEach((e) => order.add(e));
        const edges: Edge[] = [];
        for (const [a, b] of pairs) {
          if (a === b) continue;
          const [later, earlier] = rank[a]! > rank[b]! ? [a, b] : [b, a];
          order.connect(later, earlier);
          edges.push([later, earlier]);
          for (const x of elements) expect(order.follows(x, earlier)).toBe(naive(edges, x, earlier));
        }
        for (const x of elements)
          for (const y of elements) expect(order.follows(x, y)).toBe(naive(edges, x, y));
      }),
      { numRuns: 60 },
    );
  });

  it('takes elements while it is asked', () => {
    const order = reachability<string>(3);
    order.add('a');
    order.add('b');
    order.connect('b', 'a');
    order.add('c');
    order.connect('c', 'b');
    expect([order.follows('c', 'a'), order.follows('a', 'c'), order.follows('a', 'a')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('tells what must come after an element that was put later itself', () => {
    const order = reachability<string>(3);
    for (const e of ['user', 'group', 'late']) order.add(e);
    order.connect('user', 'group');
    order.connect('group', 'late');
    expect(order.follows('user', 'late')).toBe(true);
  });
});
