import { compile as compileProgram } from '../compile/compile.js';
import type { Plan } from '../plan/plan.js';
import type { Target } from '../compile/target.js';
import { fail } from '../errors.js';
import type { Program } from '../program/program.js';
import { size, type TensorType } from '../tensor/tensor.js';
import {
  bytesOf,
  checkInputs,
  checkState,
  noValue,
  type Device,
  type DeviceKind,
  type Executable,
  type Store,
} from './device.js';
import { nativeArray } from './convert.js';
import type { NativeArray, NativeBuffer, NativeDevice, NativeExecutable } from './native.js';

/**
 * Stores and executables of a device of the native addon; which one it is shows in how it loads a plan only.
 */

interface Parts {
  readonly kind: DeviceKind;
  readonly description: string;
  readonly native: NativeDevice;
  readonly target: Target;
  readonly load: (plan: Plan) => Promise<NativeExecutable>;
}

const ARRAYS = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };
const emptyOf = ({ dtype, shape }: TensorType): NativeArray => new ARRAYS[dtype](size(shape));

/** What a device keeps of each store that it made. */
const storeBuffers = new WeakMap<
  Store,
  {
    readonly device: NativeDevice;
    readonly buffers: ReadonlyMap<string, { readonly type: TensorType; readonly buffer: NativeBuffer }>;
  }
>();
const loadedOf = new WeakMap<Executable, NativeExecutable>();

/** Seconds of each step of an executable so far; all zero unless its device was opened with `profile`. */
export const profileOf = (executable: Executable): ReturnType<NativeExecutable['profile']> =>
  loadedOf.get(executable)?.profile() ??
  fail('DEVICE', 'profile: the executable is not of a native device; compile it on cpu or cuda');

/** Which implementation each step of an executable uses. */
export const implementationsOf = (executable: Executable): ReturnType<NativeExecutable['describe']> =>
  loadedOf.get(executable)?.describe() ??
  fail('DEVICE', 'implementations: the executable is not of a native device; compile it on cpu or cuda');

const makeStore = (native: NativeDevice, guard: () => void): Store => {
  guard();
  const buffers = new Map<string, { type: TensorType; buffer: NativeBuffer }>();
  const get = (name: string): { type: TensorType; buffer: NativeBuffer } =>
    buffers.get(name) ?? fail('DEVICE', noValue(name, buffers));
  const fitted = (name: string, type: TensorType, values: ArrayLike<number>): NativeArray =>
    nativeArray(`store: '${name}'`, type, values);
  const self: Store = {
    get names() {
      return [...buffers.keys()];
    },
    has: (name) => buffers.has(name),
    typeOf: (name) => get(name).type,
    read: async (name) => {
      guard();
      const { type, buffer } = get(name);
      const out = emptyOf(type);
      await native.read(buffer, out);
      return out;
    },
    write: async (name, values) => {
      guard();
      const { type, buffer } = get(name);
      await native.write(buffer, fitted(name, type, values));
    },
    add: async (name, type, values) => {
      guard();
      if (buffers.has(name))
        fail('DEVICE', `store: '${name}' exists already; write to it, or choose another name`);
      const array = fitted(name, type, values);
      const buffer = native.allocate(bytesOf(type, 4));
      buffers.set(name, { type: { shape: type.shape, dtype: type.dtype }, buffer });
      await native.write(buffer, array);
    },
    dispose: () => {
      for (const { buffer } of buffers.values()) buffer.dispose();
      buffers.clear();
    },
  };
  storeBuffers.set(self, { device: native, buffers });
  return self;
};

const compileFor = async (
  { native, target, load }: Parts,
  program: Program,
  guard: () => void,
): Promise<Executable> => {
  guard();
  const plan: Plan = compileProgram(program, target);
  const loaded = await load(plan);
  const executable: Executable = {
    program,
    arenaBytes: plan.arenaBytes,
    dispose: () => loaded.dispose(),
    run: async (values, inputs = {}) => {
      guard();
      checkInputs(program, inputs);
      checkState(program, values);
      const held = storeBuffers.get(values);
      if (held === undefined || held.device !== native)
        return fail(
          'DEVICE',
          `run '${program.name}': the store belongs to another device; make one with this device's store()`,
        );
      const state = plan.state.map(({ name }) => held.buffers.get(name)!.buffer);
      const given = plan.inputs.map(({ name }) =>
        nativeArray(`run '${program.name}': input '${name}'`, program.inputs.get(name)!, inputs[name]!),
      );
      const outputs = plan.outputs.map(({ name }) => emptyOf(program.outputs[name]!));
      await native.run(loaded, state, given, outputs);
      return Object.fromEntries(plan.outputs.map(({ name }, i) => [name, outputs[i]!]));
    },
  };
  loadedOf.set(executable, loaded);
  return executable;
};

export const nativeDevice = (parts: Parts): Device => {
  const { kind, description, native } = parts;
  let disposed = false;
  const guard = (): void => {
    if (disposed) fail('DEVICE', `${kind}: the device was disposed; open another`);
  };
  const self: Device = {
    kind,
    description,
    store: () => makeStore(native, guard),
    compile: (program) => compileFor(parts, program, guard),
    mark: async () => {
      guard();
      return { device: self, seconds: await native.mark() };
    },
    liveBytes: () => native.liveBytes(),
    dispose: async () => {
      disposed = true;
      await native.dispose();
    },
  };
  return self;
};
