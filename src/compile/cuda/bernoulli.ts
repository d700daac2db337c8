import type { CallAttributes } from '../../plan/calls.js';
import type { Plan } from '../../plan/plan.js';
import { perElement } from './copy.js';
import { indexType, operands, type Draft } from './kernel.js';
import { ceilDiv, THREADS } from './gpu.js';

/** A thread for each block of four random words; src/random.ts says what the rounds are. */
export const bernoulliDrafts = (
  plan: Plan,
  noise: number,
  output: number,
  { size, threshold, stream }: CallAttributes<'bernoulli'>,
): Draft[] => {
  if (size === 0) return [];
  const index = indexType(size + 4 * THREADS);
  const below = threshold >= 2 ** 32 ? 'true' : `word < ${threshold}u`;
  return [
    {
      doc: `${size} of ones below ${threshold}, stream ${stream}`,
      parameters: operands(plan, [['noise', noise]], [['y', output]]),
      ...perElement(ceilDiv(size, 4), index, [
        'const unsigned long long block = e;',
        `unsigned c0 = (unsigned)block, c1 = (unsigned)(block >> 32), c2 = (unsigned)noise[1], c3 = ${stream}u;`,
        'unsigned k0 = (unsigned)noise[0], k1 = 0;',
        '#pragma unroll',
        'for (int round = 0; round < 10; ++round) {',
        '  const unsigned long long p0 = 0xd2511f53ull * c0, p1 = 0xcd9e8d57ull * c2;',
        '  c0 = (unsigned)(p1 >> 32) ^ c1 ^ k0;',
        '  c1 = (unsigned)p1;',
        '  c2 = (unsigned)(p0 >> 32) ^ c3 ^ k1;',
        '  c3 = (unsigned)p0;',
        '  k0 += 0x9e3779b9u;',
        '  k1 += 0xbb67ae85u;',
        '}',
        'const unsigned words[4] = {c0, c1, c2, c3};',
        '#pragma unroll',
        'for (unsigned i = 0; i < 4; ++i) {',
        '  const unsigned word = words[i];',
        `  if (e * 4 + i < ${index.of(size)}) y[e * 4 + i] = ${below} ? 1.0f : 0.0f;`,
        '}',
      ]),
    },
  ];
};
