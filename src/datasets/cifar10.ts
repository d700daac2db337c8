import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail, PathexError } from '../errors.js';
import { unpackTarGz } from '../io/archive.js';
import { download, type DownloadOptions, type Published } from '../io/download.js';
import { MAX_FILE, readFileChecked, reasonOf, removeLeftOvers, temporaryNameFor } from '../io/files.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, optionsOf, type KindsOf } from '../kinds.js';
import { recogniseOther } from './recognise.js';
import type { Dataset, Split } from '../source/dataset.js';

/**
 * CIFAR-10: Krizhevsky, Learning multiple layers of features from tiny images, 2009. 32x32 RGB, 10 classes,
 * 50,000 + 10,000 images.
 */
export type Cifar10 = Dataset<32, 32, 3, 10>;

/** The folder inside the official archive. */
const FOLDER = 'cifar-10-batches-bin';
const PIXELS = 32 * 32;
const RECORD = 1 + 3 * PIXELS; // a label byte, then the red, the green and the blue plane
const OFFICIAL_SIZE = 10_000 * RECORD;
const TEST = 'test_batch.bin';
const FIRST = 'data_batch_1.bin';

/** SHA-256 of the official files, in their order. */
const SUMS = {
  'data_batch_1.bin': 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
  'data_batch_2.bin': 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
  'data_batch_3.bin': 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
  'data_batch_4.bin': '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
  'data_batch_5.bin': '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
  'test_batch.bin': '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
} as const;
type FileName = keyof typeof SUMS;
// Object.keys forgets which keys there are.
const FILES = Object.keys(SUMS) as readonly FileName[];

const CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/** The archive, its MD5 sum and its size as https://www.cs.toronto.edu/~kriz/cifar.html gives them. */
const OFFICIAL: Published = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  bytes: 170_052_171,
};

export interface Cifar10Options {
  /**
   * Whether to compare SHA-256 sums with the official ones. Left out, every file of the official size is
   * compared.
   */
  readonly verify?: boolean | undefined;
}

const CIFAR_OPTIONS: KindsOf<Cifar10Options> = { verify: kinds.flag };

const show = (n: number): string => n.toLocaleString('en-US');
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
const hasAny = async (folder: string): Promise<boolean> =>
  (await Promise.all(FILES.map((file) => exists(join(folder, file))))).includes(true);

/** Where the files are: in the folder itself or in its cifar-10-batches-bin. */
const locate = async (folder: string): Promise<string | undefined> => {
  for (const candidate of [folder, join(folder, FOLDER)]) if (await hasAny(candidate)) return candidate;
  return undefined;
};

const checkFile = (path: string, file: FileName, bytes: Uint8Array, verify: boolean | undefined): void => {
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    fail(
      'DATA',
      `${path}: ${show(bytes.length)} bytes, not a multiple of the ${show(RECORD)} of a record; the official file has ${show(OFFICIAL_SIZE)}; it is truncated: fetch it again`,
    );
  }
  if (verify ?? bytes.length === OFFICIAL_SIZE) {
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== SUMS[file]) {
      fail(
        'DATA',
        `${path}: SHA-256 ${found}, the official file has ${SUMS[file]}; it is corrupt: fetch it again, or pass verify: false if it is meant to differ`,
      );
    }
  }
};

/**
 * One file into the images and labels from record `first` on. Planes become pixels: out[y][x] = (r, g, b).
 */
const unpack = (path: string, bytes: Uint8Array, { images, labels }: Split, first: number): void => {
  const records = bytes.length / RECORD;
  for (let r = 0; r < records; r++) {
    const label = bytes[r * RECORD]!;
    if (label >= CLASSES.length)
      fail(
        'DATA',
        `${path}: record ${r} has label ${label}, labels run from 0 to ${CLASSES.length - 1}; the file is corrupt`,
      );
    labels[first + r] = label;
    const red = r * RECORD + 1;
    for (let p = 0, to = (first + r) * 3 * PIXELS; p < PIXELS; p++, to += 3) {
      images[to] = bytes[red + p]!;
      images[to + 1] = bytes[red + PIXELS + p]!;
      images[to + 2] = bytes[red + 2 * PIXELS + p]!;
    }
  }
};

const splitOf = async (
  folder: string,
  files: readonly FileName[],
  verify: boolean | undefined,
): Promise<Split> => {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  const large = sizes.findIndex((size) => size > MAX_FILE);
  if (large >= 0)
    fail(
      'DATA',
      `${join(folder, files[large]!)}: ${show(sizes[large]!)} bytes; the official file has ${show(OFFICIAL_SIZE)}`,
    );
  const count = sizes.reduce((n, size) => n + Math.floor(size / RECORD), 0);
  const split = { images: new Uint8Array(count * 3 * PIXELS), labels: new Int32Array(count), count };
  let first = 0;
  for (const file of files) {
    const path = join(folder, file);
    const bytes = await readFileChecked(path, 'DATA');
    checkFile(path, file, bytes, verify);
    unpack(path, bytes, split, first);
    first += bytes.length / RECORD;
  }
  return first === count
    ? split
    : fail('DATA', `${folder}: its files changed while they were read; read them again`);
};

/**
 * The files to read, or an error for one that is missing. Only a shortened set may do without training files
 * 2 to 5.
 */
const filesOf = async (folder: string): Promise<readonly FileName[]> => {
  const present = await Promise.all(FILES.map((file) => exists(join(folder, file))));
  const found = FILES.filter((_, i) => present[i]);
  const whole = found.includes(FIRST) && (await stat(join(folder, FIRST))).size === OFFICIAL_SIZE;
  const missing = (whole ? FILES : ([FIRST, TEST] as const)).find((file) => !found.includes(file));
  return missing === undefined
    ? found
    : fail('DATA', `${join(folder, missing)}: no such file; unpack ${OFFICIAL.url} again`);
};

/**
 * Reads CIFAR-10 in its official binary layout from `folder` or from `cifar-10-batches-bin` inside it. A set
 * of fewer records (files of any multiple of 3,073 bytes; training files 2 to 5 may be absent) is read too,
 * under the name 'CIFAR-10 (shortened)', and `source` says what it is. Error DATA for a missing folder or
 * file, a truncated file, a label out of range, a wrong checksum.
 */
export const loadCifar10 = async (folder: string, options: Cifar10Options = {}): Promise<Cifar10> => {
  checkValue('loadCifar10: folder', folder, kinds.path);
  checkOptions('loadCifar10', options, CIFAR_OPTIONS);
  const { verify } = options;
  const own = await locate(folder);
  if (own === undefined) {
    const other = await recogniseOther(folder);
    if (other !== null) return fail('DATA', `CIFAR-10: ${folder}: ${other}`);
    const why = (await exists(folder)) ? `holds neither ${FIRST} nor ${FOLDER}/${FIRST}` : 'no such folder';
    return fail('DATA', `CIFAR-10: ${folder}: ${why}; unpack ${OFFICIAL.url} there`);
  }
  const files = await filesOf(own);
  const train = await splitOf(
    own,
    files.filter((file) => file !== TEST),
    verify,
  );
  const test = await splitOf(own, [TEST], verify);
  const shortened = train.count !== 50_000 || test.count !== 10_000;
  const remarks = [
    ...(shortened ? [`shortened: ${show(train.count)} training and ${show(test.count)} test images`] : []),
    ...(verify === false ? ['checksums not verified'] : []),
  ];
  return {
    name: shortened ? 'CIFAR-10 (shortened)' : 'CIFAR-10',
    synthetic: false,
    source: remarks.length > 0 ? `${own} (${remarks.join('; ')})` : own,
    height: 32,
    width: 32,
    channels: 3,
    classes: 10,
    classNames: CLASSES,
    mean: [0.491, 0.482, 0.447],
    std: [0.247, 0.243, 0.262],
    train,
    test,
  };
};

export interface FindOptions extends Cifar10Options, DownloadOptions {
  /** Look here and nowhere else. */
  readonly folder?: string | undefined;
  /**
   * Whether the official archive (170 MB) may be fetched into ./data where nothing is found; default false.
   */
  readonly allowDownload?: boolean | undefined;
  /** What './data' is relative to; default the working directory. */
  readonly cwd?: string | undefined;
  /** Another address for the archive, a mirror say. */
  readonly archive?: Published | undefined;
}

const FIND_OPTIONS: KindsOf<FindOptions> = {
  ...CIFAR_OPTIONS,
  folder: kinds.path,
  allowDownload: kinds.flag,
  cwd: kinds.path,
  archive: optionsOf<Published>({
    url: needed(kinds.path),
    md5: needed(kinds.text),
    bytes: kinds.positiveInteger,
  }),
  onProgress: kinds.callback,
  signal: kinds.signal,
  connectTimeout: kinds.positive,
  idleTimeout: kinds.positive,
};

/** The data set, or in one line why there is none. */
export type FoundCifar10 = { readonly found: Cifar10 } | { readonly missing: string };

/** What may be in the archive: the six files under their names in it. */
const EXPECTED: ReadonlyMap<string, number> = new Map(
  FILES.map((file) => [`${FOLDER}/${file}`, OFFICIAL_SIZE]),
);

/** Unpacks into a temporary folder and renames it, so that a half-written data set is never found later. */
const install = async (archive: string, where: string, data: string, signal?: AbortSignal): Promise<void> => {
  const own = join(data, FOLDER);
  await removeLeftOvers(own);
  const temporary = temporaryNameFor(own);
  try {
    await mkdir(temporary);
    const pathOf = (name: string): string => join(temporary, name.slice(FOLDER.length + 1));
    await unpackTarGz(archive, { where, files: EXPECTED, signal }, pathOf);
    await rename(temporary, own);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
};

/**
 * Finds CIFAR-10: in `folder` if given, and then nowhere else; else in the folder of the environment variable
 * PATHEX_DATA, in ./data, and last, where `allowDownload`, in the official archive, which is checked and
 * unpacked into ./data. No network, or a download that cannot be stored, is a result, not an exception.
 * Throws DATA for an explicit folder without the data set, a PATHEX_DATA that is no folder, and for files
 * that are there but damaged; the signal's reason where it was cancelled. Nothing partial is left behind.
 */
export const findCifar10 = async (options: FindOptions = {}): Promise<FoundCifar10> => {
  checkOptions('findCifar10', options, FIND_OPTIONS);
  const own = options.verify === undefined ? {} : { verify: options.verify };
  const { folder, allowDownload = false, cwd = process.cwd(), archive = OFFICIAL } = options;
  if (folder !== undefined) return { found: await loadCifar10(resolve(cwd, folder), own) };
  const data = resolve(cwd, 'data');
  const variable = process.env['PATHEX_DATA'];
  const named = variable === undefined || variable === '' ? undefined : resolve(cwd, variable);
  if (named !== undefined && !(await exists(named)))
    fail('DATA', `CIFAR-10: PATHEX_DATA is ${named}: no such folder; correct or unset it`);
  const places = named === undefined ? [data] : [named, data];
  for (const place of places)
    if ((await locate(place)) !== undefined) return { found: await loadCifar10(place, own) };
  const others = (await Promise.all(places.map(recogniseOther))).filter((other) => other !== null);
  const lacking = [`not in ${places.join(' or ')}`, ...others].join(': ');
  if (!allowDownload) return { missing: `${lacking}, and a download was not asked for` };
  try {
    await mkdir(data, { recursive: true });
    const fetched = await download(archive, data, options, (path) =>
      install(path, archive.url, data, options.signal),
    );
    if ('missing' in fetched) return { missing: `${lacking}, and ${fetched.missing}` };
  } catch (error) {
    options.signal?.throwIfAborted();
    return {
      missing: `${lacking}, and the download cannot be stored: ${error instanceof PathexError ? error.message : reasonOf(error)}`,
    };
  }
  return { found: await loadCifar10(data, own) };
};
