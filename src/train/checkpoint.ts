import { createHash } from 'node:crypto';
import { access, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as t from 'io-ts';
import { decodeJson, list } from '../codec.js';
import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, needed, type KindsOf } from '../kinds.js';
import { readFileChecked, reasonOf, writeFileAtomic } from '../io/files.js';
import { decode, encode, type StoredTensor } from '../weights/safetensors.js';

/**
 * A training checkpoint: `<path>.json` (where the run stands, and which tensors belong to it) and `<path>-<epoch>.safetensors` (parameters,
 * statistics, masks, velocities, in our layouts). The JSON is replaced last and atomically, so a killed run leaves the old checkpoint or the new one.
 */
/** `testAccuracy` is null in epochs without evaluation; shares are 0..1. */
const Epoch = t.strict({
  epoch: t.number,
  trainLoss: t.number,
  trainAccuracy: t.number,
  testAccuracy: t.union([t.number, t.null]),
  rate: t.number,
  seconds: t.number,
});
export type EpochReport = t.TypeOf<typeof Epoch>;

const CheckpointFile = t.strict(
  {
    format: t.literal('pathex-checkpoint'),
    version: t.literal(1),
    network: t.string,
    /** Everything that decides the bits of the run; a checkpoint of other settings is refused. */
    settings: t.string,
    epochsDone: t.number,
    history: list(Epoch),
    tensors: t.string,
    sha256: t.string,
  },
  'checkpoint',
);

export interface Checkpoint {
  readonly network: string;
  readonly settings: string;
  readonly epochsDone: number;
  readonly history: readonly EpochReport[];
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

const CHECKPOINT: KindsOf<Checkpoint> = {
  network: needed(kinds.text),
  settings: needed(kinds.text),
  epochsDone: needed(kinds.count),
  history: needed(kinds.listOf(kinds.anything, 'epochs')),
  tensors: needed(kinds.anything),
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const checkpointExists = (path: string): Promise<boolean> =>
  access(`${path}.json`).then(
    () => true,
    () => false,
  );

export const saveCheckpoint = async (path: string, checkpoint: Checkpoint): Promise<void> => {
  checkValue('saveCheckpoint: path', path, kinds.path);
  checkOptions('saveCheckpoint', checkpoint, CHECKPOINT);
  const { tensors, ...rest } = checkpoint;
  const name = `${basename(path)}-${String(rest.epochsDone).padStart(4, '0')}.safetensors`;
  const bytes = encode(tensors);
  const before = await tensorsFileOf(path);
  await writeFileAtomic(join(dirname(path), name), bytes);
  const file: t.TypeOf<typeof CheckpointFile> = {
    format: 'pathex-checkpoint',
    version: 1,
    ...rest,
    tensors: name,
    sha256: sha256(bytes),
  };
  await writeFileAtomic(`${path}.json`, new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`));
  if (before !== undefined && before !== name) await rm(join(dirname(path), before), { force: true });
};

const tensorsFileOf = async (path: string): Promise<string | undefined> => {
  try {
    const json = new TextDecoder().decode(await readFileChecked(`${path}.json`, 'CHECKPOINT'));
    return decodeJson(CheckpointFile, json, path, 'CHECKPOINT').tensors;
  } catch {
    return undefined; // there was none, or none that could be continued
  }
};

/** Throws CHECKPOINT for a missing, truncated or altered checkpoint. */
export const loadCheckpoint = async (path: string): Promise<Checkpoint> => {
  checkValue('loadCheckpoint: path', path, kinds.path);
  const json = new TextDecoder().decode(await readFileChecked(`${path}.json`, 'CHECKPOINT'));
  const {
    tensors: name,
    sha256: expected,
    network,
    settings,
    epochsDone,
    history,
  } = decodeJson(CheckpointFile, json, `${path}.json`, 'CHECKPOINT');
  const file = join(dirname(path), basename(name));
  const bytes = await readFileChecked(file, 'CHECKPOINT');
  const found = sha256(bytes);
  if (found !== expected)
    fail(
      'CHECKPOINT',
      `${file}: SHA-256 is ${found.slice(0, 12)}..., the checkpoint says ${expected.slice(0, 12)}...; the file is truncated or altered`,
    );
  try {
    return { network, settings, epochsDone, history, tensors: decode(bytes, file).tensors };
  } catch (error) {
    return fail('CHECKPOINT', `${file}: ${reasonOf(error)}`, error);
  }
};
