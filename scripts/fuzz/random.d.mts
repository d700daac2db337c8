export interface Draw {
  readonly below: (n: number) => number;
  readonly pick: <A>(xs: readonly A[]) => A;
  readonly chance: (p: number) => boolean;
}
export declare const drawing: (seed: number) => Draw;
