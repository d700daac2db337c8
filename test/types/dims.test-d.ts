import type { CeilDiv, Half } from '../../src/tensor/dims.js';
import { holds, type Exact } from './exact.js';

type Row<N extends number> = readonly [
  half: CeilDiv<N, 2>,
  quarter: CeilDiv<N, 4>,
  eighth: CeilDiv<N, 8>,
  floor: Half<N>,
];
const rowsOf = <const R extends { readonly [N in keyof R]: R[N] & Row<N & number> }>(rows: R): R => rows;

/**
 * n: [ceil(n / 2), ceil(n / 4), ceil(n / 8), floor(n / 2)]. The compiler checks it against the types,
 * test/tensor/dims.test.ts against the values.
 */
export const ROWS = rowsOf({
  1: [1, 1, 1, 0],
  2: [1, 1, 1, 1],
  3: [2, 1, 1, 1],
  4: [2, 1, 1, 2],
  5: [3, 2, 1, 2],
  7: [4, 2, 1, 3],
  8: [4, 2, 1, 4],
  9: [5, 3, 2, 4],
  10: [5, 3, 2, 5],
  11: [6, 3, 2, 5],
  13: [7, 4, 2, 6],
  15: [8, 4, 2, 7],
  16: [8, 4, 2, 8],
  17: [9, 5, 3, 8],
  19: [10, 5, 3, 9],
  20: [10, 5, 3, 10],
  28: [14, 7, 4, 14],
  31: [16, 8, 4, 15],
  32: [16, 8, 4, 16],
  33: [17, 9, 5, 16],
  56: [28, 14, 7, 28],
  57: [29, 15, 8, 28],
  63: [32, 16, 8, 31],
  64: [32, 16, 8, 32],
  65: [33, 17, 9, 32],
  99: [50, 25, 13, 49],
  100: [50, 25, 13, 50],
  101: [51, 26, 13, 50],
  112: [56, 28, 14, 56],
  113: [57, 29, 15, 56],
  127: [64, 32, 16, 63],
  128: [64, 32, 16, 64],
  129: [65, 33, 17, 64],
  190: [95, 48, 24, 95],
  198: [99, 50, 25, 99],
  199: [100, 50, 25, 99],
  200: [100, 50, 25, 100],
  224: [112, 56, 28, 112],
  225: [113, 57, 29, 112],
  255: [128, 64, 32, 127],
  256: [128, 64, 32, 128],
  257: [129, 65, 33, 128],
  399: [200, 100, 50, 199],
  499: [250, 125, 63, 249],
  500: [250, 125, 63, 250],
  512: [256, 128, 64, 256],
  513: [257, 129, 65, 256],
  999: [500, 250, 125, 499],
  1000: [500, 250, 125, 500],
  1001: [501, 251, 126, 500],
  1023: [512, 256, 128, 511],
  1024: [512, 256, 128, 512],
  1025: [513, 257, 129, 512],
  1990: [995, 498, 249, 995],
  1999: [1000, 500, 250, 999],
  2000: [1000, 500, 250, 1000],
  2047: [1024, 512, 256, 1023],
  2048: [1024, 512, 256, 1024],
  2049: [1025, 513, 257, 1024],
  3999: [2000, 1000, 500, 1999],
  4000: [2000, 1000, 500, 2000],
  4095: [2048, 1024, 512, 2047],
  4096: [2048, 1024, 512, 2048],
  9999: [5000, 2500, 1250, 4999],
});

type Literal<N extends number> = number extends N ? false : true;
holds<
  {
    [N in keyof typeof ROWS]: [
      Literal<Row<N>[0]>,
      Literal<Row<N>[1]>,
      Literal<Row<N>[2]>,
      Literal<Row<N>[3]>,
    ];
  }[keyof typeof ROWS] extends [true, true, true, true]
    ? true
    : false
>();

// @ts-expect-error 513 is odd: 257, not 256
export const wrong: CeilDiv<513, 2> = 256;

holds<Exact<CeilDiv<7, 1>, 7>>();
holds<Exact<CeilDiv<number, 2>, number>>();
holds<Exact<CeilDiv<7, 3>, number>>();
holds<Exact<Half<number>, number>>();

/** Stride 1 keeps a size that is still a variable. */
export const keeps = <N extends number>(n: N): CeilDiv<N, 1> => n;
