/** True only for two types that are the same in every position. */
export type Exact<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** A line that compiles only if its type argument is `true`. */
export const holds = <_T extends true>(): void => undefined;
