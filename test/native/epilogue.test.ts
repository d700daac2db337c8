import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { withEpilogues } from '../../src/compile/epilogues.js';
import type { CallStep, Epilogue, FusedStep, Plan, Step } from '../../src/plan/plan.js';
import type { NativeDevice } from '../../src/runtime/native.js';
import { interpret, toBf16 } from '../compile/interpret.js';
import { callLog, fakeCudaWithProducts } from './fake-cuda/build.js';
import { shifted } from '../cuda/joined.js';
import { addon, callOf, count, fusedOf, planOf, random, type BufferSpec } from './plans.js';

/**
 * Convolutions that take the step after them along, on a driver and a cuDNN that work on the host's memory:
 * what is made of a fused step, which pairs are left alone, and how a measurement decides. FAKE_CUDNN_FUSED
 * says how long a fused operation takes, FAKE_CUDA_DELAY a launch.
 */

const folder = mkdtempSync(join(tmpdir(), 'pathex-epilogue-'));
process.env['PATHEX_CUDA_LIBRARIES'] = fakeCudaWithProducts(); // before the addon looks for libraries
process.env['FAKE_CUDA_LOG'] = join(folder, 'log');
const log = callLog(join(folder, 'log'));
const set = (fused: string, launch: string, refuse = ''): void => {
  Object.assign(process.env, { FAKE_CUDNN_FUSED: fused, FAKE_CUDA_DELAY: launch, FAKE_CUDNN_REFUSE: refuse });
};
const fusedIsFaster = (): void => set('0', '10000');
const fusedIsSlower = (): void => set('10000', '0');
beforeEach(() => {
  delete process.env['FAKE_CUDA_ELAPSED'];
  delete process.env['FAKE_CUDNN_CONV'];
  fusedIsFaster();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened: NativeDevice[] = [];
let caches = 0;
const open = async (
  cache = join(folder, `cache-${caches++}`),
  more: {
    readonly epilogues?: boolean;
    readonly streams?: 'two';
    readonly precision?: 'strict' | 'tf32';
  } = {},
): Promise<NativeDevice> => {
  const device = new addon.Device({
    kind: 'cuda',
    index: 0,
    precision: 'tf32',
    deterministic: true,
    cacheFolder: cache,
    ...more,
  });
  opened.push(device);
  await device.open();
  return device;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((d) => d.dispose()));
});

const [N, H, W, C, F] = [2, 5, 4, 3, 8] as const;
const geometry = {
  n: N,
  h: H,
  w: W,
  c: C,
  f: F,
  kh: 3,
  kw: 3,
  oh: 3,
  ow: 2,
  stride: [2, 2],
  dilation: [1, 1],
  padding: [1, 1, 1, 1],
} as const;
const [xShape, wShape, yShape] = [
  [N, H, W, C],
  [F, 3, 3, C],
  [N, 3, 2, F],
] as const;
const pixels = N * 3 * 2;

/**
 * Buffers: 0 x, 1 weight, 2 y in the arena, 3.. what a case adds; a step before puts the inputs there, as the
 * arena's bf16 wants.
 */
interface Case {
  readonly more: readonly BufferSpec[];
  readonly map: Omit<FusedStep, 'kind' | 'name'>;
  readonly after?: readonly Step[];
  readonly type?: 'f32' | 'bf16';
  /** The convolution is the adjoint: y [n,h,w,c] from dy. */
  readonly adjoint?: boolean;
}
interface Parts {
  readonly specs: readonly BufferSpec[];
  readonly steps: readonly Step[];
}
const partsOf = ({ more, map, after = [], type = 'f32', adjoint = false }: Case): Parts => {
  const [first, out] = adjoint ? [yShape, xShape] : [xShape, yShape];
  const specs: BufferSpec[] = [
    { in: 'arena', shape: first, dtype: type },
    { in: 'arena', shape: wShape, dtype: type },
    { in: 'arena', shape: out, dtype: type },
    ...more,
    { in: 'input', shape: first },
    { in: 'input', shape: wShape },
  ];
  const place = (from: number, to: number, n: number): Step =>
    fusedOf({
      name: 'place',
      domain: [1, n, 1],
      loads: [{ buffer: from, strides: [0, 1, 0] }],
      stores: [{ register: 0, buffer: to }],
    });
  return {
    specs,
    steps: [
      place(specs.length - 2, 0, count(first)),
      place(specs.length - 1, 1, count(wShape)),
      convolution(adjoint ? 'conv2dInputGrad' : 'conv2d'),
      fusedOf({ name: 'map', ...map }),
      ...after,
    ],
  };
};
const convolution = (kernel: 'conv2d' | 'conv2dInputGrad'): Step =>
  callOf(kernel, [0, 1], [2], { ...geometry, stride: [2, 2], dilation: [1, 1], padding: [1, 1, 1, 1] });
const planFor = (case_: Case): Plan => {
  const { specs, steps } = partsOf(case_);
  return planOf(specs, steps, 'pair');
};
/** One plan of all cases, since each plan costs a compilation. */
const joined = (cases: readonly Case[]): Plan => {
  const parts = cases.map(partsOf);
  const steps = parts.flatMap((p, k) =>
    p.steps.map((s) =>
      shifted(
        s,
        parts.slice(0, k).reduce((n, q) => n + q.specs.length, 0),
      ),
    ),
  );
  return planOf(
    parts.flatMap((p) => p.specs),
    steps,
    'pairs',
  );
};

/** Where the convolutions of a plan are. */
const convsOf = ({ steps }: Plan): number[] =>
  steps.flatMap((s, i) => (s.kind === 'call' && s.kernel.startsWith('conv2d') ? [i] : []));

interface Ran {
  /** Of each convolution, and of the step after it. */
  readonly pairs: readonly { readonly conv: string; readonly map: string }[];
  readonly outputs: readonly Float32Array[];
  readonly expected: readonly Float64Array[];
}
/** Runs a plan on random numbers, and its meaning on the same. `edit` may change the inputs. */
const run = async (
  device: NativeDevice,
  unmarked: Plan,
  edit: (inputs: Float32Array[]) => void = () => {},
  covers = 0,
  join = false,
): Promise<Ran> => {
  const plan = withEpilogues(unmarked);
  const next = random(7);
  const inputs = plan.inputs.map(({ buffer }) =>
    Float32Array.from({ length: count(plan.buffers[buffer]!.shape) }, () => toBf16(2 * next() - 1)),
  );
  edit(inputs);
  const code = emitCuda(plan, undefined, { join });
  const steps = code.steps.map((s, i) =>
    !join && convsOf(plan).includes(i - 1) && s.kind === 'launches' ? { ...s, covers } : s,
  );
  const executable = await device.load(plan, { profile: false, code: { ...code, steps } });
  const outputs = plan.outputs.map(({ buffer }) =>
    new Float32Array(count(plan.buffers[buffer]!.shape)).fill(NaN),
  );
  await device.run(executable, [], inputs, outputs);
  const implementations = executable.describe().map((s) => s.implementation);
  executable.dispose();
  const pairs = convsOf(plan).map((i) => ({ conv: implementations[i]!, map: implementations[i + 1]! }));
  return {
    pairs,
    outputs,
    expected: interpret(
      plan,
      [],
      inputs.map((a) => Float64Array.from(a)),
    ),
  };
};
const isFused = ({ pairs }: Ran, k = 0): boolean => pairs[k]!.map === 'in the step before';
const expectRight = ({ outputs, expected }: Ran, tolerance = 2e-6): void => {
  outputs.forEach((got, k) =>
    got.forEach((x, i) => {
      const want = expected[k]![i]!;
      if (Number.isNaN(want) || !Number.isFinite(want)) expect(x, `output ${k}[${i}]`).toEqual(want);
      else
        expect(Math.abs(x - want), `output ${k}[${i}]: ${x} for ${want}`).toBeLessThanOrEqual(
          tolerance * Math.max(1, Math.abs(want)),
        );
    }),
  );
};

const FULL = [0, F, 1] as const,
  CHANNEL = [0, 0, 1] as const,
  ONE = [0, 0, 0] as const;
const domain = [1, pixels, F] as const;
const load = (buffer: number, strides: readonly [number, number, number]) => ({
  buffer,
  strides: [...strides] as [number, number, number],
});
type Code = FusedStep['code'][number];
const op = (name: Code['op'], ...args: number[]): Code => ({ op: name, args });
const constant = (value: number): Code => ({ op: 'const', args: [], value });
const input = (shape: readonly number[]): BufferSpec => ({ in: 'input', shape });
const output = (shape: readonly number[] = yShape): BufferSpec => ({ in: 'output', shape });

/** relu(y * scale + shift + residual): evaluation's BatchNorm. */
const normalised: Case = {
  more: [input([F]), input([F]), input(yShape), output()],
  map: {
    domain: [...domain],
    loads: [load(2, FULL), load(3, CHANNEL), load(4, CHANNEL), load(5, FULL)],
    code: [op('mulAdd', 0, 1, 2), op('add', 4, 3), op('relu', 5)],
    stores: [{ register: 6, buffer: 6 }],
    reductions: [],
  },
};
/** One instruction on y and two more operands. */
const single = (code: readonly Code[], register: number): Case => ({
  more: [input(yShape), input([1]), output()],
  map: {
    domain: [...domain],
    loads: [load(2, FULL), load(3, FULL), load(4, ONE)],
    code: [...code],
    stores: [{ register, buffer: 5 }],
    reductions: [],
  },
});

const MEANINGS: Readonly<Record<string, Case>> = {
  'evaluation of BatchNorm with a residual': normalised,
  'sums, differences, products, quotients': single(
    [
      op('add', 0, 1),
      op('sub', 3, 2),
      op('mul', 4, 1),
      op('abs', 1),
      constant(0.25),
      op('add', 6, 7),
      op('div', 5, 8),
    ],
    9,
  ),
  'exponentials, logarithms, roots': single(
    [
      op('abs', 0),
      constant(0.5),
      op('add', 3, 4),
      op('exp', 0),
      op('log', 5),
      op('sqrt', 5),
      op('rsqrt', 5),
      op('neg', 7),
      op('mulAdd', 6, 8, 10),
      op('add', 11, 9),
    ],
    12,
  ),
  'comparisons as numbers': single(
    [
      op('step', 0),
      op('greater', 0, 1),
      op('add', 3, 4),
      constant(0),
      op('relu', 0),
      op('equal', 7, 6),
      op('add', 5, 8),
    ],
    9,
  ),
  'selections by comparisons and by numbers': single(
    [
      op('greater', 0, 1),
      op('select', 3, 0, 2),
      op('relu', 1),
      op('select', 5, 4, 0),
      op('step', 2),
      op('select', 7, 6, 1),
    ],
    8,
  ),
  'larger and smaller': single([op('max', 0, 1), op('min', 0, 2), op('sub', 3, 4)], 5),
  'registers that no store needs are left out': single([op('exp2', 1), op('mul', 0, 1)], 4),
  'arithmetic of channels and of single numbers': {
    more: [input([F]), input([]), input([]), output()],
    map: {
      domain: [...domain],
      loads: [load(2, FULL), load(3, CHANNEL), load(4, ONE), load(5, ONE)],
      code: [op('mul', 1, 1), op('mul', 2, 3), op('mul', 4, 5), op('mul', 0, 6)],
      stores: [{ register: 7, buffer: 6 }],
      reductions: [],
    },
  },
  'two results, one of them read by the other': {
    more: [input([F]), output(), output()],
    map: {
      domain: [...domain],
      loads: [load(2, FULL), load(3, CHANNEL)],
      code: [op('mul', 0, 1), op('relu', 2)],
      stores: [
        { register: 2, buffer: 4 },
        { register: 3, buffer: 5 },
      ],
      reductions: [],
    },
  },
  'one value stored twice, and the convolution as it is': {
    more: [output(), output(), output()],
    map: {
      domain: [...domain],
      loads: [load(2, FULL)],
      code: [op('neg', 0)],
      stores: [
        { register: 1, buffer: 3 },
        { register: 1, buffer: 4 },
        { register: 0, buffer: 5 },
      ],
      reductions: [],
    },
  },
  'the convolution is kept for a later step': {
    more: [output(), output()],
    map: {
      domain: [...domain],
      loads: [load(2, FULL)],
      code: [op('relu', 0)],
      stores: [{ register: 1, buffer: 3 }],
      reductions: [],
    },
    after: [
      fusedOf({
        name: 'later',
        domain: [...domain],
        loads: [load(2, FULL)],
        code: [op('add', 0, 0)],
        stores: [{ register: 1, buffer: 4 }],
      }),
    ],
  },
  'channels of a flat domain': {
    more: [output()],
    map: {
      domain: [1, pixels * F, 1],
      loads: [load(2, [0, 1, 0])],
      code: [op('relu', 0)],
      stores: [{ register: 1, buffer: 3 }],
      reductions: [],
    },
  },
  'an input gradient with what comes along the other branch': {
    adjoint: true,
    more: [input(xShape), input([C]), output(xShape)],
    map: {
      domain: [1, N * H * W, C],
      loads: [load(2, [0, C, 1]), load(3, [0, C, 1]), load(4, CHANNEL)],
      code: [op('add', 0, 1), op('mul', 3, 2)],
      stores: [{ register: 4, buffer: 5 }],
      reductions: [],
    },
  },
};

describe('an epilogue means what the step after the convolution does', () => {
  const cases = Object.entries(MEANINGS);
  const outputsBefore = (k: number): number =>
    cases
      .slice(0, k)
      .flatMap(([, c]) => c.more)
      .filter((m) => m.in === 'output').length;
  let ran: Ran;
  beforeAll(async () => {
    fusedIsFaster();
    ran = await run(await open(), joined(cases.map(([, c]) => c)));
  }, 60_000);

  it.each(cases.map(([name], k) => [name, k] as const))('%s', (_, k) => {
    const { conv } = ran.pairs[k]!;
    expect(conv).toMatch(/^cudnn engine \d+, knobs -, with the step after it$/);
    expect(isFused(ran, k)).toBe(true);
    const [from, to] = [outputsBefore(k), outputsBefore(k + 1)];
    expect(to).toBeGreaterThan(from);
    expectRight({ ...ran, outputs: ran.outputs.slice(from, to), expected: ran.expected.slice(from, to) });
  });

  it('in bf16, which it rounds to where it stores', async () => {
    const arena = (shape: readonly number[]): BufferSpec => ({ in: 'arena', shape, dtype: 'bf16' });
    const ran = await run(
      await open(),
      planFor({
        type: 'bf16',
        more: [arena(yShape), arena(yShape), output(), output(), input([F])],
        map: {
          domain: [...domain],
          loads: [load(2, FULL), load(7, CHANNEL)],
          code: [op('mul', 0, 1), op('relu', 2)],
          stores: [
            { register: 2, buffer: 3 },
            { register: 3, buffer: 4 },
          ],
          reductions: [],
        },
        after: [3, 4].map((from) =>
          fusedOf({
            name: 'out',
            domain: [...domain],
            loads: [load(from, FULL)],
            stores: [{ register: 0, buffer: from + 2 }],
          }),
        ),
      }),
    );
    expect(isFused(ran)).toBe(true);
    expectRight(ran, 2 ** -7); // the plan rounds y, an epilogue need not
    for (const out of ran.outputs) expect(out).toEqual(out.map(toBf16));
  });

  it('with NaN and infinities where they belong', async () => {
    const codes = [
      [op('relu', 0)],
      [op('max', 0, 1)],
      [op('max', 1, 0)],
      [op('min', 0, 1)],
      [op('min', 1, 0)],
      [op('step', 0)],
      [op('select', 1, 0, 2)],
      [op('select', 0, 1, 2)],
    ];
    const spoilt = await run(await open(), joined(codes.map((code) => single(code, 3))), (inputs) =>
      inputs.forEach((x) => {
        if (x.length !== count(xShape)) return;
        x[0] = NaN;
        x[11] = Infinity;
      }),
    );
    codes.forEach(([code], k) => {
      expect(isFused(spoilt, k)).toBe(true);
      spoilt.outputs[k]!.forEach((x, i) =>
        expect(Number.isNaN(x), `${code!.op} [${i}]`).toBe(Number.isNaN(spoilt.expected[k]![i]!)),
      );
    });
    expect(spoilt.outputs[0]!.some(Number.isNaN)).toBe(true);
    expect(spoilt.outputs[5]!.some(Number.isNaN)).toBe(false);
  });
});

/** A plan with buffer `at` at the place of another in the arena, `shift` bytes further. */
const placed = (plan: Plan, at: number, like: number, shift = 0): Plan => {
  const { place } = plan.buffers[like]!;
  if (place.in !== 'arena') throw new Error('no place in the arena');
  return {
    ...plan,
    buffers: plan.buffers.map((b, i) =>
      i === at ? { ...b, place: { in: 'arena', at: place.at + shift } } : b,
    ),
  };
};
/**
 * relu(y + r), with r and the result in the arena: a step before puts r there, one after takes the result
 * out.
 */
const inArena = (): Plan => {
  const plan = planFor({
    more: [{ in: 'arena', shape: yShape }, { in: 'arena', shape: yShape }, output(), input(yShape)],
    map: {
      domain: [...domain],
      loads: [load(2, FULL), load(3, FULL)],
      code: [op('add', 0, 1), op('relu', 2)],
      stores: [{ register: 3, buffer: 4 }],
      reductions: [],
    },
    after: [
      fusedOf({
        name: 'out',
        domain: [...domain],
        loads: [load(4, FULL)],
        stores: [{ register: 0, buffer: 5 }],
      }),
    ],
  });
  const r = fusedOf({
    name: 'r',
    domain: [...domain],
    loads: [load(6, FULL)],
    stores: [{ register: 0, buffer: 3 }],
  });
  return { ...plan, steps: [r, ...plan.steps] };
};

describe('two steps stay apart', () => {
  const apart = async (plan: Plan, covers = 0): Promise<void> => {
    const ran = await run(await open(), plan, undefined, covers);
    for (const { conv, map } of ran.pairs) {
      expect(conv).toMatch(/^cudnn engine \d+, knobs -$/);
      expect(map).toMatch(/^\d launch/);
    }
    expectRight(ran);
  };
  const relu = (more: Partial<FusedStep>): Case => ({
    more: [input([pixels]), output(), output([F])],
    map: {
      domain: [...domain],
      loads: [load(2, FULL)],
      code: [op('relu', 0)],
      stores: [{ register: 1, buffer: 4 }],
      reductions: [],
      ...more,
    },
    after: more.reductions === undefined ? [callOf('fill', [], [5], { value: 0 })] : [],
  });

  it('where a result lies on an operand, even element on element', async () => {
    const plan = inArena();
    for (const free of [plan, placed(plan, 4, 2)]) {
      // the convolution's own place is free
      const ran = await run(await open(), free);
      expect(isFused(ran)).toBe(true);
      expectRight(ran);
    }
    await apart(placed(plan, 4, 0)); // on x
    await apart(placed(plan, 4, 1, 64)); // on a part of the weight
    await apart(placed(plan, 4, 3)); // on r
  });
  it('where the map has another form than an epilogue', () =>
    apart(
      joined(
        [
          {
            loads: [load(2, FULL), load(3, [0, 1, 0])],
            code: [op('add', 0, 1)],
            stores: [{ register: 2, buffer: 4 }],
          }, // an operand that differs from pixel to pixel alone
          { code: [op('exp2', 0)] }, // which cuDNN lacks
          { reductions: [{ register: 1, op: 'sum', keep: 'inner', buffer: 5 }] }, // it adds up
          {
            loads: [load(2, FULL), load(2, CHANNEL)],
            code: [op('sub', 0, 1)],
            stores: [{ register: 2, buffer: 4 }],
          }, // the convolution not element by element
          { loads: [load(3, [0, 1, 0])], code: [op('relu', 0)] }, // or not at all
          {
            loads: [load(2, FULL)],
            code: [constant(3), op('relu', 0)],
            stores: [{ register: 1, buffer: 4 }],
          }, // a result that is the same for all
        ].map((more) => relu(more as Partial<FusedStep>)),
      ),
    ));
  it('where its launches do other steps as well', async () => apart(planFor(normalised), 1));
  it('where nothing is built, or nothing is there', async () => {
    set('0', '10000', 'build');
    await apart(planFor(normalised));
    set('0', '10000', 'list');
    await apart(planFor(normalised));
  });
  it('where the device is told so', async () => {
    const ran = await run(await open(undefined, { epilogues: false }), planFor(normalised));
    expect(isFused(ran)).toBe(false);
    expectRight(ran);
  });
});

describe('on two streams', () => {
  it('one operation for two steps waits for what either of them needs', async () => {
    const { more, map } = normalised;
    const { specs, steps } = partsOf({
      more: [...more, { in: 'arena', shape: yShape }],
      map: { ...map, loads: [load(2, FULL), load(3, CHANNEL), load(4, CHANNEL), load(7, FULL)] },
    });
    const aside: Step = { ...(convolution('conv2d') as CallStep), outputs: [7] };
    const plan = planOf(specs, [...steps.slice(0, 2), aside, ...steps.slice(2)], 'two');
    expect(emitCuda(plan).steps.map((s) => [s.stream, s.after])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      ['side', undefined],
      [undefined, undefined],
      [undefined, 2],
    ]);
    process.env['FAKE_CUDNN_CONV'] = '30000'; // so that it is not done by chance
    const ran = await run(await open(undefined, { streams: 'two' }), plan);
    expect(ran.pairs.map(({ conv }) => conv)).toEqual([
      expect.stringMatching(/knobs -$/),
      expect.stringMatching(/, with the step after it$/),
    ]);
    expectRight(ran);
  });
});

/**
 * The sum of each channel of y about its first element, its variance, and what a training's BatchNorm makes
 * of them.
 */
const moments: Case = {
  more: [{ in: 'arena', shape: [F] }, { in: 'arena', shape: [F] }, output([F]), output([F]), output()],
  map: {
    domain: [...domain],
    loads: [load(2, FULL), load(2, CHANNEL)],
    code: [op('sub', 0, 1)],
    stores: [],
    reductions: [
      { register: 2, op: 'sum', keep: 'inner', buffer: 3 },
      { register: 2, op: 'variance', keep: 'inner', buffer: 4 },
    ],
  },
  after: [
    fusedOf({
      name: 'statistics',
      domain: [1, F, 1],
      loads: [load(3, [0, 1, 0]), load(4, [0, 1, 0])],
      code: [constant(1 / pixels), op('mul', 0, 2), op('add', 1, 1)],
      stores: [
        { register: 3, buffer: 5 },
        { register: 4, buffer: 6 },
      ],
    }),
    fusedOf({
      name: 'later',
      domain: [...domain],
      loads: [load(2, FULL)],
      code: [op('add', 0, 0)],
      stores: [{ register: 1, buffer: 7 }],
    }),
  ],
};

describe('sums of channels in the convolution', () => {
  const summed = ', with the sums of the step after it',
    made = ', of the sums in the step before';
  const slow = (): void => {
    process.env['FAKE_CUDNN_CONV'] = '10000';
  }; // convolutions by themselves
  const isSummed = ({ pairs: [pair] }: Ran): boolean => {
    expect(pair!.conv.endsWith(summed)).toBe(pair!.map.endsWith(made));
    return pair!.conv.endsWith(summed);
  };

  it.each([
    ['each step by itself', false],
    ['the small steps in one launch', true],
  ])('give the moments that our launches give, %s', async (_, join) => {
    slow();
    const ran = await run(await open(), planFor(moments), undefined, 0, join);
    expect(isSummed(ran)).toBe(true);
    expectRight(ran, 1e-5);
    const apart = await run(
      await open(undefined, { epilogues: false }),
      planFor(moments),
      undefined,
      0,
      join,
    );
    expect(isSummed(apart)).toBe(false);
    expectRight(apart);
  });
  it('keep a variance of nothing from becoming negative', async () => {
    slow();
    const ran = await run(await open(), planFor(moments), ([x, w]) => {
      x!.fill(100);
      w!.forEach((_, i) => {
        w![i] = Math.floor(i / C) % 9 === 4 ? 0.3 + i / 1000 : 0;
      }); // the middle alone, so that a channel is one number
    });
    expect(isSummed(ran)).toBe(true);
    for (const v of ran.outputs[1]!) expect(v).toBeGreaterThanOrEqual(0);
  });
  it('are for products that are rounded anyway, and for where they are faster', async () => {
    slow();
    expect(isSummed(await run(await open(undefined, { precision: 'strict' }), planFor(moments)))).toBe(false);
    delete process.env['FAKE_CUDNN_CONV'];
    fusedIsSlower();
    const cache = join(folder, 'kept-sums');
    expect(isSummed(await run(await open(cache), planFor(moments)))).toBe(false);
    slow();
    expect(isSummed(await run(await open(cache), planFor(moments)))).toBe(false); // as it was found before
  });
  it('are not taken where they would lie on what the convolution reads', async () => {
    slow();
    const plan = planFor(moments);
    const on = (buffer: number): Plan => ({
      ...plan,
      buffers: plan.buffers.map((b, i) => (i === 3 ? { ...b, place: plan.buffers[buffer]!.place } : b)),
    });
    const ran = await run(await open(), on(1));
    expect(isSummed(ran)).toBe(false);
  });
});

describe('marks of a plan', () => {
  type Marked = Extract<CallStep, { kernel: 'conv2d' }>;
  /** A plan whose one convolution is marked so; the plan's own mark is right. */
  const marked = (case_: Case, change: (mark: Epilogue) => Partial<Marked>, kernel = 'conv2d'): Plan => {
    const plan = withEpilogues(planFor(case_));
    return {
      ...plan,
      steps: plan.steps.map((s) =>
        s.kind === 'call' && s.kernel === kernel ? ({ ...s, ...change((s as Marked).epilogue!) } as Step) : s,
      ),
    };
  };
  const adjoint: Case = {
    adjoint: true,
    more: [output(xShape)],
    map: {
      domain: [1, N * H * W, C],
      loads: [load(2, [0, C, 1])],
      code: [op('neg', 0)],
      stores: [{ register: 1, buffer: 3 }],
      reductions: [],
    },
  };
  const [first, shift] = [moments, inArena()];

  it('are those of the compiler', () => {
    const marks = (plan: Plan): unknown[] =>
      withEpilogues(plan).steps.flatMap((s) => (s.kind === 'call' ? [s.epilogue] : []));
    expect(marks(planFor(normalised))).toEqual([
      { kind: 'map', spreads: ['full', 'channel', 'channel', 'full'], keepsResult: false },
    ]);
    expect(marks(planFor(moments))).toEqual([{ kind: 'sums', sum: 3, squares: 4 }]);
    expect(marks(shift)).toEqual([{ kind: 'map', spreads: ['full', 'full'], keepsResult: false }]);
    expect(marks(placed(shift, 4, 0))).toEqual([undefined]); // the result lies on x
    expect(marks(planFor(MEANINGS['the convolution is kept for a later step']!))).toEqual([
      { kind: 'map', spreads: ['full'], keepsResult: true },
    ]);
  });

  it('are what joins steps: without one they stay apart', async () => {
    const plan = planFor(normalised);
    const executable = await (await open()).load(plan, { code: emitCuda(plan, undefined, { join: false }) });
    expect(executable.describe().map((s) => s.implementation)).not.toContain('in the step before');
    executable.dispose();
  });

  it.each<readonly [string, Plan, string]>([
    [
      'of another count of loads',
      marked(normalised, () => ({ epilogue: { kind: 'map', spreads: ['full'], keepsResult: false } })),
      'epilogue: 1 spreads for 4 loads',
    ],
    [
      'of loads that lie another way',
      marked(normalised, () => ({
        epilogue: { kind: 'map', spreads: ['full', 'full', 'channel', 'full'], keepsResult: false },
      })),
      'epilogue.spreads[1]: the step after it does not load so',
    ],
    [
      'of a map that overwrites what the convolution reads',
      { ...placed(withEpilogues(shift), 4, 0) },
      'epilogue: writes buffer 4 where the same call reads buffer 0',
    ],
    [
      'of a step that is no map',
      marked(first, () => ({ epilogue: { kind: 'map', spreads: ['full', 'channel'], keepsResult: false } })),
      'epilogue: the step after it is no map of its result',
    ],
    [
      'of sums in another place',
      marked(first, () => ({ epilogue: { kind: 'sums', sum: 4, squares: 3 } })),
      'does not reduce the channels of its result to buffers 4 and 3',
    ],
    [
      'of sums that no step takes',
      marked(normalised, () => ({ epilogue: { kind: 'sums', sum: 3, squares: 4 } })),
      'does not reduce the channels of its result to buffers 3 and 4',
    ],
    [
      'of a buffer that is not there',
      marked(first, () => ({ epilogue: { kind: 'sums', sum: 3, squares: 1000 } })),
      'does not reduce the channels of its result to buffers 3 and 1000',
    ],
    [
      'of sums of a gradient',
      marked(adjoint, () => ({ epilogue: { kind: 'sums', sum: 3, squares: 3 } }), 'conv2dInputGrad'),
      'does not reduce the channels of its result',
    ],
    [
      'of another call',
      marked(normalised, (epilogue) => ({
        kernel: 'conv2dWeightGrad' as 'conv2d',
        outputs: [1],
        inputs: [0, 2],
        epilogue,
      })),
      'epilogue: only convolutions with an image for a result have one',
    ],
  ])('are refused where they do not hold: %s', async (_, plan, message) => {
    const device = new addon.Device({ threads: 1 }); // plans are held to them on every device
    await expect(device.load(plan)).rejects.toMatchObject({
      code: 'PLAN',
      message: expect.stringContaining(message),
    });
    await device.dispose();
  });
});

describe('measurements decide', () => {
  const linesOf = (cache: string): string[] =>
    readdirSync(cache)
      .filter((f) => f.endsWith('.tuning'))
      .flatMap((f) => readFileSync(join(cache, f), 'utf8').trim().split('\n'));
  const executions = (): number => log.take().filter((l) => l.startsWith('cudnn')).length;
  const signature =
    'conv2d 2x5x4x3 to 3x2x8, kernel 3x3, stride 2x2, dilation 1x1, padding 1 1 1 1, tf32, deterministic';
  const program =
    'v1=channel.f32 v2=channel.f32 v3=full.f32 v4=0x0p+0 v5=mul(v0 v1) v6=add(v5 v2) v7=add(v6 v3) v8=lessOrEqual(v7 v4) v9=select(v8 v4 v7) -> v9.f32';

  it('are kept with the SHA-256 of file and line, for this user alone; what was changed is measured anew', async () => {
    const cache = join(folder, 'digests');
    await run(await open(cache), planFor(normalised));
    const name = readdirSync(cache).find((f) => f.endsWith('.tuning'))!;
    const file = join(cache, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = linesOf(cache);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const [text, digest] = [line.slice(0, line.lastIndexOf('\t')), line.slice(line.lastIndexOf('\t') + 1)];
      expect(digest).toBe(createHash('sha256').update(`pathex tuning 2\n${name}\n${text}`).digest('hex'));
    }
    const measured = async (): Promise<boolean> => {
      log.take();
      const before = linesOf(cache).length;
      await run(await open(cache), planFor(normalised));
      return linesOf(cache).length > before;
    };
    expect(await measured()).toBe(false);
    for (const changed of [
      lines.map((line) => line.replace(/\t\S+\t(?=[^\t]*$)/, '\t0.5\t')), // other seconds, the old digest
      lines.map((line) => line.slice(0, line.lastIndexOf('\t'))), // as an older version wrote them
    ]) {
      writeFileSync(file, `${changed.join('\n')}\n`);
      expect(await measured()).toBe(true);
    }
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect(await measured()).toBe(false);
    chmodSync(file, 0o666);
    log.take();
    await run(await open(cache), planFor(normalised));
    expect(linesOf(cache)).toEqual(lines); // neither believed nor added to
    expect(executions()).toBeGreaterThan(10);
  });

  it.each([
    ['two steps stay', 'plain', fusedIsSlower],
    ['one operation replaces them', 'an engine', fusedIsFaster],
  ] as const)('%s where they are faster, and the next process does not measure', async (_, engine, how) => {
    how();
    const cache = join(folder, `kept-${engine}`);
    const first = await run(await open(cache), planFor(normalised));
    expect(isFused(first)).toBe(engine !== 'plain');
    expectRight(first);
    const lines = linesOf(cache).map((l) => l.split('\t'));
    expect(lines.map(([s]) => s)).toEqual([signature, `${signature}; ${program}`]);
    expect(lines[1]![1]).toMatch(engine === 'plain' ? /^plain$/ : /^[01]$/);
    expect(lines[1]![2]).toBe('-');
    expect(Number(lines[1]![3])).toBeGreaterThan(0);

    // Whatever it would measure now.
    if (engine === 'plain') fusedIsFaster();
    else fusedIsSlower();
    log.take();
    const second = await run(await open(cache), planFor(normalised));
    expect(executions()).toBe(1); // the run itself
    expect(second.pairs).toEqual(first.pairs);
    expectRight(second);
    expect(linesOf(cache)).toHaveLength(2);
  });

  it('equal times are no gain', async () => {
    process.env['FAKE_CUDA_ELAPSED'] = '1'; // whatever it is that runs
    expect(isFused(await run(await open(), planFor(normalised)))).toBe(false);
  });

  it('equal pairs share what is built', async () => {
    const { more, map } = normalised;
    const plan = planFor({
      more: [...more, output()],
      map,
      after: [
        convolution('conv2d'),
        fusedOf({ ...map, name: 'again', stores: [{ register: 6, buffer: 7 }] }),
      ],
    });
    const ran = await run(await open(), plan);
    expect(ran.pairs.map((_, k) => isFused(ran, k))).toEqual([true, true]);
    expectRight(ran);
  });

  it('pairs go with their plans: nothing is left on the GPU', async () => {
    await run(await open(), planFor(normalised));
    await Promise.all(opened.splice(0).map((d) => d.dispose()));
    expect(log.take().at(-1)).toBe('left:');
  });
});
