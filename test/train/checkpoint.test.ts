import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkpointFuzzer } from '../../scripts/fuzz/checkpoints.mjs';
import type { Dataset } from '../../src/source/dataset.js';
import { conv2d, globalAveragePool } from '../../src/nn/layers.js';
import { network, prunable } from '../../src/nn/network.js';
import { initialise, type Weights } from '../../src/nn/weights.js';
import type { Device } from '../../src/runtime/device.js';
import { openDevice } from '../../src/runtime/open.js';
import {
  loadCheckpoint,
  openCheckpoint,
  saveCheckpoint,
  type Checkpoint,
} from '../../src/train/checkpoint.js';
import { evaluate } from '../../src/train/evaluate.js';
import { fit, type Trained } from '../../src/train/fit.js';
import type { FitOptions } from '../../src/train/fit-options.js';
import type { TrainingStart } from '../../src/train/start.js';
import { canonical, sha256 } from '../../src/source/digest.js';
import { nameOf } from '../../src/graph/graph.js';
import type { Masks } from '../../src/transform/mask.js';
import type { StoredTensor } from '../../src/weights/safetensors.js';
import { tinyData, tinyNet } from './tiny.js';

const options: FitOptions = {
  epochs: 3,
  batch: 8,
  rate: { kind: 'oneCycle', rate: 0.1 },
  augment: { pad: 1, flip: true },
  seed: 3,
};
/** Every `n`th weight is pruned. */
const pruned = (weights: Weights, n: number): Masks =>
  new Map(
    prunable(tinyNet).map((w) => {
      const { data } = weights.get(nameOf(w))!;
      return [nameOf(w), Uint8Array.from(data, (_, i) => Number(i % n !== 0))] as const;
    }),
  );
const ticket = (seed: number, n: number): TrainingStart => {
  const weights = initialise(tinyNet, seed);
  return { weights, masks: pruned(weights, n), source: `ticket${seed}.safetensors` };
};
const plain = (values: ReadonlyMap<string, Uint8Array | { readonly data: Float32Array }> | null): unknown =>
  values === null
    ? null
    : Object.fromEntries([...values].map(([k, v]) => [k, Array.from('data' in v ? v.data : v)]));

let device: Device;
let folder: string;
let number = 0;
/** A path of its own for each test. */
const fresh = async (): Promise<string> => {
  const own = join(folder, String(number++));
  await mkdir(own);
  return join(own, 'run');
};
beforeAll(async () => {
  device = await openDevice('cpu', { threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'pathex-checkpoint-'));
});
afterAll(async () => {
  await device.dispose();
  await rm(folder, { recursive: true, force: true });
});

const train = (start: TrainingStart | null, more: Partial<FitOptions>, data = tinyData): Promise<Trained> =>
  fit(tinyNet, start, data, device, { ...options, ...more });

/** A run that is killed in its third epoch. */
const kill = async (checkpoint: string, start: TrainingStart): Promise<void> => {
  const controller = new AbortController();
  await expect(
    train(start, {
      checkpoint,
      signal: controller.signal,
      onStep: ({ epoch, step }) => {
        if (epoch === 2 && step === 1) controller.abort(new Error('killed'));
      },
    }),
  ).rejects.toThrow('killed');
};

describe('a ticket is resumed only as itself', () => {
  const [a, b] = [ticket(1, 3), ticket(2, 2)];
  let path: string;
  let whole: Trained;
  beforeAll(async () => {
    path = await fresh();
    whole = await train(a, {});
    await kill(path, a);
  });
  const copied = async (): Promise<string> => {
    const copy = await fresh();
    for (const end of ['.json', '-0002.safetensors']) await writeFile(copy + end, await readFile(path + end));
    return copy;
  };

  test('another one is refused, by what differs and where the first came from', async () => {
    const checkpoint = await copied();
    await expect(train(b, { checkpoint, resume: true })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(
        /run\.json: made with other settings: there weights=[0-9a-f]{12}\.\.\., masks=[0-9a-f]{12}\.\.\., here weights=[0-9a-f]{12}\.\.\., masks=[0-9a-f]{12}\.\.\. \(it started from ticket1\.safetensors\); repeat them, or choose another path$/,
      ) as string,
    });
    expect((await loadCheckpoint(checkpoint)).epochsDone).toBe(2);
  });

  test.each<[string, TrainingStart, RegExp]>([
    ['its weights with other masks', { ...a, masks: b.masks! }, /there masks=[^,]*, here masks=/],
    ['its weights without masks', { weights: a.weights }, /there masks=[^,]*, here masks=none/],
    ['its masks with other weights', { ...b, masks: a.masks! }, /there weights=[^,]*, here weights=/],
    [
      'velocities',
      { ...a, velocities: velocitiesLike(a.weights) },
      /there velocities=none, here velocities=/,
    ],
  ])('%s are refused', async (_, start, message) => {
    await expect(train(start, { checkpoint: await copied(), resume: true })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(message) as string,
    });
  });

  test('itself gives the bits and masks of an unbroken run', async () => {
    const resumed = await train(a, { checkpoint: await copied(), resume: true });
    expect(plain(resumed.weights)).toEqual(plain(whole.weights));
    expect(plain(resumed.velocities)).toEqual(plain(whole.velocities));
    expect(plain(resumed.masks)).toEqual(plain(a.masks!));
  });

  test('so does the checkpoint alone: masks come back from it', async () => {
    const resumed = await train(null, { checkpoint: await copied(), resume: true });
    expect(plain(resumed.weights)).toEqual(plain(whole.weights));
    expect(plain(resumed.masks)).toEqual(plain(a.masks!));
    const behind = [...resumed.masks!].flatMap(([name, m]) =>
      [...resumed.weights.get(name)!.data].filter((w, i) => m[i] === 0 && w !== 0),
    );
    expect(behind).toEqual([]);
  });

  test('without a checkpoint there must be a start', async () => {
    await expect(train(null, {})).rejects.toMatchObject({ code: 'OPTION' });
    await expect(train(null, { checkpoint: await fresh(), resume: true })).rejects.toMatchObject({
      code: 'CHECKPOINT',
    });
  });

  test('a dense training has no masks, before and after', async () => {
    const checkpoint = await fresh();
    await kill(checkpoint, { weights: a.weights });
    expect((await train(null, { checkpoint, resume: true })).masks).toBeNull();
  });
});

const velocitiesLike = (weights: Weights): Weights =>
  new Map(
    [...weights]
      .filter(([name]) => !name.includes('running'))
      .map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0.1) }]),
  );

describe('everything that decides the bits is compared', () => {
  const start = { weights: initialise(tinyNet, 1) };
  const other = (change: (data: Dataset<6, 6, 3, 3>) => Partial<Dataset<6, 6, 3, 3>>): typeof tinyData => ({
    ...tinyData,
    ...change(tinyData),
  });
  const changed = <A extends Uint8Array | Int32Array>(values: A): A => {
    const out = values.slice() as A; // slice keeps the type of the array
    out[5] = out[5] === 1 ? 2 : 1;
    return out;
  };
  let path: string;
  beforeAll(async () => {
    path = await fresh();
    await train(start, { epochs: 1, checkpoint: path });
  });

  test.each<[string, Partial<FitOptions>, typeof tinyData, RegExp]>([
    ['one pixel', {}, other((d) => ({ train: { ...d.train, images: changed(d.train.images) } })), /images=/],
    ['one label', {}, other((d) => ({ train: { ...d.train, labels: changed(d.train.labels) } })), /images=/],
    [
      'one label of the test',
      {},
      other((d) => ({ test: { ...d.test, labels: changed(d.test.labels) } })),
      /images=/,
    ],
    ['the mean', {}, other(() => ({ mean: [0.45, 0.45, 0.4] })), /images=/],
    ['the deviation', {}, other(() => ({ std: [0.15, 0.15, 0.1] })), /images=/],
    ['the warm-up', { rate: { kind: 'oneCycle', rate: 0.1, warmUp: 0.5 } }, tinyData, /rate=.*"warmUp":0.5/],
    ['the rate', { rate: { kind: 'multiStep', rate: 0.1, milestones: [] } }, tinyData, /rate=/],
    ['momentum', { momentum: 0.8 }, tinyData, /there momentum=0.9, here momentum=0.8;/],
    ['nesterov', { nesterov: true }, tinyData, /there nesterov=false, here nesterov=true;/],
    ['decay', { weightDecay: 0 }, tinyData, /there weightDecay=0.0001, here weightDecay=0;/],
    ['augmentation', { augment: null }, tinyData, /augment=.*here augment=none;/],
    ['the batch', { batch: 16 }, tinyData, /there batch=8, here batch=16;/],
    ['two at once', { seed: 4, batch: 16 }, tinyData, /there batch=8, seed=3, here batch=16, seed=4;/],
    ['the epochs', { epochs: 2 }, tinyData, /there epochs=1, here epochs=2;/],
  ])('%s', async (_, more, data, message) => {
    await expect(
      train(start, { epochs: 1, checkpoint: path, resume: true, ...more }, data),
    ).rejects.toMatchObject({ code: 'CHECKPOINT', message: expect.stringMatching(message) as string });
  });

  test('the device', async () => {
    const reference = await openDevice('reference');
    await expect(
      fit(tinyNet, start, tinyData, reference, { ...options, epochs: 1, checkpoint: path, resume: true }),
    ).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(/there device=cpu .*, here device=reference/) as string,
    });
    await reference.dispose();
  });

  test('the network, also one of the same name, shapes and weights', async () => {
    const of = (dilation: number) =>
      network('same', [6, 6, 3], (x) => globalAveragePool(conv2d('conv', 3, { kernel: 3, dilation })(x)));
    const checkpoint = await fresh();
    const weights = initialise(of(1), 0);
    const more = { ...options, epochs: 1, checkpoint };
    await fit(of(1), { weights }, tinyData, device, more);
    await expect(fit(of(2), { weights }, tinyData, device, { ...more, resume: true })).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(/there structure=[^,]*, here structure=[^,]*;/) as string,
    });
  });

  test('but not what decides none, nor a default that is written out', async () => {
    const more = {
      epochs: 1,
      checkpoint: path,
      resume: true,
      evaluateEvery: 1,
      momentum: 0.9,
      nesterov: false,
    };
    await expect(
      train(
        start,
        more,
        other(() => ({ classNames: ['1', '2', '3'] })),
      ),
    ).resolves.toMatchObject({ masks: null });
  });
});

describe('a checkpoint file is what was written, or refused', () => {
  const start = ticket(1, 3);
  let good: Checkpoint;
  let path: string;
  beforeAll(async () => {
    path = await fresh();
    await train(start, { epochs: 1, checkpoint: path });
    good = await loadCheckpoint(path);
  });
  const resume = (checkpoint: string): Promise<Trained> =>
    train(start, { epochs: 1, checkpoint, resume: true });

  test.each<readonly [Readonly<Record<string, unknown>>, RegExp]>([
    [{ settings: null }, /^saveCheckpoint: settings: expected settings, got null/],
    [{ settings: {} }, /^saveCheckpoint: settings\.\w+: /],
    [{ history: [5] }, /^saveCheckpoint: history\[0\]: /],
    [{ history: [] }, /^saveCheckpoint: its history is of epochs none, it is of epoch 1 of 1; give one/],
    [{ epochsDone: 99 }, /^saveCheckpoint: its history is of epochs 1, it is of epoch 99 of 1; give one/],
  ])('none that could not be read again is written in its place: %j', async (change, message) => {
    const wrong = { ...good, ...change } as unknown as Checkpoint; // what TypeScript would refuse
    await expect(saveCheckpoint(path, wrong)).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(message) as string,
    });
    expect(await loadCheckpoint(path)).toEqual(good);
  });
  test('a lock that cannot be read is named with the reason', async () => {
    const blocked = await fresh();
    await mkdir(`${blocked}.lock`);
    await expect(openCheckpoint(blocked)).rejects.toMatchObject({
      code: 'OUTPUT',
      message: expect.stringContaining(
        `${blocked}.lock: cannot be written: it is a folder (EISDIR)`,
      ) as string,
    });
  });
  const json = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(`${path}.json`, 'utf8')) as Record<string, unknown>;
  const put = async (file: Record<string, unknown>): Promise<string> => {
    const copy = await fresh();
    await writeFile(`${copy}.json`, JSON.stringify(file));
    await writeFile(`${copy}-0001.safetensors`, await readFile(`${path}-0001.safetensors`));
    return copy;
  };
  const sealed = ({ sha256: _, ...file }: Record<string, unknown>): Record<string, unknown> => ({
    ...file,
    sha256: sha256(canonical(file)),
  });

  test.each([
    '../victim/x',
    '/tmp/x.safetensors',
    'x.safetensors',
    'other-0001.safetensors',
    'run-1.safetensors',
    '',
  ])('tensors called %o are neither read nor removed', async (tensors) => {
    const copy = await put(sealed({ ...(await json()), tensors }));
    const victim = join(copy, '..', tensors === '' ? 'kept' : tensors);
    await mkdir(join(victim, '..'), { recursive: true });
    if (!victim.startsWith('/tmp/x.')) await writeFile(victim, 'precious');
    await expect(resume(copy)).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringContaining(`its tensors are called "${tensors}"`) as string,
    });
    await saveCheckpoint(copy, good);
    if (!victim.startsWith('/tmp/x.')) expect(await readFile(victim, 'utf8')).toBe('precious');
    await rm(join(folder, 'victim'), { recursive: true, force: true });
  });

  test('every value of the JSON is covered by its sum', async () => {
    const file = await json();
    const history = file['history'] as Record<string, unknown>[];
    const changes: Record<string, unknown>[] = [
      { start: 'other.safetensors' },
      { history: [{ ...history[0], testAccuracy: 0.99 }] },
      { history: [{ ...history[0], trainLoss: 0.1 }] },
      { settings: { ...(file['settings'] as object), seed: 9 } },
      { tensorsSha256: '0'.repeat(64) },
      { sha256: '0'.repeat(64) },
    ];
    for (const change of changes)
      await expect(loadCheckpoint(await put({ ...file, ...change }))).rejects.toMatchObject({
        code: 'CHECKPOINT',
        message: expect.stringMatching(/SHA-256.*; .*or choose another path$/) as string,
      });
    await expect(loadCheckpoint(await put(file))).resolves.toEqual(good);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'version 1',
      { version: 1 },
      /of version 1, which does not say what its run started from; finish that run/,
    ],
    ['a later version', { version: 7 }, /of version 7, this pathex reads 2; use the pathex that wrote it/],
    ['an epoch before the first', { epochsDone: 0 }, /epochsDone: expected a whole number from 1 on, got 0/],
    ['more epochs than there are', { epochsDone: 2 }, /its history is of epochs 1, it is of epoch 2 of 1;/],
    ['no history', { history: [] }, /its history is of epochs none/],
  ])('%s, however its sums are', async (_, change, message) => {
    await expect(resume(await put(sealed({ ...(await json()), ...change })))).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(message) as string,
    });
  });

  test('a number that JSON reads as infinite', async () => {
    const copy = await put(await json());
    const text = await readFile(`${copy}.json`, 'utf8');
    await writeFile(`${copy}.json`, text.replace(/"trainLoss":[\d.]+/, '"trainLoss":1e999'));
    await expect(resume(copy)).rejects.toMatchObject({ code: 'CHECKPOINT' });
  });

  const [weight] = prunable(tinyNet).map(nameOf);
  const edited = (name: string, edit: (t: Float32Array) => void): Record<string, StoredTensor> => {
    const { shape, data } = good.tensors[name]!;
    const copy = Float32Array.from(data as Float32Array);
    edit(copy);
    return { ...good.tensors, [name]: { dtype: 'F32', shape, data: copy } };
  };
  test.each<[string, () => Record<string, StoredTensor>, RegExp]>([
    [
      'a mask of one half',
      () => edited(`mask/${weight}`, (m) => m.fill(0.5, 1, 2)),
      /holds other values than 0 and 1/,
    ],
    [
      'a weight behind its mask',
      () => edited(weight!, (w) => w.fill(2, 0, 1)),
      /'conv1.weight' is not zero behind its mask/,
    ],
    [
      'a velocity behind its mask',
      () => edited(`velocity/${weight}`, (w) => w.fill(2, 0, 1)),
      /is not zero behind/,
    ],
    ['NaN', () => edited('fc.bias', (w) => w.fill(NaN)), /'fc.bias' holds NaN at 0/],
    [
      'whole numbers of 64 bits',
      () => ({ ...good.tensors, 'fc.bias': { dtype: 'I64', shape: [3], data: new BigInt64Array(3) } }),
      /'fc.bias' is of dtype I64/,
    ],
    [
      'another shape of as many numbers',
      () => ({ ...good.tensors, 'fc.bias': { dtype: 'F32', shape: [1, 3], data: new Float32Array(3) } }),
      /'fc.bias' is \[1, 3\], \[3\] is needed/,
    ],
    [
      'a tensor too few',
      () => Object.fromEntries(Object.entries(good.tensors).filter(([name]) => name !== 'fc.bias')),
      /'fc.bias' is missing/,
    ],
  ])('tensors with %s', async (_, tensors, message) => {
    const copy = await fresh();
    await saveCheckpoint(copy, { ...good, tensors: tensors() });
    await expect(resume(copy)).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(message) as string,
    });
  });

  test('mutations of all kinds, of which the script has more', async () => {
    const fuzzer = await checkpointFuzzer({ loadCheckpoint, saveCheckpoint, canonical, sha256 });
    for (let seed = 100_000; seed < 100_400; seed++)
      expect({ seed, fault: await fuzzer.faultOf(seed) }).toEqual({ seed, fault: undefined });
    await fuzzer.close();
    // a reader that believes everything is found out
    const believing = await checkpointFuzzer({
      loadCheckpoint: (p: string) =>
        readFile(`${p}.json`, 'utf8').then((text) => ({ tensors: {}, ...(JSON.parse(text) as object) })),
      saveCheckpoint,
      canonical,
      sha256,
    });
    expect(await believing.faultOf(100_000)).toBeDefined();
    await believing.close();
  });
});

describe('one process at a time writes a checkpoint', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const sound = async (): Promise<Checkpoint> => {
    const path = await fresh();
    await train({ weights: initialise(tinyNet, 1) }, { epochs: 1, checkpoint: path });
    return loadCheckpoint(path);
  };
  /** A process that takes a checkpoint and keeps it. */
  const holder = async (path: string): Promise<ChildProcess> => {
    const script = `
      import { openCheckpoint } from '${new URL('../../dist/train/checkpoint.js', import.meta.url).href}';
      await openCheckpoint(${JSON.stringify(path)});
      console.log('taken');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await new Promise((done) => child.stdout.once('data', done));
    return child;
  };

  test('the second is refused and told of the first; a killed one leaves nothing in the way', async () => {
    const path = await fresh();
    const child = await holder(path);
    const refused = {
      code: 'CHECKPOINT',
      message: `${path}.json: process ${child.pid} is writing it; wait until it ends, or choose another path`,
    };
    await expect(openCheckpoint(path)).rejects.toMatchObject(refused);
    await expect(
      train({ weights: initialise(tinyNet, 1) }, { epochs: 1, checkpoint: path }),
    ).rejects.toMatchObject(refused);
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
    const opened = await openCheckpoint(path);
    await opened.close();
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  test('within a process, too', async () => {
    const path = await fresh();
    const opened = await openCheckpoint(path);
    await expect(openCheckpoint(path)).rejects.toThrow(`process ${process.pid} (this one) is writing it`);
    await opened.close();
    await (await openCheckpoint(path)).close();
  });

  test.each([1, 2, 3, 4])('of many that find a stale lock at once one gets it (%i)', async () => {
    const path = await fresh();
    const child = await holder(path);
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => openCheckpoint(path)));
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1);
    expect((await readdir(join(path, '..'))).filter((name) => /\.(part|turn)$/.test(name))).toEqual([]);
  });

  test('a number that another process has by now does not hold it; one of another machine may', async () => {
    const path = await fresh();
    const opened = await openCheckpoint(path);
    const lock = JSON.parse(await readFile(`${path}.lock`, 'utf8')) as Record<string, unknown>;
    expect(lock).toMatchObject({ pid: process.pid });
    await writeFile(`${path}.lock`, JSON.stringify({ ...lock, started: '1' }));
    const second = await openCheckpoint(path);
    const save = opened.save(await sound());
    await expect(save).rejects.toThrow('another process has taken');
    await second.close();
    await opened.close();

    await writeFile(`${path}.lock`, JSON.stringify({ ...lock, host: `not-${hostname()}` }));
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      code: 'CHECKPOINT',
      message: expect.stringMatching(
        /process \d+ on host 'not-.*' is writing it, or was killed there; .*or remove .*run\.lock if it has ended$/,
      ) as string,
    });
    await writeFile(`${path}.lock`, '');
    await expect(openCheckpoint(path)).rejects.toThrow('run.lock');
  });

  test('what a killed writer left half written goes, and nothing else', async () => {
    const path = await fresh();
    const own = join(path, '..');
    const parts = ['.run.json', '.run-0003.safetensors', '.run.lock'].map(
      (name) => `${name}.0f8fad5b-d9cb-469f-a165-70867728950e.part`,
    );
    const others = [
      '.run2.json.0f8fad5b.part',
      '.run-x.safetensors.0f8fad5b.part',
      'run.part',
      'run-0009.safetensors',
    ];
    for (const name of [...parts, ...others]) await writeFile(join(own, name), 'half');
    await (await openCheckpoint(path)).close();
    expect((await readdir(own)).sort()).toEqual([...others].sort());
  });

  test('tensors that only look like ours are not replaced; those of the same run are', async () => {
    const path = await fresh();
    const start = { weights: initialise(tinyNet, 1) };
    const more = { epochs: 2, checkpoint: path };
    await writeFile(`${path}-0002.safetensors`, 'precious');
    await expect(train(start, more)).rejects.toMatchObject({
      code: 'OUTPUT',
      message: `${path}-0002.safetensors: exists already and is not of this run, which would replace it; move it, or choose another path for the checkpoint`,
    });
    expect(await readFile(`${path}-0002.safetensors`, 'utf8')).toBe('precious');
    await rm(`${path}-0002.safetensors`);
    const one = await train(start, more);
    const last = await readFile(`${path}-0002.safetensors`);
    await rm(`${path}.json`); // as if the process had been killed between its two files
    await expect(train(start, { ...more, seed: 4 })).rejects.toMatchObject({ code: 'OUTPUT' });
    expect(plain((await train(start, more)).weights)).toEqual(plain(one.weights));
    expect((await readFile(`${path}-0002.safetensors`)).equals(last)).toBe(true);
  });

  test('a folder that cannot be written is said before the first epoch', async () => {
    await expect(openCheckpoint(join(folder, 'nowhere', 'run'))).rejects.toMatchObject({ code: 'OUTPUT' });
  });
});

describe('an interruption', () => {
  test.each([0, 1, 5, 6, 7, 12, 17])(
    'after step %d ends the run within two steps and leaves a whole checkpoint or none',
    async (at) => {
      const checkpoint = await fresh();
      const controller = new AbortController();
      let taken = 0;
      const run = train(
        { weights: initialise(tinyNet, 1) },
        {
          checkpoint,
          signal: controller.signal,
          onStep: ({ epoch, step }) => {
            taken = epoch * 6 + step;
            if (taken === at) controller.abort(new Error('stop'));
          },
        },
      );
      await expect(run).rejects.toThrow('stop');
      expect(taken - at).toBeLessThanOrEqual(1);
      const names = await readdir(join(checkpoint, '..'));
      if (at < 6) expect(names).toEqual([]);
      else expect((await loadCheckpoint(checkpoint)).epochsDone).toBe(Math.floor(at / 6));
    },
  );

  test('ends an evaluation, and reaches a device that never waits', async () => {
    const reference = await openDevice('reference');
    for (const on of [device, reference]) {
      const controller = new AbortController();
      setImmediate(() => controller.abort(new Error('stop')));
      const many = { ...tinyData, test: { ...tinyData.train, count: 48 } };
      await expect(
        evaluate(tinyNet, { weights: initialise(tinyNet, 1) }, many, on, 'test', {
          signal: controller.signal,
        }),
      ).rejects.toThrow('stop');
      const training = new AbortController();
      setTimeout(() => training.abort(new Error('stop')), 20);
      await expect(
        fit(tinyNet, { weights: initialise(tinyNet, 1) }, tinyData, on, {
          ...options,
          epochs: 10_000,
          signal: training.signal,
        }),
      ).rejects.toThrow('stop');
      expect(on.liveBytes()).toBe(0);
    }
    await reference.dispose();
  });
});
