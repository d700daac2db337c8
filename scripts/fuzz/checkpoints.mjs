import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mutated checkpoints: what they are, and what may become of them. A case is a function of its seed. */

/** Numbers from 0 to 1, by mulberry32. */
const numbersFrom = (seed) => {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

const digest = (letter) => letter.repeat(64);

/** A sound checkpoint; two seeds give two that differ everywhere. */
const soundCheckpoint = (n) => ({
  settings: {
    network: `net${n}`,
    structure: digest('a'),
    weights: digest('b'),
    masks: n === 0 ? null : digest('c'),
    velocities: null,
    data: 'tiny, 48 + 30 images',
    images: digest('d'),
    epochs: 4,
    batch: 8,
    rate: '{"kind":"oneCycle","rate":0.1,"warmUp":0.25}',
    momentum: 0.9,
    nesterov: false,
    weightDecay: 1e-4,
    augment: 'none',
    seed: n,
    steps: 'all',
    device: 'cpu (1 thread)',
    version: '0.1.0',
  },
  start: n === 0 ? null : 'ticket.safetensors',
  epochsDone: 2,
  history: [1, 2].map((epoch) => ({
    epoch,
    trainLoss: 1.5 / epoch + n,
    trainAccuracy: 0.5,
    testAccuracy: epoch === 1 ? null : 0.25,
    rate: 0.1,
    seconds: 1.25,
  })),
  tensors: {
    'fc.weight': { dtype: 'F32', shape: [2, 3], data: Float32Array.from([0, 1, 2, 3, 4, n]) },
    'mask/fc.weight': { dtype: 'F32', shape: [2, 3], data: Float32Array.from([0, 1, 1, 1, 1, 1]) },
  },
});

/**
 * Makes the files that the cases mutate, in a folder of their own. `api`: saveCheckpoint, loadCheckpoint,
 * canonical, sha256.
 */
export const checkpointFuzzer = async (api) => {
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = await mkdtemp(join(memory, 'pathex-fuzz-'));
  const sound = [0, 1].map(soundCheckpoint);
  const files = [];
  for (const checkpoint of sound) {
    await api.saveCheckpoint(join(folder, 'a'), checkpoint);
    files.push({
      json: await readFile(join(folder, 'a.json')),
      tensors: await readFile(join(folder, 'a-0002.safetensors')),
    });
    for (const end of ['.json', '-0002.safetensors']) await rm(join(folder, `a${end}`));
  }
  // what no checkpoint may touch
  const victims = [
    'victim/x',
    'victim/a-0001.safetensors',
    'notes.txt',
    'b-0001.safetensors',
    'a-x.safetensors',
  ];
  await mkdir(join(folder, 'victim'));
  for (const victim of victims) await writeFile(join(folder, victim), `precious ${victim}`);
  return {
    faultOf: (seed) => faultOf(seed, { api, folder, sound, files, victims }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
};

const NAMES = [
  '../victim/x', 'victim/x', './a-0001.safetensors', '../victim/a-0001.safetensors', '/etc/hostname', 'notes.txt',
  'b-0001.safetensors', 'a-x.safetensors', 'a-.safetensors', 'a-1.safetensors', 'a-0002.safetensors/', 'a.json', '',
  '.', '..', 'a-0002.safetensors\0', 'a-0002.safetensors\n', 'A-0002.safetensors', 'a-00000000000000000000002.safetensors',
  'a-0003.safetensors', '%2e%2e/victim/x', '__proto__', `a-${'0'.repeat(5000)}.safetensors`,
]; // prettier-ignore
const VALUES = [
  null, true, false, 0, -0, -1, 1, 2, 3, 0.5, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 31, 1e21, '', 'x', 'NaN', 'all', [], {},
  [null], [[1]], { a: 1 }, digest('0'), 'a-0002.safetensors', '../victim/x', 'constructor', '__proto__', '\u0000\uffff',
]; // prettier-ignore
/** Texts of numbers that no value of ours has, put in as text. */
const LITERALS = [
  '1e999',
  '-1e999',
  '1e-999',
  '00',
  '0x10',
  'NaN',
  'Infinity',
  '1.',
  '.5',
  '18446744073709551616',
];

const mutate = (seed, { api, files }) => {
  const random = numbersFrom(seed);
  const below = (n) => Math.floor(random() * n);
  const one = (list) => list[below(list.length)];
  const which = below(2);
  let { json, tensors } = files[which];
  const isSealed = random() < 0.5; // sums put right, as whoever writes a checkpoint on purpose does

  const bytes = (from) => {
    const kind = below(6);
    if (kind === 0) return from.subarray(0, below(from.length));
    if (kind === 1) {
      const [at, length] = [below(from.length), 1 + below(40)];
      return Buffer.concat([from.subarray(0, at), from.subarray(at + length)]);
    }
    if (kind === 2) {
      const [at, length] = [below(from.length), 1 + below(60)];
      return Buffer.concat([from.subarray(0, at + length), from.subarray(at)]);
    }
    const out = Buffer.from(from);
    for (let i = 0; i <= below(4); i++) {
      const at = below(out.length);
      out[at] = kind === 3 ? out[at] ^ (1 << below(8)) : below(256);
    }
    return out;
  };

  /** Changes a member somewhere in a value. */
  const member = (value) => {
    const keys = Object.keys(value);
    const key = one(keys);
    const inner = value[key];
    if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && random() < 0.7) {
      member(inner);
      return;
    }
    const kind = below(5);
    if (kind === 0 && !Array.isArray(value)) Reflect.deleteProperty(value, key);
    else if (kind === 1) value[one(keys)] = inner;
    else if (kind === 2 && typeof inner === 'number')
      value[key] = one([inner + 1, -inner, inner * 1e300, inner + 0.5, inner * 2 ** 40]);
    else value[key] = structuredClone(one(VALUES));
  };

  const file = JSON.parse(json.toString());
  const seal = () => {
    delete file.sha256;
    file.sha256 = api.sha256(api.canonical(file));
  };
  let isText = false;
  const kind = below(8);
  if (kind === 0) {
    json = bytes(json);
    isText = true;
  } else if (kind === 1) tensors = bytes(tensors);
  else if (kind === 2) file.tensors = one(NAMES);
  else if (kind === 3) file.version = one([0, 1, 3, 2.5, -2, 1e308, '2', null, [2]]);
  else if (kind === 4) ({ tensors } = files[1 - which]);
  else if (kind === 5) {
    const text = json.toString();
    const numbers = [...text.matchAll(/: (-?[\d.e+-]+)/g)];
    const { index, 0: found } = one(numbers);
    json = Buffer.from(`${text.slice(0, index)}: ${one(LITERALS)}${text.slice(index + found.length)}`);
    isText = true;
  } else for (let i = 0; i <= below(3); i++) member(file);
  if (!isText) {
    if (isSealed && kind !== 3) {
      if (typeof file.tensorsSha256 === 'string') file.tensorsSha256 = api.sha256(tensors);
      seal();
    }
    json = Buffer.from(JSON.stringify(file));
  }
  return { which, json, tensors, isSealed, kind };
};

const isSoundNumber = (n) => typeof n === 'number' && Number.isFinite(n);
const isSoundTensor = ({ shape, data }) =>
  shape.every((d) => Number.isSafeInteger(d) && d >= 0) && data.length === shape.reduce((n, d) => n * d, 1);

/** What is wrong about a checkpoint that was read; undefined where it is one. */
const faultOfRead = (read, { which, isSealed }, { api, sound }) => {
  const { tensors, ...rest } = read;
  if (!isSealed) {
    const { tensors: expected, ...known } = sound[which];
    if (api.canonical(rest) !== api.canonical(known)) return 'read as something else';
    const isSame = Object.entries(expected).every(([name, t]) => `${tensors[name]?.data}` === `${t.data}`);
    return isSame && Object.keys(tensors).length === Object.keys(expected).length
      ? undefined
      : 'other tensors';
  }
  const { epochsDone, history, settings } = rest;
  if (!Number.isSafeInteger(epochsDone) || epochsDone < 1) return `epochsDone ${epochsDone}`;
  if (history.at(-1)?.epoch !== epochsDone) return 'a history of other epochs';
  if (epochsDone > settings.epochs) return 'more epochs than there are';
  if (!history.every((h) => isSoundNumber(h.trainLoss) && isSoundNumber(h.rate)))
    return 'a number that is none';
  return Object.values(tensors).every(isSoundTensor) ? undefined : 'a tensor of another size';
};

/** What is wrong about the outcome of a case; undefined where nothing is. */
const faultOf = async (seed, context) => {
  const { api, folder, sound, victims } = context;
  const one = mutate(seed, context);
  const path = join(folder, 'a');
  for (const name of await readdir(folder))
    if (/^a(\.json|-\d+\.safetensors)$/.test(name)) await rm(join(folder, name));
  await writeFile(`${path}.json`, one.json);
  await writeFile(`${path}-0002.safetensors`, one.tensors);
  let fault;
  try {
    fault = faultOfRead(await api.loadCheckpoint(path), one, context);
  } catch (error) {
    if (error?.code !== 'CHECKPOINT' || error.name !== 'PathexError') fault = `${error?.stack ?? error}`;
  }
  if (one.kind !== 2 && seed % 8 !== 0) return fault;
  // the next epoch of whoever had it open: slow, since it waits for the disk
  await api.saveCheckpoint(path, {
    ...sound[0],
    epochsDone: 3,
    history: [...sound[0].history, { ...sound[0].history[1], epoch: 3 }],
  });
  for (const victim of victims) {
    const text = await readFile(join(folder, victim), 'utf8').catch(() => 'gone');
    if (text !== `precious ${victim}`) fault = `${victim} is ${text}`;
  }
  return fault;
};
