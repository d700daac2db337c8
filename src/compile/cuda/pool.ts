import type { CallAttributes } from '../../plan/calls.js';
import type { CallStep, Plan } from '../../plan/plan.js';
import { perElement } from './copy.js';
import { indent, indexType, operands, type Draft, type IndexType } from './kernel.js';
import { THREADS } from './gpu.js';

type Pool = CallAttributes<'maxPool'>;
type PoolStep = Extract<
  CallStep,
  { kernel: 'maxPool' | 'maxPoolGather' | 'maxPoolScatter' | 'sumPool' | 'sumPoolGrad' }
>;

/** Rows and columns of the window whose first row and column are given, cut to the image. */
const windowLines = ({ h, w, window }: Pool): string[] => [
  `const int rowFirst = top < 0 ? 0 : top, rowEnd = top + ${window[0]} < ${h} ? top + ${window[0]} : ${h};`,
  `const int columnFirst = left < 0 ? 0 : left, columnEnd = left + ${window[1]} < ${w} ? left + ${window[1]} : ${w};`,
];

/** Lines for every element of the window in row-major order; `at` is its place. */
const overWindow = ({ h, w, c }: Pool, index: IndexType, lines: readonly string[]): string[] => [
  'for (int row = rowFirst; row < rowEnd; ++row) {',
  '  for (int column = columnFirst; column < columnEnd; ++column) {',
  ...indent(
    [
      `const ${index.type} at = ((image * ${index.of(h)} + row) * ${index.of(w)} + column) * ${index.of(c)} + channel;`,
      ...lines,
    ],
    2,
  ),
  '  }',
  '}',
];

/** The place of the first largest element goes to `best`; a NaN wins. */
const argMaxLines = (a: Pool, index: IndexType): string[] => [
  `${index.type} best = ((image * ${index.of(a.h)} + rowFirst) * ${index.of(a.w)} + columnFirst) * ${index.of(a.c)} + channel;`,
  'float most = x[best];',
  ...overWindow(a, index, [
    'const float here = x[at];',
    'if (here > most || (here != here && most == most)) {',
    '  most = here;',
    '  best = at;',
    '}',
  ]),
];

/** A thread for each window and channel. */
const overOutputs = (
  a: Pool,
  index: IndexType,
  lines: readonly string[],
): Pick<Draft, 'grid' | 'block' | 'body'> =>
  perElement(a.n * a.oh * a.ow * a.c, index, [
    `const ${index.type} channel = e % ${index.of(a.c)}, image = e / ${index.of(a.c * a.ow * a.oh)};`,
    `const int left = (int)(e / ${index.of(a.c)} % ${index.of(a.ow)}) * ${a.stride[1]} - ${a.padding[1]};`,
    `const int top = (int)(e / ${index.of(a.c * a.ow)} % ${index.of(a.oh)}) * ${a.stride[0]} - ${a.padding[0]};`,
    ...windowLines(a),
    ...lines,
  ]);

/**
 * A thread for each element of the image asks all windows that hold it, in row-major order: nothing is added
 * atomically.
 */
const overInputs = (
  a: Pool,
  index: IndexType,
  lines: readonly string[],
): Pick<Draft, 'grid' | 'block' | 'body'> => {
  const range = (
    name: string,
    place: string,
    pad: number,
    window: number,
    stride: number,
    extent: number,
  ): string[] => [
    `const int ${name}First = ${place} + ${pad} < ${window} ? 0 : (${place} + ${pad - window}) / ${stride} + 1;`,
    `const int ${name}Last = (${place} + ${pad}) / ${stride} < ${extent - 1} ? (${place} + ${pad}) / ${stride} : ${extent - 1};`,
  ];
  return perElement(a.n * a.h * a.w * a.c, index, [
    `const ${index.type} channel = e % ${index.of(a.c)}, image = e / ${index.of(a.c * a.w * a.h)};`,
    `const int ownColumn = e / ${index.of(a.c)} % ${index.of(a.w)}, ownRow = e / ${index.of(a.c * a.w)} % ${index.of(a.h)};`,
    ...range('p', 'ownRow', a.padding[0], a.window[0], a.stride[0], a.oh),
    ...range('q', 'ownColumn', a.padding[1], a.window[1], a.stride[1], a.ow),
    'float sum = 0.0f;',
    'for (int p = pFirst; p <= pLast; ++p) {',
    '  for (int q = qFirst; q <= qLast; ++q) {',
    ...indent(
      [
        `const ${index.type} place = ((image * ${index.of(a.oh)} + p) * ${index.of(a.ow)} + q) * ${index.of(a.c)} + channel;`,
        ...lines,
      ],
      2,
    ),
    '  }',
    '}',
    'y[e] = sum;',
  ]);
};

export const poolDrafts = (plan: Plan, step: PoolStep): Draft[] => {
  const a = step.attributes;
  const [first, second] = step.inputs as readonly [number, number];
  const output = step.outputs[0]!;
  const index = indexType(a.n * a.c * Math.max(a.h * a.w, a.oh * a.ow) + THREADS);
  if (a.n * a.c * Math.max(a.h * a.w, a.oh * a.ow) === 0) return [];
  const corner = [
    `const int top = p * ${a.stride[0]} - ${a.padding[0]}, left = q * ${a.stride[1]} - ${a.padding[1]};`,
    ...windowLines(a),
  ];
  const doc = `[${a.n}, ${a.h}, ${a.w}, ${a.c}] windows ${a.window.join('x')}`;
  switch (step.kernel) {
    case 'maxPool':
      return [
        {
          doc,
          parameters: operands(plan, [['x', first]], [['y', output]]),
          ...overOutputs(a, index, [...argMaxLines(a, index), 'y[e] = most;']),
        },
      ];
    case 'maxPoolGather':
      return [
        {
          doc,
          parameters: operands(
            plan,
            [
              ['x', first],
              ['values', second],
            ],
            [['y', output]],
          ),
          ...overOutputs(a, index, [...argMaxLines(a, index), 'y[e] = values[best];']),
        },
      ];
    case 'maxPoolScatter':
      return [
        {
          doc,
          parameters: operands(
            plan,
            [
              ['x', first],
              ['dy', second],
            ],
            [['y', output]],
          ),
          ...overInputs(a, index, [...corner, ...argMaxLines(a, index), 'if (best == e) sum += dy[place];']),
        },
      ];
    case 'sumPool':
      return [
        {
          doc,
          parameters: operands(plan, [['x', first]], [['y', output]]),
          ...overOutputs(a, index, [
            'float sum = 0.0f;',
            ...overWindow(a, index, ['sum += x[at];']),
            'y[e] = sum;',
          ]),
        },
      ];
    case 'sumPoolGrad':
      return [
        {
          doc,
          parameters: operands(plan, [['dy', first]], [['y', output]]),
          ...overInputs(a, index, ['sum += dy[place];']),
        },
      ];
  }
};
