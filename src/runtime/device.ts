import { fail } from '../errors.js';
import { didYouMean, showValue } from '../options.js';
import { checkValue, type Kind } from '../kinds.js';
import type { Program } from '../program/program.js';
import { showType, size, type Tensor, type TensorType } from '../tensor/tensor.js';

/**
 * Numbers as the devices take them. The reference device answers in float64, the others in the tensor's own
 * type.
 */
export type Numbers = Float64Array | Float32Array | Int32Array | Uint8Array;

export type DeviceKind = 'reference' | 'cpu' | 'cuda';

/** Named tensors that live on a device between runs. */
export interface Store {
  readonly names: readonly string[];
  readonly has: (name: string) => boolean;
  readonly typeOf: (name: string) => TensorType;
  /** A copy of the value. */
  readonly read: (name: string) => Promise<Numbers>;
  readonly write: (name: string, values: ArrayLike<number>) => Promise<void>;
  /** Adds a value; an error if the name is taken. */
  readonly add: (name: string, type: TensorType, values: ArrayLike<number>) => Promise<void>;
  readonly dispose: () => void;
}

export interface Executable {
  readonly program: Program;
  /**
   * Runs once: reads and updates the store, resolves to the outputs by name. Runs of one device happen in the
   * order of the calls.
   */
  readonly run: (
    store: Store,
    inputs?: Readonly<Record<string, ArrayLike<number>>>,
  ) => Promise<Readonly<Record<string, Numbers>>>;
  /** Bytes of the arena, fixed before the first run. */
  readonly arenaBytes: number;
  readonly dispose: () => void;
}

/** A moment in the work of a device. */
export interface Mark {
  readonly device: Device;
  /** By a clock of the device's own, which starts anywhere; {@link secondsBetween} reads it. */
  readonly seconds: number;
}

/**
 * How many runs to have under way on a device: one works while the inputs of the next are made. GPUs work in
 * milliseconds and must not wait for the host; elsewhere whoever interrupts waits for all that are under way.
 */
export const runsUnderWay = ({ kind }: Device, onGpu: number): number => (kind === 'cuda' ? onGpu : 2);

/** Where plans run. Disposing it frees everything that was made on it. */
export interface Device {
  readonly kind: DeviceKind;
  /** For people: 'cpu (oneDNN 2.6.3, AVX2, 2 threads)'. */
  readonly description: string;
  readonly store: () => Store;
  readonly compile: (program: Program) => Promise<Executable>;
  /**
   * The moment at which all work called before is done; resolves then. Work called later does not wait for
   * it, so marks around queued runs measure them as they are: `cuda` records an event on the GPU's stream, as
   * torch.cuda.Event does, `cpu` reads the clock between two runs on its worker thread. See {@link
   * secondsBetween}.
   */
  readonly mark: () => Promise<Mark>;
  /** Bytes that stores and executables hold now. */
  readonly liveBytes: () => number;
  readonly dispose: () => Promise<void>;
}

/**
 * Seconds from one mark to another of the same device, negative where `b` was made first. They span
 * everything that the device did between: the runs with the transfers of their inputs and outputs, reads and
 * writes of stores, and the time it waited for the host. Throws DEVICE for marks of two devices.
 */
export const secondsBetween = (a: Mark, b: Mark): number => {
  checkValue('secondsBetween: first mark', a, mark);
  checkValue('secondsBetween: second mark', b, mark);
  return a.device === b.device
    ? b.seconds - a.seconds
    : fail(
        'DEVICE',
        `secondsBetween: the marks are of two devices, ${a.device.description} and ${b.device.description}; each has a clock of its own; take both from one device`,
      );
};
const mark: Kind = {
  expected: 'a mark, as device.mark() gives',
  test: (value) => typeof value === 'object' && value !== null && 'device' in value && 'seconds' in value,
};

/** What to say of a name that a store does not hold. */
export const noValue = (name: string, values: ReadonlyMap<string, unknown>): string =>
  `store: no '${name}'${didYouMean(name, [...values.keys()]) || '; add it first'}`;

/** Checks given inputs against a program's. Throws DEVICE for missing, unknown or ill-sized ones. */
export const checkInputs = (program: Program, inputs: Readonly<Record<string, ArrayLike<number>>>): void => {
  if (typeof inputs !== 'object' || inputs === null)
    fail(
      'DEVICE',
      `run '${program.name}': its inputs are ${showValue(inputs)}; give an object of arrays by name`,
    );
  for (const name of Object.keys(inputs)) {
    if (!program.inputs.has(name))
      fail(
        'DEVICE',
        `run '${program.name}': it has no input '${name}'; its inputs are ${[...program.inputs.keys()].join(', ') || 'none'}`,
      );
  }
  for (const [name, leaf] of program.inputs) {
    const given =
      inputs[name] ??
      fail(
        'DEVICE',
        `run '${program.name}': input '${name}' ${showType(leaf)} is missing; give it beside the others`,
      );
    // Anything without a length is refused with its kind when it is converted.
    if (typeof given.length === 'number' && given.length !== size(leaf.shape))
      fail(
        'DEVICE',
        `run '${program.name}': input '${name}' has ${given.length} numbers, ${showType(leaf)} needs ${size(leaf.shape)}; give as many`,
      );
  }
};

/** Checks that a store holds a program's state. */
export const checkState = (program: Program, store: Store): void => {
  for (const [name, leaf] of program.state) {
    if (!store.has(name))
      fail('DEVICE', `run '${program.name}': the store has no '${name}' ${showType(leaf)}; add it first`);
    const type = store.typeOf(name);
    if (showType(type) !== showType(leaf))
      fail(
        'DEVICE',
        `run '${program.name}': '${name}' is ${showType(type)} in the store, the program needs ${showType(leaf)}; add it with that type`,
      );
  }
};

export const bytesOf = (t: Tensor | TensorType, bytesPerReal: number): number =>
  size(t.shape) * { f32: bytesPerReal, i32: 4, u8: 1 }[t.dtype];
