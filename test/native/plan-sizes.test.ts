import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';

import type { CallAttributes, CallName } from '../../src/plan/calls.js';
import type { Plan, PlanBuffer } from '../../src/plan/plan.js';
import { addonPaths } from '../../src/runtime/native.js';
import { addon, callOf, fusedOf, planOf, runOn, type BufferSpec } from './plans.js';

/**
 * Plans whose sizes wrap around, or do not belong together, are refused when they are loaded; any number that
 * a run brings is met.
 */

const device = new addon.Device({ threads: 2 });
afterAll(() => device.dispose());

const refuses = async (plan: Plan, message: string | RegExp): Promise<void> => {
  const error = await Promise.resolve()
    .then(() => device.load(plan))
    .then(
      () => undefined,
      (e: unknown) => e as Error,
    );
  expect(error, 'the plan was accepted').toBeDefined();
  expect(error).toMatchObject({ code: 'PLAN' });
  expect(error!.message).toMatch(message);
  expect(error!.message).toMatch(/compile the program anew, this plan is damaged or of another version$/);
};

/** A map of one load, whose extents and strides are given. */
const mapOf = (
  domain: [number, number, number],
  strides: [number, number, number],
  elements: number,
  change: Partial<Parameters<typeof fusedOf>[0]> = {},
): Plan =>
  planOf(
    [
      { in: 'input', shape: [elements] },
      { in: 'output', shape: [1] },
    ],
    [
      fusedOf({
        domain,
        loads: [{ buffer: 0, strides }],
        reductions: [{ register: 0, op: 'sum', keep: 'none', buffer: 1 }],
        ...change,
      }),
    ],
  );

const call = <K extends CallName>(
  kernel: K,
  inputs: readonly BufferSpec[],
  output: BufferSpec,
  attributes: CallAttributes<K>,
): Plan =>
  planOf(
    [...inputs, output],
    [
      callOf(
        kernel,
        inputs.map((_, i) => i),
        [inputs.length],
        attributes,
      ),
    ],
  );

const given = (shape: readonly number[], dtype: PlanBuffer['dtype'] = 'f32'): BufferSpec => ({
  in: 'input',
  shape,
  dtype,
});
const result = (shape: readonly number[], dtype: PlanBuffer['dtype'] = 'f32'): BufferSpec => ({
  in: 'output',
  shape,
  dtype,
});

const changed = (plan: Plan, change: Partial<Plan>): Plan => ({ ...plan, ...change });
const withBuffer = (plan: Plan, at: number, change: Partial<PlanBuffer>): Plan =>
  changed(plan, { buffers: plan.buffers.map((b, i) => (i === at ? { ...b, ...change } : b)) });

describe('buffers', () => {
  const plan = mapOf([1, 4, 1], [0, 1, 0], 4);

  it.each([
    [[2 ** 31, 2 ** 31]], // 2^64 bytes of f32
    [[2 ** 32, 2 ** 32]], // 2^64 elements
    [[2 ** 53 - 1, 2 ** 53 - 1]],
    [[2 ** 20, 2 ** 20, 2]],
  ])('of %j elements are refused wherever they lie', async (shape) => {
    await refuses(withBuffer(plan, 0, { shape }), 'buffers[0].shape: more than 1099511627776 elements');
    const arena = withBuffer(plan, 0, { shape, place: { in: 'arena', at: 0 } });
    await refuses(changed(arena, { inputs: [] }), 'buffers[0].shape: more than 1099511627776 elements');
  });

  it('have no more axes than the work of reading them is worth', async () => {
    const shape = [4, ...Array<number>(64).fill(1)];
    await refuses(withBuffer(plan, 0, { shape }), 'buffers[0].shape: more than 64 axes');
  });

  it('need an arena that addresses can reach', async () => {
    await refuses(changed(plan, { arenaBytes: 2 ** 53 - 1 }), 'arenaBytes: 9007199254740991, at most');
  });

  it.each([
    ['i32', [1, 2 ** 31, 3], 'buffers[0].place.data[1]: 2147483648.000000 is no i32'],
    ['i32', [1, 2, NaN], 'buffers[0].place.data[2]: nan is no i32'],
    ['u8', [256, 2, 3], 'buffers[0].place.data[0]: 256.000000 is no u8'],
    ['u8', [0, -1, 3], 'buffers[0].place.data[1]: -1.000000 is no u8'],
  ] as const)('of %s constants hold no other numbers: %j', async (dtype, data, message) => {
    const constant = withBuffer(mapOf([1, 3, 1], [0, 1, 0], 3), 0, {
      dtype,
      place: { in: 'constant', data },
    });
    await refuses(changed(constant, { inputs: [] }), message);
  });

  it('whose shape is four thousand million holes end with one line, not with the process', async () => {
    const path = addonPaths().find((p) => p.includes('Release'))!;
    const script = `const { Device } = require(${JSON.stringify(path)});
      const plan = ${JSON.stringify(plan)};
      plan.buffers[0].shape = new Array(2 ** 32 - 1);
      try { new Device().load(plan); } catch (e) { console.log(e.message); process.exit(0); }`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (d: Buffer) => (out += d.toString()));
    const ended = await new Promise((resolve) => child.on('close', resolve));
    expect(out).toContain('plan.buffers[0].shape[0]: is not a number');
    expect(ended).toBe(0);
  });
});

describe('fused steps', () => {
  it.each([
    [[2 ** 32, 2 ** 32, 1]], // 2^64
    [[2 ** 32, 2 ** 32, 2]],
    [[1e5, 1e5, 1e5]], // no product wraps, but nobody waits for 10^15 elements
    [[1, 1e15, 1]],
  ] as [[number, number, number]][])('over %j elements out of one are refused', async (domain) => {
    await refuses(mapOf(domain, [0, 0, 0], 1), "steps[0] 'fused': domain: more than 268435456 elements");
  });

  it('may repeat small buffers as often as sums over a batch do', async () => {
    const [sum] = await runOn(device, mapOf([1, 2 ** 22, 4], [0, 0, 1], 4), [Float32Array.of(1, 2, 3, 4)]);
    expect(sum![0]).toBe(2 ** 22 * 10);
  });

  it('do not read elements whose number wraps around', async () => {
    await refuses(mapOf([1, 2 ** 11 + 1, 1], [0, 2 ** 53, 0], 4), 'loads[0]: reads element 2^64 or later');
    await refuses(
      mapOf([3, 3, 1], [2 ** 53, 2 ** 53, 0], 4),
      /loads\[0\]: reads element 36028797018963968 of/,
    );
  });

  it('do not keep more than they have', async () => {
    const keeps = { reductions: [{ register: 0, op: 'sum', keep: 'outerInner', buffer: 1 }] } as const;
    await refuses(mapOf([2, 3, 4], [12, 4, 1], 24, keeps), 'buffer 1 has 1 elements, the step writes 8');
  });

  it('overwrite what they load only element on element', async () => {
    const arena = (loadStride: number, storeAt: number): Plan => {
      const plan = planOf(
        [
          { in: 'arena', shape: [16] },
          { in: 'arena', shape: [8] },
        ],
        [
          fusedOf({
            domain: [1, 8, 1],
            loads: [{ buffer: 0, strides: [0, loadStride, 0] }],
            code: [{ op: 'neg', args: [0] }],
            stores: [{ register: 1, buffer: 1 }],
          }),
        ],
      );
      return withBuffer(plan, 1, { place: { in: 'arena', at: storeAt } });
    };
    for (const [stride, at] of [
      [1, 4],
      [2, 0],
      [0, 0],
    ] as const)
      await refuses(arena(stride, at), 'stores[0]: overwrites buffer 0, which the step still reads');
    (await device.load(arena(1, 0))).dispose();
  });

  it('have results that lie apart', async () => {
    const stores = [0, 0].map((register) => ({ register, buffer: 1 }));
    const plan = planOf(
      [given([8]), result([8])],
      [fusedOf({ domain: [1, 8, 1], loads: [{ buffer: 0, strides: [0, 1, 0] }], stores })],
    );
    await refuses(plan, 'stores[1]: writes where stores[0] does');
  });

  it('store what a type does not have as its nearest number', async () => {
    for (const [dtype, expected] of [
      ['i32', [2 ** 31 - 1, -(2 ** 31), 0, -7, 2 ** 31 - 1]],
      ['u8', [255, 0, 0, 0, 255]],
    ] as const) {
      const plan = planOf(
        [given([5]), result([5], dtype)],
        [
          fusedOf({
            domain: [1, 5, 1],
            loads: [{ buffer: 0, strides: [0, 1, 0] }],
            stores: [{ register: 0, buffer: 1 }],
          }),
        ],
      );
      const [stored] = await runOn(device, plan, [Float32Array.of(Infinity, -1e30, NaN, -7.9, 2 ** 31)]);
      expect([...stored!]).toEqual(expected);
    }
  });
});

describe('convolutions', () => {
  const base: CallAttributes<'conv2d'> = {
    n: 1,
    h: 3,
    w: 3,
    c: 3,
    f: 2,
    kh: 1,
    kw: 1,
    oh: 3,
    ow: 3,
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0, 0, 0, 0],
  };
  const planFor = (kernel: 'conv2d' | 'conv2dWeightGrad', change: Partial<typeof base>): Plan => {
    const a = { ...base, ...change };
    const sizes = [
      [a.n, a.h, a.w, a.c],
      [a.f, a.kh, a.kw, a.c],
      [a.n, a.oh, a.ow, a.f],
    ] as const;
    const [x, w, y] = sizes.map((s) => (s.some((d) => d > 2 ** 20) ? [0] : s)) as [
      number[],
      number[],
      number[],
    ];
    return kernel === 'conv2d'
      ? call(kernel, [given(x), given(w)], result(y), a)
      : call(kernel, [given(x), given(y)], result(w), a);
  };

  it('read no row behind the last: the weight gradient of a strided 1x1 kernel', async () => {
    await refuses(
      planFor('conv2dWeightGrad', { oh: 4, stride: [2, 1] }),
      "step 'conv2dWeightGrad': attributes.oh: 4, but the window, stride and padding give 2",
    );
  });

  it.each([
    [{ oh: 2 }, 'attributes.oh: 2, but the window, stride and padding give 3'],
    [{ ow: 4 }, 'attributes.ow: 4, but the window, stride and padding give 3'],
    [{ padding: [1, 0, 0, 0] }, 'attributes.oh: 3, but the window, stride and padding give 4'],
    [{ kh: 5 }, 'attributes.oh: 3, but the window, stride and padding give 0'],
    [{ n: 2 ** 32, h: 2 ** 32 }, 'attributes.n: 4294967296 is not from 1 to 2147483647'],
    [{ c: 2 ** 31 - 1, n: 2 ** 31 - 1, h: 3 }, 'inputs[0]: buffer 0 is f32 with 0 elements'],
    [{ stride: [2 ** 53 - 1, 1] }, 'attributes.stride[0]: 9007199254740991 is not from 1 to 65536'],
    [{ dilation: [1, 2 ** 53 - 1] }, 'attributes.dilation[1]: 9007199254740991 is not from 1 to 65536'],
    [{ padding: [2 ** 40, 0, 0, 0] }, 'attributes.padding[0]: 1099511627776 is not from 0 to 65536'],
    [{ padding: [0, 0, -1, 0], oh: 2 }, 'attributes.padding[2]: -1 is not from 0 to 65536'],
  ] as const)('have attributes that belong together: %j', async (change, message) => {
    await refuses(planFor('conv2d', change as unknown as Partial<typeof base>), message); // tuples that are readonly
  });

  it('do not write where they read', async () => {
    const specs: BufferSpec[] = [{ in: 'state', shape: [1, 3, 3, 3] }, given([3, 1, 1, 3])];
    await refuses(
      planOf(specs, [callOf('conv2d', [0, 1], [0], { ...base, f: 3 })]),
      "steps[0] 'conv2d': outputs[0]: overwrites buffer 0, which the step still reads",
    );
  });
});

describe('other calls', () => {
  const pool: CallAttributes<'maxPool'> = {
    n: 1,
    h: 4,
    w: 4,
    c: 1,
    oh: 2,
    ow: 2,
    window: [2, 2],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
  };

  it.each([
    [{ oh: 3 }, 'attributes.oh: 3, but the window, stride and padding give 2'],
    [{ window: [2 ** 53 - 1, 2] }, 'attributes.window[0]: 9007199254740991 is not from 1 to 2147483647'],
    [{ stride: [2, 2 ** 53 - 1] }, 'attributes.stride[1]: 9007199254740991 is not from 1 to 2147483647'],
    [{ padding: [-(2 ** 53), 0, 0, 0] }, 'attributes.padding: a window lies outside the image'],
    [{ padding: [0, 0, 0, 2 ** 53 - 1] }, 'attributes.padding: a window lies outside the image'],
    [{ n: 2 ** 32 }, 'attributes.n: 4294967296 is not from 1 to 2147483647'],
  ] as const)('pools whose windows leave the image: %j', async (change, message) => {
    const attributes = { ...pool, ...change } as unknown as CallAttributes<'maxPool'>; // tuples that are readonly
    await refuses(call('maxPool', [given([16])], result([4]), attributes), message);
  });

  it('choices of a pool number the elements of an image in 32 bits', async () => {
    const side = 2 ** 16;
    const wide = { ...pool, h: side, w: side, oh: 1, ow: 1, window: [side, side], stride: [1, 1] } as const;
    await refuses(
      call('maxPoolGather', [given([0]), given([0])], result([1]), wide as unknown as typeof pool),
      'attributes: an image of more than 2147483647 elements',
    );
  });

  it.each([
    [[2 ** 11 + 1], [2 ** 53 - 1], [1], /leaves its buffers/],
    [[2 ** 12 + 1], [2 ** 52], [2 ** 52], /leaves its buffers/], // 2^64 from end to end
    [[2, 2], [1, 1], [1, 1], /dstStrides: an element is written more than once/],
    [[1e15], [0], [0], /dstStrides: an element is written more than once/], // within its buffers for ever
  ])('copies of %j by %j to %j', async (dims, srcStrides, dstStrides, message) => {
    const attributes = { dims, srcOffset: 0, srcStrides, dstOffset: 0, dstStrides };
    await refuses(call('copy', [given([8])], result([8]), attributes), message);
  });

  it('tables of no rows, or of more than an index can name', async () => {
    const table = (rows: number, width: number, count: number, elements: number): Plan =>
      call('gather', [given([elements]), given([count], 'i32')], result([count * width]), {
        rows,
        width,
        count,
      });
    await refuses(table(0, 4, 3, 0), 'attributes.rows: a table of 0 rows has none to name');
    await refuses(table(2 ** 32, 0, 3, 0), 'attributes.rows: 4294967296 is not from 0 to 2147483647');
    await refuses(
      call('scatterAdd', [given([0]), given([0], 'i32')], result([0]), {
        rows: 2 ** 31 - 1,
        width: 2 ** 40,
        count: 0,
      }),
      /outputs\[0\]: buffer 2 is f32 with 0 elements, the kernel's attributes ask for f32 with 2\^64 or more/,
    );
  });

  it('crops, products, choices and ranks whose sizes wrap around', async () => {
    const big = 2 ** 32;
    await refuses(
      call('cropFlip', [given([0], 'u8'), given([1], 'i32'), given([3], 'i32')], result([0]), {
        images: 1,
        batch: 1,
        h: big,
        w: big,
        c: 1,
      }),
      'attributes.h: 4294967296 is not from 1 to 2147483647',
    );
    await refuses(
      call('matmul', [given([0]), given([0])], result([0]), {
        m: big,
        n: big,
        k: big,
        transposeA: false,
        transposeB: false,
      }),
      'attributes.m: 4294967296 is not from 1 to 2147483647',
    );
    await refuses(
      call('argMax', [given([0])], result([big / 2 ** 20], 'i32'), { rows: big / 2 ** 20, width: 2 ** 52 }),
      'attributes.width: 4503599627370496 is not from 1 to 2147483647',
    );
    await refuses(
      call('rankMask', [given([4]), given([1], 'i32')], result([4]), { size: big }),
      'attributes.size: 4294967296 is not from 0 to 2147483647',
    );
  });

  it('fill with a number of the type', async () => {
    await refuses(
      call('fill', [], result([3], 'u8'), { value: 256 }),
      'attributes.value: 256.000000 is no u8',
    );
    await refuses(call('fill', [], result([3], 'i32'), { value: NaN }), 'attributes.value: nan is no i32');
  });

  it('do not write where they read', async () => {
    const a = { m: 2, n: 2, k: 2, transposeA: false, transposeB: false };
    const plan = planOf([{ in: 'state', shape: [4] }, given([4])], [callOf('matmul', [0, 1], [0], a)]);
    await refuses(plan, 'outputs[0]: overwrites buffer 0, which the step still reads');
  });
});

describe('numbers of a run', () => {
  const extremes = [-(2 ** 31), -(2 ** 31) + 1, -1, 2 ** 31 - 2, 2 ** 31 - 1];

  it('name rows, or the run says which does not', async () => {
    const cases: readonly (readonly [CallName, BufferSpec, BufferSpec, object])[] = [
      ['gather', given([3, 2]), result([2, 2]), { rows: 3, width: 2, count: 2 }],
      ['scatterAdd', given([2, 2]), result([3, 2]), { rows: 3, width: 2, count: 2 }],
    ];
    for (const [kernel, from, to, attributes] of cases)
      for (const bad of extremes)
        await expect(
          runOn(device, call(kernel, [from, given([2], 'i32')], to, attributes as never), [
            new Float32Array(kernel === 'gather' ? 6 : 4),
            Int32Array.of(1, bad),
          ]),
          `${kernel} ${bad}`,
        ).rejects.toMatchObject({
          code: 'DATA',
          message: expect.stringContaining(`row ${bad} of a table of 3`),
        });
  });

  it('shift an image out of sight, whichever way', async () => {
    const plan = call(
      'cropFlip',
      [given([2, 3, 5, 2], 'u8'), given([1], 'i32'), given([3], 'i32')],
      result([30]),
      {
        images: 2,
        batch: 1,
        h: 3,
        w: 5,
        c: 2,
      },
    );
    const images = new Uint8Array(60).fill(9);
    for (const far of extremes.filter((x) => x !== -1))
      for (const shift of [
        [far, 0, 0],
        [0, far, 0],
        [0, far, far],
      ]) {
        const [y] = await runOn(device, plan, [images, Int32Array.of(1), Int32Array.from(shift)]);
        expect(
          y!.every((v) => v === 0),
          String(shift),
        ).toBe(true);
      }
    for (const bad of extremes)
      await expect(
        runOn(device, plan, [images, Int32Array.of(bad), Int32Array.of(0, 0, 0)]),
      ).rejects.toMatchObject({ code: 'DATA' });
  });

  it('keep none or all of the scores', async () => {
    const plan = call('rankMask', [given([4]), given([1], 'i32')], result([4]), { size: 4 });
    for (const keep of extremes) {
      const [mask] = await runOn(device, plan, [Float32Array.of(3, NaN, -1, 2), Int32Array.of(keep)]);
      expect([...mask!]).toEqual(Array(4).fill(keep < 0 ? 0 : 1));
    }
  });
});
