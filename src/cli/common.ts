import { access, constants, mkdir, stat } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { findCifar10 } from '../datasets/cifar10.js';
import type { Dataset } from '../source/dataset.js';
import { synthetic } from '../datasets/synthetic.js';
import { fail, PathexError, type ErrorCode } from '../errors.js';
import { isModelName, MODEL_NAMES, type ImageNetwork } from '../models/models.js';
import { countZeros, initialise, masksOfZeros, type Weights } from '../nn/weights.js';
import { PRECISIONS, type Precision } from '../runtime/cuda.js';
import { DEVICE_KINDS, openDevice } from '../runtime/open.js';
import { writeFailureOf, writerTo } from '../report/progress.js';
import type { Device, DeviceKind } from '../runtime/device.js';
import type { Masks } from '../transform/mask.js';
import { VERSION } from '../version.js';
import { endWithLauncher } from './launcher.js';
import { readFileChecked, reasonOf, targetOf } from '../io/files.js';
import { decode } from '../weights/safetensors.js';
import { loadWeights, type WeightsFile, type WeightsForm } from '../weights/state-dict.js';

/** Options that several commands share, and what they stand for. */
export interface DataOptions {
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly download?: boolean;
}

/** Parses a number for commander, with its range in the message. */
export const number =
  (what: string, test: (n: number) => boolean, expected: string) =>
  (text: string): number => {
    const n = Number(text);
    if (text.trim() === '' || !Number.isFinite(n) || !test(n))
      throw new InvalidArgumentError(`${what} must be ${expected}.`);
    return n;
  };
export const positiveInteger = (what: string): ((text: string) => number) =>
  number(what, (n) => Number.isInteger(n) && n >= 1, 'a positive integer');
/** Of the cpu device: more threads than processors would only wait for each other. */
const threadCount = (text: string): number => {
  const threads = positiveInteger('threads')(text);
  const processors = Math.max(cpus().length, availableParallelism());
  if (threads > processors)
    throw new InvalidArgumentError(
      `this machine has ${processors} ${processors === 1 ? 'processor' : 'processors'}; give at most ${processors}.`,
    );
  return threads;
};
export const seedNumber = number('seed', (n) => Number.isInteger(n) && n >= 0, 'an integer from 0 on');

const perCent = number('sparsity', (n) => n >= 0 && n < 100, 'a number of per cent in [0, 100)');
/** Per cent, which a share is easily taken for. */
export const sparsityPercent = (text: string): number => {
  const percent = perCent(text);
  if (percent > 0 && percent < 1)
    log(
      `sparsity ${text} is ${text} per cent; to remove ${Number((100 * percent).toFixed(6))} per cent give --sparsity ${Number((100 * percent).toFixed(6))}`,
    );
  return percent;
};

const precisionOf = (text: string): Precision => {
  const known = PRECISIONS.find((p) => p === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError('precision must be strict, tf32 or bf16.');
};

/** The options of every command that reads data or runs on a device. */
export const withDataOnly = (command: Command): Command =>
  command
    .option(
      '--data <folder>',
      'CIFAR-10 in its binary layout; default: $PATHEX_DATA, ./data, or the official download',
    )
    .option('--synthetic', 'generated images instead of CIFAR-10')
    .option('--no-download', 'never download CIFAR-10');
export const withData = (command: Command): Command =>
  withDataOnly(command).option(
    '--seed <number>',
    'weights, draws, orders and augmentations follow from it',
    seedNumber,
    0,
  );
export const withDevice = (command: Command): Command =>
  command
    .option('-d, --device <name>', DEVICE_KINDS.join(' or '), 'cpu')
    .option(
      '--threads <count>',
      'of the cpu device, at most the processors; default: OMP_NUM_THREADS or the physical cores, within the CPU quota',
      threadCount,
    )
    .option(
      '--precision <name>',
      'of products on the cuda device: strict (float32), tf32, or bf16 (in training and evaluation; scores stay strict)',
      precisionOf,
      'strict',
    );

export const log = (line: string): void => writerTo(process.stdout)(`${line}\n`);

/**
 * The data set to use: a given folder, CIFAR-10 where it is found, or generated images that say so. Only
 * `synthetic` or a missing CIFAR-10 leads to the latter.
 */
export const openData = async (
  { data, synthetic: generated = false, download = true }: DataOptions,
  seed: number,
  signal: AbortSignal,
): Promise<Dataset<32, 32, 3, 10>> => {
  if (generated) {
    if (data !== undefined) fail('OPTION', 'data: --data and --synthetic name two sets; give one of them');
    return synthetic({ seed });
  }
  const folder = data === undefined ? {} : { folder: data };
  const result = await findCifar10({ ...folder, allowDownload: download, signal });
  if ('found' in result) return result.found;
  log(`CIFAR-10 is not here (${result.missing}).`);
  log(
    'Using GENERATED images instead (drawn shapes and textures): no figure below is a CIFAR-10 figure. Give --data FOLDER for the real set.',
  );
  return synthetic({ seed });
};

/**
 * What every data set of the commands holds: networks and weights are checked against it before any image is
 * read or downloaded.
 */
export const IMAGES = { height: 32, width: 32, channels: 3, classes: 10 } as const;

/** Says which images are used, of which set. */
export const describeData = (data: Dataset, full: Dataset = data): void =>
  log(
    `data: ${data.name} (${data.source}), ${data.train.count}${data.train.count === full.train.count ? '' : ` of ${full.train.count}`} training images, ${data.test.count} test images`,
  );

/** What withDevice leaves in a command's options. */
export interface DeviceChoice {
  readonly device: string;
  readonly threads?: number;
  readonly precision: Precision;
}

export const openDeviceFor = async (
  kind: DeviceKind,
  { threads, precision }: DeviceChoice,
): Promise<Device> => {
  if (kind !== 'cuda' && precision !== 'strict')
    fail(
      'OPTION',
      `precision: ${precision} is of the cuda device, not of ${kind}; leave it out or choose --device cuda`,
    );
  if (kind !== 'cpu' && threads !== undefined)
    fail(
      'OPTION',
      `threads: they are of the cpu device, not of ${kind}; leave them out or choose --device cpu`,
    );
  const device = await openDevice(kind, {
    ...(kind === 'cuda' ? { precision } : {}),
    ...(threads === undefined ? {} : { threads }),
  });
  log(`device: ${device.description}`);
  return device;
};

/** The option of every command that reads weights: the file knows its network. */
export const withNetwork = (command: Command): Command =>
  command.option('-n, --network <name>', `one of ${MODEL_NAMES}; default: that of --weights, or resnet20`);

/** What a weights file says of the network that it was written for, if it does. */
const networkIn = async (file: string): Promise<string | undefined> =>
  decode(await readFileChecked(file, 'WEIGHTS'), file).metadata['network'];

/**
 * The name of the network to build: the given one, or that of the weights file, or ResNet-20 where it names
 * none.
 */
export const networkNameOf = async (given: string | undefined, file: string | undefined): Promise<string> => {
  if (given !== undefined) return given;
  const named = file === undefined ? undefined : await networkIn(file);
  if (named !== undefined && !isModelName(named))
    fail(
      'WEIGHTS',
      `${file}: its network '${named}' is none of ${MODEL_NAMES}; name one with --network, or read the file in a script`,
    );
  return named ?? 'resnet20';
};

/** Reads weights, and says whose they are where they do not fit. */
export const loadTicket = async (file: string, net: ImageNetwork): Promise<WeightsFile> => {
  try {
    return await loadWeights(file, net);
  } catch (error) {
    const named = await networkIn(file).catch(() => undefined);
    if (
      !(error instanceof PathexError) ||
      error.code !== 'WEIGHTS' ||
      named === undefined ||
      named === net.name
    )
      throw error;
    return fail(
      'WEIGHTS',
      `${file}: these are weights of '${named}', not of '${net.name}'; give --network ${named}, or leave --network out`,
      error,
    );
  }
};

/** Weights (and masks) from a file, or drawn from the seed. */
export const startWeights = async (
  net: ImageNetwork,
  file: string | undefined,
  seed: number,
): Promise<{ readonly weights: Weights; readonly masks: Masks | null; readonly form?: WeightsForm }> => {
  if (file === undefined) return { weights: initialise(net, seed), masks: null };
  const { weights, masks, form = 'dense' } = await loadTicket(file, net);
  return { weights, masks, form };
};

/** An option of every command that writes a ticket, or what was trained of one. */
export const COMPACT_FILE = [
  '--compact-file',
  'write live weights and their places only: small, and read by every command here; the values of pruned weights are not kept',
] as const;

/** An option of every command that reads weights whose zeros may be a ticket's. */
export const MASK_ZEROS = [
  '--mask-zeros',
  'weights of the file that are exactly zero are pruned and stay so: for a ticket saved without masks',
] as const;

/** What was written, and how much of it where that is the point. */
export const describeWritten = async (file: string, isCompact: boolean): Promise<string> => {
  if (!isCompact) return `wrote ${file}`;
  return `wrote ${file}: live weights only, ${(await stat(file)).size.toLocaleString('en')} bytes`;
};

/** Zeros that may stand in a dense network by chance; more are likely a ticket's. */
const FEW_ZEROS = 10;

/**
 * Weights as a command takes them: with masks of their zeros where `maskZeros` asks for that; otherwise zeros
 * without masks are said in one line, since they count as live. Throws OPTION for `maskZeros` without a file.
 */
export const settleZeros = <S extends { readonly weights: Weights; readonly masks: Masks | null }>(
  net: ImageNetwork,
  start: S,
  file: string | undefined,
  maskZeros: boolean,
): S => {
  if (file === undefined)
    return maskZeros
      ? fail('OPTION', 'mask-zeros: it is about weights of a file; name it with --weights, or leave it out')
      : start;
  if (start.masks !== null)
    return maskZeros
      ? fail('OPTION', `mask-zeros: ${file} has masks already; leave --mask-zeros out`)
      : start;
  const { zeros, total } = countZeros(net, start.weights);
  const share = `${zeros.toLocaleString('en')} of ${total.toLocaleString('en')} prunable weights (${((100 * zeros) / total).toFixed(2)} %) are exactly zero`;
  if (maskZeros) {
    log(`${file}: ${share}; they are masked and stay zero`);
    return { ...start, masks: masksOfZeros(net, start.weights) };
  }
  if (zeros > FEW_ZEROS)
    log(
      `${file}: ${share}; without masks they count as live, and training would revive them; to keep them pruned give --mask-zeros`,
    );
  return start;
};

/**
 * Like mkdir -p, one folder at a time: the recursive form of Node never returns for some unwritable places.
 */
const makeFolder = async (folder: string): Promise<void> => {
  const found = await stat(folder).catch(() => null);
  if (found !== null)
    return found.isDirectory()
      ? undefined
      : fail('OUTPUT', `${folder}: is a file, not a folder; give another place`);
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder);
};

/** Makes sure, before any work, that `path` can be written and would replace nothing unless forced. */
export const checkOutput = async (path: string, force = false): Promise<void> => {
  let folder = dirname(resolve(path));
  const refuse = (error: unknown): never => {
    if (error instanceof PathexError) throw error;
    return fail(
      'OUTPUT',
      `${path}: the folder ${folder} cannot be written: ${reasonOf(error)}; give a folder that can be, or free it`,
      error,
    );
  };
  await makeFolder(folder).catch(refuse);
  const { path: target, replaced } = await targetOf(path);
  folder = dirname(resolve(target)); // a link is written through: its target's folder
  await access(folder, constants.W_OK).catch(refuse);
  if (replaced !== undefined && !force)
    fail('OUTPUT', `${path}: exists already; give another name, or --force to replace it`);
};

/** Exit codes of processes that a signal ends: 128 and its number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * An abort signal that Ctrl-C and SIGTERM raise, so that work ends in order within a step; a second one ends
 * the process at once. Without a signal left to say what comes next, `thenContinue` does.
 */
export const interruptible = (): AbortSignal => {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(EXIT_CODES))
    process.once(name, () => {
      controller.abort(new Interrupted(code));
      for (const again of Object.keys(EXIT_CODES)) process.once(again, () => process.exit(code));
    });
  endWithLauncher(controller.signal);
  return controller.signal;
};

export class Interrupted extends Error {
  constructor(
    readonly exitCode: number = EXIT_CODES.SIGINT,
    /** What the user can do now. */
    readonly next: string = 'run the same command again',
  ) {
    super('interrupted');
  }
}

/** The error to throw after one in interruptible work: an interruption says what to do next. */
export const thenContinue = (error: unknown, next: string): unknown =>
  error instanceof Interrupted ? new Interrupted(error.exitCode, next) : error;

const complain = (line: string): void => writerTo(process.stderr)(`pathex: ${line}\n`);

/** What to do after an error whose message does not say so itself: it has no remedy after a semicolon. */
const NEXT: Readonly<Record<ErrorCode, string>> = {
  SHAPE: 'correct the shape, dtype or attribute that it names',
  GRAPH: 'correct the graph, or write its file again',
  PLAN: 'compile the program again with this version of pathex',
  NETWORK: 'change the network at the place that it names',
  DEVICE: "run 'pathex doctor' to see what this machine has, or choose another --device",
  NATIVE: "run 'pathex doctor' to see what this machine has, or choose another --device",
  DATA: 'get the file again, or give another with --data',
  WEIGHTS: 'give a whole weights file of this network, or name its network with --network',
  CHECKPOINT: 'restore the checkpoint, or choose another path',
  OPTION: "see the command's --help",
  NON_FINITE: 'check weights and data, or lower the learning rate',
  COLLAPSE: 'use more rounds or a lower sparsity',
  OUTPUT: 'choose a place that exists and can be written to',
};
const withRemedy = ({ code, message }: PathexError): string => {
  const line = message.split('\n')[0]!;
  return line.includes('; ') ? line : `${line}; ${NEXT[code]}`;
};

/** Of an allocation that failed: V8 and Node have no code for it. */
const isOutOfMemory = (error: unknown): boolean =>
  error instanceof RangeError &&
  /allocation failed|invalid (typed )?array (buffer )?length/i.test(error.message);

/** One line for an error, and the exit code. */
export const report = (error: unknown): number => {
  if (error instanceof Interrupted) {
    complain(`interrupted; ${error.next}`);
    return error.exitCode;
  }
  if (error instanceof PathexError) {
    complain(`${error.code}: ${withRemedy(error)}`);
    return 1;
  }
  if (isOutOfMemory(error)) {
    complain(
      `out of memory: ${reasonOf(error)}; take a smaller batch or network, fewer images, or a machine with more memory`,
    );
    return 1;
  }
  complain(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  complain(
    `this is a fault of pathex, not of yours: please report the lines above and your command (pathex ${VERSION}, Node.js ${process.version}, ${process.platform} ${process.arch})`,
  );
  return 70;
};

/**
 * What the user has to know where standard output took not all that was printed, and the exit code; 0 where
 * it did.
 */
export const reportPrinting = (): number => {
  const failure = writeFailureOf(process.stdout);
  if (failure === undefined) return 0;
  complain(
    `OUTPUT: standard output: cannot be written: ${reasonOf(failure)}; results that go to files are there; send what is printed elsewhere`,
  );
  return 1;
};
