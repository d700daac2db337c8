import type { CallAttributes } from '../../plan/calls.js';
import type { Plan } from '../../plan/plan.js';
import { perElement } from './copy.js';
import { ALONE, indent, indexType, operands, type Draft, type Parameter } from './kernel.js';
import { ceilDiv, powerBelow, THREADS, type Gpu } from './gpu.js';

/** Widths up to this are one thread's work. */
export const SHORT_ROW = 64;

/**
 * The first index of the largest; a NaN is never larger, and nothing is larger than a NaN that comes first.
 */
export const argMaxDrafts = (
  plan: Plan,
  input: number,
  output: number,
  { rows, width }: CallAttributes<'argMax'>,
  frame = ALONE,
): Draft[] => {
  if (rows === 0) return [];
  const parameters = operands(plan, [['x', input]], [['y', output]]);
  const index = indexType(rows * width + THREADS);
  const doc = `[${rows}, ${width}]`;
  if (width <= SHORT_ROW) {
    return [
      {
        doc,
        parameters,
        ...perElement(
          rows,
          index,
          [
            `const float* row = x + e * ${index.of(width)};`,
            'int best = 0;',
            `for (int i = 1; i < ${width}; ++i) {`,
            '  if (row[i] > row[best]) best = i;',
            '}',
            'y[e] = best;',
          ],
          frame,
        ),
      },
    ];
  }
  const threads = Math.min(THREADS, powerBelow(width));
  return [
    {
      doc: `${doc}, a block each`,
      parameters,
      grid: [rows, 1, 1],
      block: threads,
      body: indent([
        `__shared__ int best[${threads}];`,
        `const float* row = x + blockIdx.x * ${index.of(width)};`,
        'int own = 0;  // beaten only by what is larger, so the first of equals stays',
        `for (int i = threadIdx.x; i < ${width}; i += ${threads}) {`,
        '  if (row[i] > row[own]) own = i;',
        '}',
        'best[threadIdx.x] = own;',
        `for (unsigned step = ${threads / 2}; step > 0; step /= 2) {`,
        '  __syncthreads();',
        '  if (threadIdx.x < step) {',
        '    const int a = best[threadIdx.x], b = best[threadIdx.x + step];',
        '    if (row[b] > row[a] || (row[b] == row[a] && b < a)) best[threadIdx.x] = b;',
        '  }',
        '}',
        'if (threadIdx.x == 0) y[blockIdx.x] = best[0];',
      ]),
    },
  ];
};

/** Digits of a key from the highest: how far it is shifted, and its bits. */
const DIGITS = [
  { shift: 21, bits: 11 },
  { shift: 10, bits: 11 },
  { shift: 0, bits: 10 },
] as const;
const TILE = 4 * THREADS;

/**
 * The mask of the `keep` largest scores. See Note [Selecting]. Workspace: settled bits of the threshold,
 * ranks still to be kept, ties in all; then for each block its ties and the ties before it.
 */
export const rankMaskDrafts = (
  plan: Plan,
  scores: number,
  keep: number,
  output: number,
  { size }: CallAttributes<'rankMask'>,
  gpu: Gpu,
): Draft[] => {
  if (size === 0) return [];
  const tiles = ceilDiv(size, TILE);
  const share = ceilDiv(tiles, Math.min(tiles, gpu.smCount * 8)) * TILE;
  const blocks = ceilDiv(size, share);
  const index = indexType(size + share);
  const scratchBytes = 256 + 8 * blocks;
  const state: Parameter = { type: 'unsigned*', name: 'state', arg: { scratch: 0 } };
  const ties: Parameter = { type: 'unsigned*', name: 'ties', arg: { scratch: 256 } };
  const launch = { grid: [blocks, 1, 1] as const, block: THREADS, scratchBytes };
  const range = [
    `const ${index.type} first = ${index.type === 'unsigned' ? '' : '(unsigned long long)'}blockIdx.x * ${share};`,
    `const ${index.type} last = first + ${share} < ${index.of(size)} ? first + ${share} : ${index.of(size)};`,
  ];
  const each = (lines: readonly string[]): string[] => [
    `for (${index.type} e = first + threadIdx.x; e < last; e += ${THREADS}) {`,
    ...indent(lines),
    '}',
  ];

  const digits = DIGITS.map(({ shift, bits }, k): Draft => {
    const bins = 2 ** bits;
    const own = bins / THREADS;
    return {
      ...launch,
      doc: `digit ${k + 1} of 3 of the last score that is kept`,
      parameters: [
        ...operands(plan, [['scores', scores], ...(k === 0 ? [['keep', keep] as const] : [])], []),
        state,
      ],
      body: indent([
        `static __device__ unsigned histogram[${bins}];`,
        'static __device__ unsigned arrivals;',
        `__shared__ unsigned counts[${bins}];`,
        `for (unsigned j = threadIdx.x; j < ${bins}; j += ${THREADS}) counts[j] = 0;`,
        '__syncthreads();',
        ...range,
        ...(k === 0 ? [] : ['const unsigned prefix = state[0];']),
        'unsigned bin = 0, run = 0;  // equal neighbours are counted together: most scores of a sparse round are equal',
        ...each([
          'const unsigned key = keyOf(scores[e]);',
          ...(k === 0 ? [] : [`if (key >> ${shift + bits} != prefix >> ${shift + bits}) continue;`]),
          `const unsigned here = key >> ${shift} & ${bins - 1};`,
          'if (here != bin && run > 0) {',
          '  atomicAdd(counts + bin, run);',
          '  run = 0;',
          '}',
          'bin = here;',
          '++run;',
        ]),
        'if (run > 0) atomicAdd(counts + bin, run);',
        '__syncthreads();',
        `for (unsigned j = threadIdx.x; j < ${bins}; j += ${THREADS}) {`,
        '  if (counts[j] > 0) atomicAdd(histogram + j, counts[j]);',
        '}',
        `if (!arrivesLast(&arrivals, ${blocks})) return;`,
        '',
        `// thread t counts bins from the highest down: t * ${own} of them lie above its own`,
        `unsigned mine[${own}], sum = 0, total;`,
        '#pragma unroll',
        `for (unsigned j = 0; j < ${own}; ++j) {`,
        `  const unsigned at = ${bins - 1} - (threadIdx.x * ${own} + j);`,
        '  mine[j] = __ldcg(histogram + at);',
        '  histogram[at] = 0;',
        '  sum += mine[j];',
        '}',
        k === 0
          ? `const unsigned wanted = keep[0] < 0 ? 0 : keep[0] < ${size} ? keep[0] : ${size};`
          : 'const unsigned wanted = state[1];',
        `unsigned before = scan<${THREADS}>(sum, total);`,
        ...(k === 0
          ? [
              'if (wanted == 0 && threadIdx.x == 0) {  // above every key: nothing is kept',
              '  state[0] = 0xffffffffu;',
              '  state[1] = 0;',
              '  state[2] = 0;',
              '}',
            ]
          : []),
        '#pragma unroll',
        `for (unsigned j = 0; j < ${own}; ++j) {`,
        '  if (wanted > 0 && before < wanted && before + mine[j] >= wanted) {',
        `    state[0] = ${k === 0 ? '' : 'prefix | '}(${bins - 1} - (threadIdx.x * ${own} + j)) << ${shift};`,
        '    state[1] = wanted - before;',
        '    state[2] = mine[j];',
        '  }',
        '  before += mine[j];',
        '}',
      ]),
    };
  });

  const tieCounts: Draft = {
    ...launch,
    doc: 'ties of each block, and before it',
    parameters: [...operands(plan, [['scores', scores]], []), state, ties],
    body: indent([
      'if (state[1] == state[2]) return;  // all ties are kept, or none',
      'static __device__ unsigned arrivals;',
      '__shared__ unsigned count;',
      'if (threadIdx.x == 0) count = 0;',
      '__syncthreads();',
      'const unsigned threshold = state[0];',
      ...range,
      'unsigned own = 0;',
      ...each(['own += keyOf(scores[e]) == threshold;']),
      'if (own > 0) atomicAdd(&count, own);',
      '__syncthreads();',
      'if (threadIdx.x == 0) ties[blockIdx.x] = count;',
      `if (!arrivesLast(&arrivals, ${blocks})) return;`,
      `constexpr unsigned share = ${ceilDiv(blocks, THREADS)};`,
      'unsigned sum = 0, total;',
      'for (unsigned j = 0; j < share; ++j) {',
      `  if (threadIdx.x * share + j < ${blocks}) sum += __ldcg(ties + threadIdx.x * share + j);`,
      '}',
      `unsigned before = scan<${THREADS}>(sum, total);`,
      'for (unsigned j = 0; j < share; ++j) {',
      '  const unsigned block = threadIdx.x * share + j;',
      `  if (block >= ${blocks}) break;`,
      `  ties[${blocks} + block] = before;`,
      '  before += __ldcg(ties + block);',
      '}',
    ]),
  };

  const mask: Draft = {
    ...launch,
    doc: 'the mask: what lies above the threshold, and the first of the ties',
    parameters: [
      ...operands(plan, [['scores', scores]], [['y', output]]),
      { ...state, type: 'const unsigned*' },
      { ...ties, type: 'const unsigned*' },
    ],
    body: indent([
      'const unsigned threshold = state[0], kept = state[1];',
      'const bool all = kept == state[2];',
      `const unsigned own = all ? 0 : ties[blockIdx.x], before = all ? 0 : ties[${blocks} + blockIdx.x];`,
      ...range,
      'if (all || before >= kept || before + own <= kept) {',
      ...indent([
        'const bool takesTies = all ? kept > 0 : before < kept;',
        ...each([
          'const unsigned key = keyOf(scores[e]);',
          'y[e] = key > threshold || (takesTies && key == threshold) ? 1.0f : 0.0f;',
        ]),
        'return;',
      ]),
      '}',
      '// the one block in which the ties that are kept end',
      'unsigned rank = before;',
      `for (${index.type} from = first; from < last; from += ${THREADS}) {`,
      ...indent([
        `const ${index.type} e = from + threadIdx.x;`,
        'const unsigned key = e < last ? keyOf(scores[e]) : 0;',
        'const bool tied = e < last && key == threshold;',
        'unsigned total;',
        `const unsigned place = rank + scan<${THREADS}>(tied, total);`,
        'if (e < last) y[e] = key > threshold || (tied && place < kept) ? 1.0f : 0.0f;',
        'rank += total;',
      ]),
      '}',
    ]),
  };
  return [...digits, tieCounts, mask];
};

/*
 * Note [Selecting]
 *
 * Scores become unsigned keys of the same order. Three histograms over 11, 11 and 10 bits find the key of the
 * last score that is kept; the block that arrives last at each reads off the digit and clears the histogram
 * for the next run. Of the scores with exactly this key the first ones are kept: if not all, a fourth pass
 * counts them by block, and the fifth, which writes the mask, ranks them inside the one block where the kept
 * ones end. Only integers are added atomically, so neither the result nor its ties depend on the number of
 * blocks.
 */
