/**
 * The one error class of the public edge. The message reads "where: what differs; remedy"; `code` names the
 * entry in docs/errors.md.
 */
export type ErrorCode =
  | 'SHAPE' // shapes, dtypes or attributes of an op do not fit
  | 'GRAPH' // a graph or graph file is not well formed
  | 'PLAN' // a plan is not well formed or of another version
  | 'NETWORK' // a network cannot be read by a transform (a missing paths rule, recurrent use, ...)
  | 'DEVICE' // a device is missing, lost or disposed
  | 'NATIVE' // a library call failed
  | 'DATA' // a data file is missing, truncated or corrupt; images or labels are none of the data set's
  | 'WEIGHTS' // a weights file or a set of weights does not fit
  | 'CHECKPOINT' // a checkpoint is missing, corrupt or of another run
  | 'OPTION' // a flag or option has no sensible meaning
  | 'NON_FINITE' // a score, a flow, a loss or a trained value is NaN or infinite
  | 'COLLAPSE' // no path is left from input to output, or most survivors have score zero
  | 'OUTPUT'; // a result cannot be written

export class PathexError extends Error {
  override readonly name = 'PathexError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Throws a {@link PathexError}; an expression, so that it can stand where a value is needed. */
export const fail = (code: ErrorCode, message: string, cause?: unknown): never => {
  throw new PathexError(code, message, cause === undefined ? undefined : { cause });
};
