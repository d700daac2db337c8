import { randomUUID } from 'node:crypto';
import { access, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as t from 'io-ts';
import { decode as decodeValue, decodeJson, Finite, list, numberThat, Share } from '../codec.js';
import { fail } from '../errors.js';
import { readFileChecked, reasonOf, writeFileAtomic } from '../io/files.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, type KindsOf } from '../kinds.js';
import { decode, encode, type StoredTensor } from '../weights/safetensors.js';
import { takeLock } from './lock.js';
import { canonical, sha256 } from '../source/digest.js';
import { Settings } from './settings.js';

/**
 * A training checkpoint: `<path>.json` (where the run stands, and which tensors belong to it) and
 * `<path>-<epoch>.safetensors` (parameters, statistics, masks, velocities, in our layouts). The JSON is
 * replaced last and atomically, so a killed run leaves the old checkpoint or the new one. While a run writes
 * it, `<path>.lock` says so.
 */

const FromOne = numberThat('a whole number from 1 on', (n) => Number.isSafeInteger(n) && n >= 1);

/** A share, or NaN for tasks that have no such measure, which JSON writes as null. */
const ShareOrNaN = new t.Type<number, number | null>(
  'a share from 0 to 1, or null',
  t.number.is,
  (u, context) => (u === null || Number.isNaN(u) ? t.success(NaN) : Share.validate(u, context)),
  (share) => (Number.isNaN(share) ? null : share),
);
/**
 * What a task measures, by name; numbers that are not finite, as of classes that never occur, are left out.
 */
const Measures = t.readonly(t.record(t.string, t.number));
export type Measures = t.TypeOf<typeof Measures>;

/**
 * Shares are 0..1. Accuracies are those of classification, NaN (of the test null) for other tasks. `test` and
 * `testAccuracy` are null in epochs without evaluation.
 */
const Epoch = t.strict({
  epoch: FromOne,
  trainLoss: Finite,
  trainAccuracy: ShareOrNaN,
  testAccuracy: t.union([Share, t.null]),
  rate: Finite,
  seconds: Finite,
  /**
   * What the task measures of the training batches, while the weights changed; undefined in checkpoints from
   * before there were tasks.
   */
  train: t.union([Measures, t.undefined]),
  /** Of the test split, its loss included. */
  test: t.union([Measures, t.null, t.undefined]),
});
export type EpochReport = t.TypeOf<typeof Epoch>;

const VERSION = 2;
const Version = t.type({ format: t.literal('pathex-checkpoint'), version: t.number }, 'checkpoint');
const CheckpointFile = t.strict(
  {
    format: t.literal('pathex-checkpoint'),
    version: t.literal(VERSION),
    /** A checkpoint of other settings is refused. */
    settings: Settings,
    /** Where the start came from, for messages: the name of a weights file. */
    start: t.union([t.string, t.null]),
    epochsDone: FromOne,
    /** How its steps were computed; left out where they were dense. */
    execution: t.union([t.literal('sparse'), t.undefined]),
    history: list(Epoch),
    /** The file of the tensors, beside this one, and its SHA-256. */
    tensors: t.string,
    tensorsSha256: t.string,
    /** SHA-256 of all of the above. */
    sha256: t.string,
  },
  'checkpoint',
);
type CheckpointFile = t.TypeOf<typeof CheckpointFile>;

export interface Checkpoint {
  readonly settings: Settings;
  /** Where the start came from, for messages: the name of a weights file. */
  readonly start: string | null;
  readonly epochsDone: number;
  /** How its steps were computed. Default: dense. */
  readonly execution?: 'dense' | 'sparse';
  /** Of each epoch up to `epochsDone`. */
  readonly history: readonly EpochReport[];
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

const CHECKPOINT: KindsOf<Checkpoint> = {
  settings: needed(kinds.anything),
  start: { ...kinds.orNull(kinds.text), needed: true },
  epochsDone: needed(kinds.count),
  execution: kinds.wordOf('dense', 'sparse'),
  history: needed(kinds.listOf(kinds.anything, 'epochs')),
  tensors: needed(kinds.anything),
};

/** The longest JSON of a checkpoint: ten thousand epochs and more. */
const MAX_JSON = 16 * 2 ** 20;

/** A checkpoint that this process alone may write until it is closed. */
export interface OpenCheckpoint {
  /** Null where there is none yet. Throws CHECKPOINT as `loadCheckpoint` does. */
  readonly load: () => Promise<Checkpoint | null>;
  /**
   * Makes sure that epochs `from` to `to` of a run would replace no tensors of another one, which may be all
   * that is left of it. Throws OUTPUT where they would.
   */
  readonly reserve: (settings: Settings, from: number, to: number) => Promise<void>;
  readonly save: (checkpoint: Checkpoint) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const checkpointExists = (path: string): Promise<boolean> =>
  access(`${path}.json`).then(
    () => true,
    () => false,
  );

const tensorsNameOf = (path: string, epochsDone: number): string =>
  `${basename(path)}-${String(epochsDone).padStart(4, '0')}.safetensors`;

/**
 * Whether a name is one that we give to tensors of this checkpoint: no other file is read or removed,
 * whatever the JSON says.
 */
const isTensorsName = (path: string, name: string): boolean => {
  const base = `${basename(path)}-`;
  return name.startsWith(base) && /^\d{4,16}\.safetensors$/.test(name.slice(base.length));
};

const sumOf = (file: Omit<t.OutputOf<typeof CheckpointFile>, 'sha256'>): string => sha256(canonical(file));

/**
 * Takes the checkpoint `path` for this process and removes what a killed writer has left half written. Throws
 * CHECKPOINT where another process writes it, OUTPUT where its folder cannot be written.
 */
export const openCheckpoint = async (path: string): Promise<OpenCheckpoint> => {
  const temporary = join(dirname(path), `.${basename(path)}.lock.${randomUUID()}.part`);
  const lock = await takeLock(`${path}.lock`, temporary, `${path}.json`);
  await removeUnfinished(path);
  return {
    load: async () => ((await checkpointExists(path)) ? await loadCheckpoint(path) : null),
    reserve: (settings, from, to) => reserve(path, settings, from, to),
    save: async (checkpoint) => {
      await lock.check();
      await write(path, checkpoint);
    },
    close: lock.release,
  };
};

/** Names a run in the metadata of its tensors: runs of the same settings give the same bits. */
const runOf = (settings: Settings): string => sha256(canonical(Settings.encode(settings)));

const reserve = async (path: string, settings: Settings, from: number, to: number): Promise<void> => {
  const [folder, run, own] = [dirname(path), runOf(settings), await tensorsFileOf(path)];
  const isAtStake = (name: string): boolean => {
    const epoch = isTensorsName(path, name) ? Number(/(\d+)\.safetensors$/.exec(name)![1]) : 0;
    return name !== own && epoch >= from && epoch <= to;
  };
  for (const name of (await readdir(folder)).filter(isAtStake)) {
    const file = join(folder, name);
    const bytes = await readFileChecked(file, 'OUTPUT');
    if (metadataOf(bytes, file)['run'] !== run)
      fail(
        'OUTPUT',
        `${file}: exists already and is not of this run, which would replace it; move it, or choose another path for the checkpoint`,
      );
  }
};

const metadataOf = (bytes: Uint8Array, file: string): Readonly<Record<string, string>> => {
  try {
    return decode(bytes, file).metadata;
  } catch {
    return {}; // not of ours
  }
};

/**
 * Temporary files of this checkpoint, of whichever epoch: nobody else writes it while the lock is ours, so
 * that their writers need not be asked for, as removeLeftOvers of io/files.ts does.
 */
const removeUnfinished = async (path: string): Promise<void> => {
  const [folder, base] = [dirname(path), basename(path)];
  const isLeftOver = (name: string): boolean =>
    name.startsWith(`.${base}`) &&
    /^(\.json|-\d{4,16}\.safetensors|\.lock)\.[0-9a-f-]+\.part$/.test(name.slice(base.length + 1));
  const names = (await readdir(folder).catch(() => [])).filter(isLeftOver);
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true }).catch(() => undefined)));
};

const write = async (path: string, { tensors, ...rest }: Checkpoint): Promise<void> => {
  const name = tensorsNameOf(path, rest.epochsDone);
  const bytes = encode(tensors, { format: 'pathex-checkpoint', run: runOf(rest.settings) });
  const before = await tensorsFileOf(path);
  await writeFileAtomic(join(dirname(path), name), bytes);
  const file = CheckpointFile.encode({
    format: 'pathex-checkpoint',
    version: VERSION,
    settings: rest.settings,
    start: rest.start,
    epochsDone: rest.epochsDone,
    execution: rest.execution === 'sparse' ? 'sparse' : undefined,
    history: rest.history,
    tensors: name,
    tensorsSha256: sha256(bytes),
    sha256: '',
  });
  const { sha256: _, ...summed } = file;
  const text = JSON.stringify({ ...summed, sha256: sumOf(summed) }, null, 1);
  await writeFileAtomic(`${path}.json`, new TextEncoder().encode(`${text}\n`));
  if (before !== undefined && before !== name) await rm(join(dirname(path), before), { force: true });
};

/**
 * The tensors of the checkpoint that is there, to be removed once it is replaced; none where the JSON is not
 * one of ours.
 */
const tensorsFileOf = async (path: string): Promise<string | undefined> => {
  try {
    const { tensors } = decodeJson(
      t.type({ format: t.literal('pathex-checkpoint'), tensors: t.string }),
      new TextDecoder().decode(await readFileChecked(`${path}.json`, 'CHECKPOINT', { maxBytes: MAX_JSON })),
      path,
      'CHECKPOINT',
    );
    return isTensorsName(path, tensors) ? tensors : undefined;
  } catch {
    return undefined; // there was none, or none that could be continued
  }
};

/**
 * Writes a checkpoint, in place of one that is there. Throws CHECKPOINT while another process writes it, and
 * for one that could not be read again, which must not replace another; OUTPUT where it cannot be written.
 */
export const saveCheckpoint = async (path: string, checkpoint: Checkpoint): Promise<void> => {
  checkValue('saveCheckpoint: path', path, kinds.path);
  checkOptions('saveCheckpoint', checkpoint, CHECKPOINT);
  const settings = decodeValue(Settings, checkpoint.settings, 'saveCheckpoint: settings', 'CHECKPOINT');
  const history = decodeValue(list(Epoch), checkpoint.history, 'saveCheckpoint: history', 'CHECKPOINT');
  checkHistory(
    'saveCheckpoint',
    { settings, history, epochsDone: checkpoint.epochsDone },
    'give one as loadCheckpoint gives it',
  );
  const opened = await openCheckpoint(path);
  try {
    await opened.reserve(checkpoint.settings, checkpoint.epochsDone, checkpoint.epochsDone);
    await opened.save(checkpoint);
  } finally {
    await opened.close();
  }
};

/** The JSON of a checkpoint, all of it checked. */
const readJson = async (path: string): Promise<CheckpointFile> => {
  const where = `${path}.json`;
  const json = new TextDecoder().decode(await readFileChecked(where, 'CHECKPOINT', { maxBytes: MAX_JSON }));
  const { version } = decodeJson(Version, json, where, 'CHECKPOINT');
  if (version === 1)
    fail(
      'CHECKPOINT',
      `${where}: of version 1, which does not say what its run started from; finish that run with the pathex that began it, or choose another path`,
    );
  if (version !== VERSION)
    fail(
      'CHECKPOINT',
      `${where}: of version ${version}, this pathex reads ${VERSION}; use the pathex that wrote it, or choose another path`,
    );
  const file = decodeJson(CheckpointFile, json, where, 'CHECKPOINT');
  if (!isTensorsName(path, file.tensors))
    fail(
      'CHECKPOINT',
      `${where}: its tensors are called ${JSON.stringify(file.tensors.slice(0, 60))}, not '${tensorsNameOf(path, file.epochsDone)}'; a checkpoint keeps its name and its two files stay together: rename them back, or choose another path`,
    );
  const { sha256: expected, ...summed } = CheckpointFile.encode(file);
  if (sumOf(summed) !== expected)
    fail(
      'CHECKPOINT',
      `${where}: its SHA-256 is not the one it says; the file is truncated or altered: restore it, or choose another path`,
    );
  checkHistory(where, file, 'restore it, or choose another path');
  return file;
};

/**
 * Throws CHECKPOINT unless the history ends with the last epoch that was done, and leaves none out before it.
 */
const checkHistory = (
  where: string,
  { settings, epochsDone, history }: Pick<Checkpoint, 'settings' | 'epochsDone' | 'history'>,
  remedy: string,
): void => {
  const epochs = history.map((h) => h.epoch);
  const isWhole = epochs.every((epoch, i) => epoch === epochsDone - epochs.length + 1 + i);
  if (!isWhole || epochs.length === 0 || epochsDone > settings.epochs)
    fail(
      'CHECKPOINT',
      `${where}: its history is of epochs ${epochs.slice(0, 10).join(', ') || 'none'}, it is of epoch ${epochsDone} of ${settings.epochs}; ${remedy}`,
    );
};

/**
 * Throws CHECKPOINT for a missing, truncated, altered or foreign checkpoint, before anything but the JSON and
 * its tensors is read.
 */
export const loadCheckpoint = async (path: string): Promise<Checkpoint> => {
  checkValue('loadCheckpoint: path', path, kinds.path);
  const {
    tensors: name,
    tensorsSha256,
    settings,
    start,
    epochsDone,
    execution,
    history,
  } = await readJson(path);
  const file = join(dirname(path), name);
  const bytes = await readFileChecked(file, 'CHECKPOINT');
  const found = sha256(bytes);
  if (found !== tensorsSha256)
    fail(
      'CHECKPOINT',
      `${file}: SHA-256 is ${found.slice(0, 12)}..., the checkpoint says ${tensorsSha256.slice(0, 12)}...; the file is truncated or altered: restore it, or choose another path`,
    );
  try {
    return {
      settings,
      start,
      epochsDone,
      ...(execution === undefined ? {} : { execution }),
      history,
      tensors: decode(bytes, file).tensors,
    };
  } catch (error) {
    return fail('CHECKPOINT', `${reasonOf(error)}; restore the checkpoint, or choose another path`, error);
  }
};
