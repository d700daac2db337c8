import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import type { Device, DeviceKind } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import type { DType } from '../../src/tensor/tensor.js';

/** Every value that a state or an input cannot hold is an error; none is converted in silence. */
describe.each<DeviceKind>(['reference', 'cpu'])('values on their way to %s', (kind) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(kind);
  });
  afterAll(() => device.dispose());

  const shared = new Int32Array(new SharedArrayBuffer(8));
  test.each<readonly [DType, unknown, string]>([
    ['i32', [0, NaN], 'NaN at 1; it holds whole numbers from -2^31 to 2^31 - 1'],
    ['i32', [3.5, 0], '3.5 at 0; it holds whole numbers from -2^31 to 2^31 - 1'],
    ['i32', Float32Array.of(0, 2 ** 31), '2147483648 at 1; it holds whole numbers from -2^31 to 2^31 - 1'],
    ['u8', [0, 511], '511 at 1; it holds whole numbers from 0 to 255'],
    ['u8', Int16Array.of(-128, 0), '-128 at 0; it holds whole numbers from 0 to 255'],
    ['u8', [0.5, 1], '0.5 at 0; it holds whole numbers from 0 to 255'],
    ['u8', [1, NaN], 'NaN at 1; it holds whole numbers from 0 to 255'],
    ['f32', [1, undefined], 'nothing at 1; it holds numbers'],
    ['f32', ['1', 1], "'1' at 0; it holds numbers"],
    ['f32', [null, 1], 'null at 0; it holds numbers'],
    ['f32', BigInt64Array.of(1n, 2n), 'a BigInt64Array object; give an array of numbers'],
    ['i32', { length: 2, 0: 1, 1: 2 }, 'a plain object; give an array of numbers, such as a Int32Array'],
    ['u8', new DataView(new ArrayBuffer(2)), 'a DataView object; give an array of numbers'],
    ['f32', null, 'null; give an array of numbers'],
    ['f32', 'no', "'no'; give an array of numbers"],
    ['i32', shared, 'shared memory, which another thread may change meanwhile; give a copy: values.slice()'],
    ['f32', [1, 2, 3], '3 numbers; it needs 2'],
  ])('%s cannot take %o', async (dtype, values, message) => {
    const type = { shape: [2], dtype };
    const error = { code: 'DEVICE', message: expect.stringContaining(message) as string };
    const given = values as number[]; // what TypeScript would refuse, a script may give
    const store = device.store();
    await expect(store.add('x', type, given)).rejects.toMatchObject(error);
    expect(store.has('x')).toBe(false);
    await store.add('x', type, [1, 2]);
    await expect(store.write('x', given)).rejects.toMatchObject(error);
    expect(Array.from(await store.read('x'))).toEqual([1, 2]);
    store.dispose();
    expect(device.liveBytes()).toBe(0);
  });

  test('a run names the input', async () => {
    const index = ops.input('index', [2], 'i32');
    const p = program('pick', { outputs: { y: ops.gather(ops.state('x', [3]), index) } });
    const executable = await device.compile(p);
    const store = device.store();
    await store.add('x', { shape: [3], dtype: 'f32' }, [5, 6, 7]);
    const run = (values: unknown): Promise<number[]> =>
      executable.run(store, { index: values as number[] }).then(({ y }) => Array.from(y!));
    await expect(run([0, 1.5])).rejects.toMatchObject({
      code: 'DEVICE',
      message:
        "run 'pick': input 'index' i32[2] cannot take 1.5 at 1; it holds whole numbers from -2^31 to 2^31 - 1",
    });
    for (const none of [BigInt64Array.of(0n, 1n), { length: 2 }, 7, shared])
      await expect(run(none)).rejects.toMatchObject({ code: 'DEVICE' });
    expect(await run(Float64Array.of(2, 0))).toEqual([7, 5]);
    executable.dispose();
    store.dispose();
  });

  test('a type that is none, and inputs that are none, are refused by name', async () => {
    const store = device.store();
    for (const type of [null, { shape: 2, dtype: 'f32' }, { shape: [1], dtype: 'f64' }, { dtype: 'f32' }])
      await expect(store.add('x', type as never, [1])).rejects.toMatchObject({
        code: 'DEVICE',
        message: expect.stringMatching(/^store: 'x': its type is .*; give \{ shape, dtype \}/) as string,
      });
    const executable = await device.compile(program('p', { outputs: { y: ops.relu(ops.input('x', [1])) } }));
    await expect(executable.run(store, null as never)).rejects.toMatchObject({
      code: 'DEVICE',
      message: "run 'p': its inputs are null; give an object of arrays by name",
    });
    executable.dispose();
    store.dispose();
  });

  test('what fits is taken whatever array holds it', async () => {
    const store = device.store();
    await store.add('a', { shape: [2], dtype: 'u8' }, Uint8ClampedArray.of(0, 255));
    await store.add('b', { shape: [2], dtype: 'i32' }, Float32Array.of(-7, 3));
    await store.add('c', { shape: [2], dtype: 'f32' }, Int32Array.of(-7, 3));
    expect(await Promise.all(['a', 'b', 'c'].map(async (n) => Array.from(await store.read(n))))).toEqual([
      [0, 255],
      [-7, 3],
      [-7, 3],
    ]);
    store.dispose();
  });
});

test('a number beyond float32 is none of the cpu device', async () => {
  const device = await openDevice('cpu');
  const store = device.store();
  await expect(store.add('x', { shape: [1], dtype: 'f32' }, [1e39])).rejects.toMatchObject({
    code: 'DEVICE',
    message: "store: 'x' f32[1] cannot take 1e+39 at 0; it holds numbers up to 3.4e38",
  });
  store.dispose();
  await device.dispose();
});
