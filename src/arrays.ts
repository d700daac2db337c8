import { fail, type ErrorCode } from './errors.js';
import { showValue } from './options.js';

/** A typed array class. */
interface ArrayType<A> {
  readonly name: string;
  new (length: number): A;
}

/**
 * Checks that `data` is the typed array that it must be, in memory of its own: one that another thread may
 * write to while it is read could be saved as something that never was. Error of the given code that begins
 * with `where`.
 */
export const checkArray = <A extends ArrayBufferView>(
  where: string,
  data: A,
  type: ArrayType<A>,
  code: ErrorCode = 'WEIGHTS',
): void => {
  if (!(data instanceof type)) fail(code, `${where}: data is ${showValue(data)}; give a ${type.name}`);
  if (data.buffer instanceof SharedArrayBuffer)
    fail(
      code,
      `${where}: data lies in shared memory, which other threads may change while it is read; copy it, as ${type.name}.from(data) does`,
    );
};
