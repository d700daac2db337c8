import type { CallAttributes } from '../../plan/calls.js';
import type { Plan } from '../../plan/plan.js';
import { perElement } from './copy.js';
import { ALONE, indent, indexType, operands, type Draft } from './kernel.js';
import { ceilDiv, THREADS } from './gpu.js';

/**
 * Kernels that read rows of a table by index. An index that names no row ends the run (see checkRow in the
 * prelude).
 */

const check = (row: string, rows: number, kernel: string): string =>
  `checkRow(${row}, ${rows}, "${kernel}: an index names no row of a table of ${rows}; correct the index", "${kernel}");`;

export const gatherDrafts = (
  plan: Plan,
  table: number,
  rowIndex: number,
  output: number,
  { rows, width, count }: CallAttributes<'gather'>,
  frame = ALONE,
): Draft[] => {
  const n = count * width;
  if (n === 0) return [];
  const pack = n >= 4 * THREADS ? (([4, 2] as const).find((w) => width % w === 0) ?? 1) : 1;
  const index = indexType(Math.max(rows * width, n) + THREADS * pack);
  const packs = width / pack;
  const place =
    packs === 1
      ? `row * ${index.of(width)}`
      : `row * ${index.of(width)} + e % ${index.of(packs)}${pack === 1 ? '' : ` * ${pack}`}`;
  return [
    {
      doc: `[${rows}, ${width}] by ${count} rows`,
      parameters: operands(
        plan,
        [
          ['x', table],
          ['index', rowIndex],
        ],
        [['y', output]],
      ),
      ...perElement(
        n / pack,
        index,
        [
          `const int at = index[${packs === 1 ? 'e' : `e / ${index.of(packs)}`}];`,
          check('at', rows, 'gather'),
          `const ${index.type} row = at;`,
          pack === 1 ? `y[e] = x[${place}];` : `store(y + e * ${pack}, packAt<${pack}>(x + ${place}));`,
        ],
        frame,
      ),
    },
  ];
};

/**
 * A thread for each element of the result looks through the whole index, so that it adds in the order of the
 * index.
 */
export const scatterAddDrafts = (
  plan: Plan,
  values: number,
  rowIndex: number,
  output: number,
  { rows, width, count }: CallAttributes<'scatterAdd'>,
): Draft[] => {
  const n = rows * width;
  if (n === 0) return [];
  const index = indexType(Math.max(n, count * width) + THREADS);
  return [
    {
      doc: `${count} rows into [${rows}, ${width}]`,
      parameters: operands(
        plan,
        [
          ['x', values],
          ['index', rowIndex],
        ],
        [['y', output]],
      ),
      grid: [ceilDiv(n, THREADS), 1, 1],
      block: THREADS,
      body: indent([
        `__shared__ int at[${THREADS}];`,
        `const ${index.type} e = ${index.type === 'unsigned' ? '' : '(unsigned long long)'}blockIdx.x * ${THREADS} + threadIdx.x;`,
        `const ${index.type} row = e / ${index.of(width)}, column = e % ${index.of(width)};`,
        'float sum = 0.0f;',
        `for (unsigned first = 0; first < ${count}; first += ${THREADS}) {`,
        ...indent([
          `if (first + threadIdx.x < ${count}) {`,
          '  at[threadIdx.x] = index[first + threadIdx.x];',
          `  ${check('at[threadIdx.x]', rows, 'scatterAdd')}`,
          '}',
          '__syncthreads();',
          `const unsigned here = ${count} - first < ${THREADS} ? ${count} - first : ${THREADS};`,
          'for (unsigned j = 0; j < here; ++j) {',
          `  if (at[j] == row) sum += x[(first + j) * ${index.of(width)} + column];`,
          '}',
          '__syncthreads();',
        ]),
        '}',
        `if (e < ${index.of(n)}) y[e] = sum;`,
      ]),
    },
  ];
};

export const cropFlipDrafts = (
  plan: Plan,
  images: number,
  rowIndex: number,
  shift: number,
  output: number,
  a: CallAttributes<'cropFlip'>,
): Draft[] => {
  const n = a.batch * a.h * a.w * a.c;
  if (n === 0) return [];
  const index = indexType(Math.max(n, a.images * a.h * a.w * a.c) + THREADS);
  const of = index.of;
  return [
    {
      doc: `${a.batch} of ${a.images} images [${a.h}, ${a.w}, ${a.c}]`,
      parameters: operands(
        plan,
        [
          ['x', images],
          ['index', rowIndex],
          ['shift', shift],
        ],
        [['y', output]],
      ),
      ...perElement(n, index, [
        `const ${index.type} c = e % ${of(a.c)}, b = e / ${of(a.c * a.w * a.h)};`,
        `const int column = e / ${of(a.c)} % ${of(a.w)}, row = e / ${of(a.c * a.w)} % ${of(a.h)};`,
        'const int at = index[b];',
        check('at', a.images, 'cropFlip'),
        `const ${index.type} image = at;`,
        'const int dy = shift[b * 3], dx = shift[b * 3 + 1], flip = shift[b * 3 + 2];',
        `const int fromRow = row + dy, fromColumn = (flip != 0 ? ${a.w - 1} - column : column) + dx;`,
        `const bool inside = fromRow >= 0 && fromRow < ${a.h} && fromColumn >= 0 && fromColumn < ${a.w};`,
        `y[e] = inside ? (float)x[((image * ${of(a.h)} + fromRow) * ${of(a.w)} + fromColumn) * ${of(a.c)} + c] : 0.0f;`,
      ]),
    },
  ];
};
