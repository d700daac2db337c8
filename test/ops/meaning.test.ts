import { describe, expect, it } from 'vitest';
import { ops } from '../../src/ops/registry.js';
import { key, normal } from '../../src/random.js';
import { size, type Shape, type Tensor } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { leaf, reader, run, tabulate, total } from './helper.js';

/** Each op against its definition, written index by index. */

const random = (shape: Shape, seed = 1): Float64Array => normal(key(seed), size(shape));
const expectClose = (a: Float64Array, b: Float64Array): void => {
  expect(a.length).toBe(b.length);
  a.forEach((v, i) => expect(Math.abs(v - b[i]!)).toBeLessThanOrEqual(1e-13 * (1 + Math.abs(b[i]!))));
};
const apply1 = (build: (x: Tensor) => Tensor, shape: Shape, values: Float64Array): Float64Array => {
  const x = leaf('x', shape);
  return run([build(x)], new Map([[x, values]]))[0]!;
};
const of = (f: (x: Tensor) => Tensor, ...values: number[]): number[] =>
  Array.from(apply1(f, [values.length], Float64Array.from(values)));
const of2 = (f: (a: Tensor, b: Tensor) => Tensor, as: readonly number[], bs: readonly number[]): number[] => {
  const [a, b] = [leaf('a', [as.length]), leaf('b', [bs.length])];
  return Array.from(
    run(
      [f(a, b)],
      new Map([
        [a, Float64Array.from(as)],
        [b, Float64Array.from(bs)],
      ]),
    )[0]!,
  );
};

describe('elementwise ops at the edges of their domain', () => {
  it('relu keeps NaN, step and relu are 0 at 0', () => {
    expect(of(ops.relu, -1, 0, 2, NaN, Infinity, -Infinity)).toEqual([0, 0, 2, NaN, Infinity, 0]);
    expect(of(ops.step, -1, 0, 2, NaN)).toEqual([0, 0, 1, 0]);
  });
  it('relu has derivative 0 at 0', () => {
    const x = leaf('x', [3]);
    expect(
      Array.from(run(grad(total(ops.relu(x)), [x]), new Map([[x, Float64Array.of(-1, 0, 1)]]))[0]!),
    ).toEqual([0, 0, 1]);
  });
  it('max and min are NaN where either is', () => {
    expect(of2(ops.max, [1, NaN, 3, -0], [2, 1, NaN, 0])).toEqual([2, NaN, NaN, 0]);
    expect(of2(ops.min, [1, NaN, 3], [2, 1, NaN])).toEqual([1, NaN, NaN]);
  });
  it('max and min split no cotangent: at a tie all goes to the second', () => {
    const [a, b] = [leaf('a', []), leaf('b', [])];
    const tie = new Map([
      [a, Float64Array.of(1)],
      [b, Float64Array.of(1)],
    ]);
    for (const op of [ops.max, ops.min])
      expect(run(grad(op(a, b), [a, b]), tie).map((g) => g[0])).toEqual([0, 1]);
  });
  it('exponent is floor(log2 |x|), exact next to powers of two, 0 at 0 and NaN for what is not finite', () => {
    expect(
      of(ops.exponent, 1, 2, 8, 0.5, -3, 8 - 1e-14, 2 ** 52 + 1, 2 ** -1000, 5e-324, 0, Infinity, NaN),
    ).toEqual([0, 1, 3, -1, 1, 2, 52, -1000, -1074, 0, NaN, NaN]);
  });
  it('exp2 undoes exponent for powers of two', () => {
    expect(of((x) => ops.exp2(ops.exponent(x)), 1, 2, 0.25, 1024)).toEqual([1, 2, 0.25, 1024]);
  });
  it('greater, equal and select follow the numbers, and nothing equals NaN', () => {
    expect(of2(ops.greater, [1, 2, NaN], [1, 1, 0])).toEqual([0, 1, 0]);
    expect(of2(ops.equal, [1, 2, NaN], [1, 1, NaN])).toEqual([1, 0, 0]);
    expect(of((x) => ops.select(x, ops.scalar(5), ops.scalar(7)), 0, 1, -1)).toEqual([7, 5, 5]);
  });
  it('operands of lower rank repeat along leading axes, in either order', () => {
    const [a, b] = [leaf('a', [2, 3]), leaf('b', [3])];
    const at = new Map([
      [a, Float64Array.of(1, 2, 3, 4, 5, 6)],
      [b, Float64Array.of(10, 20, 30)],
    ]);
    expect(Array.from(run([ops.sub(a, b)], at)[0]!)).toEqual([-9, -18, -27, -6, -15, -24]);
    expect(Array.from(run([ops.sub(b, a)], at)[0]!)).toEqual([9, 18, 27, 6, 15, 24]);
  });
});

describe('reductions', () => {
  const shape = [2, 3, 4];
  const x = random(shape);
  const read = reader(x, shape);
  it('sum over axes 0 and 2 keeps axis 1', () => {
    expectClose(
      apply1((t) => ops.sum(t, [0, 2]), shape, x),
      tabulate([3], (j) =>
        [0, 1].flatMap((i) => [0, 1, 2, 3].map((k) => read(i, j!, k)!)).reduce((s, v) => s + v),
      ),
    );
  });
  it('the order of the axes does not matter', () => {
    expect(apply1((t) => ops.sum(t, [2, 0]), shape, x)).toEqual(apply1((t) => ops.sum(t, [0, 2]), shape, x));
  });
  it('maximum over the middle axis', () => {
    expectClose(
      apply1((t) => ops.maximum(t, [1]), shape, x),
      tabulate([2, 4], (i, k) => Math.max(...[0, 1, 2].map((j) => read(i!, j, k!)!))),
    );
  });
  it('maximum shares its cotangent among equals', () => {
    const m = leaf('m', [3]);
    expect(
      Array.from(run(grad(ops.maximum(m, [0]), [m]), new Map([[m, Float64Array.of(2, 1, 2)]]))[0]!),
    ).toEqual([0.5, 0, 0.5]);
  });
  it('broadcast repeats along the new axes', () => {
    const v = random([2, 4], 2);
    expectClose(
      apply1((t) => ops.broadcast(t, shape, [0, 2]), [2, 4], v),
      tabulate(shape, (i, _j, k) => reader(v, [2, 4])(i!, k!)!),
    );
  });
  it('argMax takes the first of equals; a NaN is chosen only where it comes first', () => {
    expect(Array.from(apply1(ops.argMax, [2, 3], Float64Array.of(1, 3, 3, -1, -1, -2)))).toEqual([1, 0]);
    expect(Array.from(apply1(ops.argMax, [2, 3], Float64Array.of(NaN, 3, 4, 1, NaN, 2)))).toEqual([0, 2]);
  });
});

describe('moves', () => {
  const shape = [2, 3, 4];
  const x = random(shape);
  const read = reader(x, shape);
  it('transpose: axis i of the output is axis order[i] of the input', () => {
    expectClose(
      apply1((t) => ops.transpose(t, [2, 0, 1]), shape, x),
      tabulate([4, 2, 3], (a, b, c) => read(b!, c!, a!)!),
    );
  });
  it('slice: element i is start + i stride', () => {
    expectClose(
      apply1((t) => ops.slice(t, [1, 0, 0], [2, 3, 4], [1, 2, 3]), shape, x),
      tabulate([1, 2, 2], (a, b, c) => read(1 + a!, 2 * b!, 3 * c!)!),
    );
  });
  it('place: zero but at start + i stride', () => {
    expectClose(
      apply1((t) => ops.place(t, [2, 6, 4], [0, 1, 0], [1, 2, 1]), shape, x),
      tabulate([2, 6, 4], (a, b, c) => (b! % 2 === 1 ? read(a!, (b! - 1) / 2, c!)! : 0)),
    );
  });
  it('concat: one after the other', () => {
    expectClose(
      apply1((t) => ops.concat([t, ops.neg(t)], 1), shape, x),
      tabulate([2, 6, 4], (a, b, c) => (b! < 3 ? read(a!, b!, c!)! : -read(a!, b! - 3, c!)!)),
    );
  });
});

describe('conv2d', () => {
  const [xs, ws] = [
    [2, 7, 5, 3],
    [4, 3, 2, 3],
  ];
  const [x, w] = [random(xs, 1), random(ws, 2)];
  it.each([
    [
      [1, 1],
      [1, 1],
      [0, 0, 0, 0],
    ],
    [
      [2, 1],
      [1, 1],
      [1, 1, 1, 0],
    ],
    [
      [2, 3],
      [2, 3],
      [2, 1, 2, 3],
    ],
    [
      [1, 2],
      [3, 2],
      [3, 0, 1, 2],
    ],
  ] as const)(
    'stride %j, dilation %j, padding %j: y[n,p,q,f] = Σ x[n, p s - t + a d, q s - l + b d, c] w[f,a,b,c]',
    (stride, dilation, padding) => {
      const [a, b] = [leaf('x', xs), leaf('w', ws)];
      const y = ops.conv2d(a, b, { stride, dilation, padding });
      const [readX, readW] = [reader(x, xs), reader(w, ws)];
      const expected = tabulate(y.shape, (n, p, q, f) => {
        let s = 0;
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 2; j++)
            for (let c = 0; c < 3; c++)
              s +=
                (readX(
                  n!,
                  p! * stride[0] - padding[0] + i * dilation[0],
                  q! * stride[1] - padding[1] + j * dilation[1],
                  c,
                ) ?? 0) * readW(f!, i, j, c)!;
        return s;
      });
      expectClose(
        run(
          [y],
          new Map([
            [a, x],
            [b, w],
          ]),
        )[0]!,
        expected,
      );
    },
  );
});

describe('matmul', () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('transposeA %j, transposeB %j', (transposeA, transposeB) => {
    const [as, bs] = [transposeA ? [3, 2] : [2, 3], transposeB ? [4, 3] : [3, 4]];
    const [a, b] = [leaf('a', as), leaf('b', bs)];
    const [va, vb] = [random(as, 1), random(bs, 2)];
    const [ra, rb] = [reader(va, as), reader(vb, bs)];
    const entry = (i: number, j: number): number =>
      [0, 1, 2].reduce(
        (s, k) => s + (transposeA ? ra(k, i)! : ra(i, k)!) * (transposeB ? rb(j, k)! : rb(k, j)!),
        0,
      );
    expectClose(
      run(
        [ops.matmul(a, b, { transposeA, transposeB })],
        new Map([
          [a, va],
          [b, vb],
        ]),
      )[0]!,
      tabulate([2, 4], (i, j) => entry(i!, j!)),
    );
  });
});

describe('pools', () => {
  const g = { window: [3, 2], stride: [2, 2], padding: [1, 0, 1, 1] } as const;
  const shape = [1, 5, 4, 2];
  const windowAt = (
    read: (...i: number[]) => number | undefined,
    p: number,
    q: number,
    c: number,
  ): number[] =>
    [0, 1, 2]
      .flatMap((i) => [0, 1].map((j) => read(0, 2 * p - 1 + i, 2 * q + j, c)))
      .filter((v) => v !== undefined);

  it('maxPool never chooses the padding, though all is negative', () => {
    const x = random(shape).map((v) => -1 - Math.abs(v));
    expectClose(
      apply1((t) => ops.maxPool(t, g), shape, x),
      tabulate([1, 3, 2, 2], (_n, p, q, c) => Math.max(...windowAt(reader(x, shape), p!, q!, c!))),
    );
  });
  it('sumPool adds nothing for the padding', () => {
    const x = random(shape);
    expectClose(
      apply1((t) => ops.sumPool(t, g), shape, x),
      tabulate([1, 3, 2, 2], (_n, p, q, c) =>
        windowAt(reader(x, shape), p!, q!, c!).reduce((s, v) => s + v, 0),
      ),
    );
  });

  const one = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
  const scattered = (...values: number[]): number[] => {
    const x = leaf('x', [1, 2, 2, 1]);
    return Array.from(
      run(grad(total(ops.maxPool(x, one)), [x]), new Map([[x, Float64Array.from(values)]]))[0]!,
    );
  };
  it('of equal maxima the first in row-major order is chosen, forward and backward', () => {
    expect(scattered(1, 1, 1, 1)).toEqual([1, 0, 0, 0]);
    expect(scattered(0, 2, 2, 1)).toEqual([0, 1, 0, 0]);
    const [x, v] = [leaf('x', [1, 2, 2, 1]), leaf('v', [1, 2, 2, 1])];
    expect(
      run(
        [ops.maxPoolGather(x, v, one)],
        new Map([
          [x, Float64Array.of(0, 2, 2, 1)],
          [v, Float64Array.of(5, 6, 7, 8)],
        ]),
      )[0],
    ).toEqual(Float64Array.of(6));
  });
  it('a NaN wins its window and gets its cotangent', () => {
    expect(
      Array.from(apply1((t) => ops.maxPool(t, one), [1, 2, 2, 1], Float64Array.of(1, NaN, 3, NaN))),
    ).toEqual([NaN]);
    expect(scattered(1, NaN, 3, NaN)).toEqual([0, 1, 0, 0]);
  });
});

describe('tables', () => {
  const int = (name: string, shape: Shape): Tensor => leaf(name, shape, 'i32');
  it('gather reads and scatterAdd adds whole rows', () => {
    const [t, i] = [leaf('t', [3, 2]), int('i', [3])];
    const at = new Map([
      [t, Float64Array.of(1, 2, 3, 4, 5, 6)],
      [i, Float64Array.of(2, 0, 2)],
    ]);
    expect(Array.from(run([ops.gather(t, i)], at)[0]!)).toEqual([5, 6, 1, 2, 5, 6]);
    expect(Array.from(run([ops.scatterAdd(t, i, 4)], at)[0]!)).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
  });
  it('an index outside the table is an error, not a silent zero', () => {
    const [t, i] = [leaf('t', [3, 2], 'f32', 'sample'), int('i', [1])];
    for (const bad of [-1, 3, NaN]) {
      const at = new Map([
        [t, new Float64Array(6)],
        [i, Float64Array.of(bad)],
      ]);
      expect(() => run([ops.gather(t, i)], at)).toThrow(
        `gather: row ${bad} of a table of 3; at sample; correct the index`,
      );
    }
    const v = leaf('v', [1, 2]);
    expect(() =>
      run(
        [ops.scatterAdd(v, i, 3)],
        new Map([
          [v, new Float64Array(2)],
          [i, Float64Array.of(7)],
        ]),
      ),
    ).toThrow('scatterAdd: row 7 of a table of 3; correct the index');
  });
  it('cropFlip shifts with zeros outside, then flips', () => {
    const [images, index, shift] = [
      leaf('images', [1, 2, 3, 1], 'u8'),
      int('index', [4]),
      int('shift', [4, 3]),
    ];
    const at = new Map([
      [images, Float64Array.of(1, 2, 3, 4, 5, 6)],
      [index, new Float64Array(4)],
      [shift, Float64Array.of(0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1, 1)],
    ]);
    const [y] = run([ops.cropFlip(images, index, shift)], at);
    expect([0, 1, 2, 3].map((i) => Array.from(y!.subarray(6 * i, 6 * i + 6)))).toEqual([
      [1, 2, 3, 4, 5, 6],
      [4, 5, 6, 0, 0, 0],
      [0, 1, 2, 0, 4, 5],
      [0, 3, 2, 0, 6, 5],
    ]);
  });
  const ranked = (scores: number[], keep: number): number[] => {
    const [s, k] = [leaf('s', [scores.length]), int('k', [])];
    return Array.from(
      run(
        [ops.rankMask(s, k)],
        new Map([
          [s, Float64Array.from(scores)],
          [k, Float64Array.of(keep)],
        ]),
      )[0]!,
    );
  };
  it('rankMask keeps the largest, of equals the first, NaN last of all', () => {
    expect(ranked([1, 3, 2, 3], 2)).toEqual([0, 1, 0, 1]);
    expect(ranked([2, 2, 2, 2], 3)).toEqual([1, 1, 1, 0]);
    expect(ranked([NaN, -Infinity, 0, NaN], 2)).toEqual([0, 1, 1, 0]);
    expect(ranked([NaN, -Infinity, 0, NaN], 3)).toEqual([1, 1, 1, 0]);
    expect(ranked([0, -0], 1)).toEqual([1, 0]);
  });
  it('rankMask keeps none or all beyond the ends', () => {
    expect(ranked([1, 2], 0)).toEqual([0, 0]);
    expect(ranked([1, 2], -1)).toEqual([0, 0]);
    expect(ranked([1, 2], 9)).toEqual([1, 1]);
  });
});
