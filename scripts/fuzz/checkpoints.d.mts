/** What the cases are tried on. */
export interface CheckpointApi {
  readonly loadCheckpoint: (path: string) => Promise<unknown>;
  readonly saveCheckpoint: (path: string, checkpoint: never) => Promise<void>;
  readonly canonical: (value: unknown) => string;
  readonly sha256: (bytes: Uint8Array | string) => string;
}
export interface CheckpointFuzzer {
  /** What is wrong about the outcome of a case; undefined where nothing is. */
  readonly faultOf: (seed: number) => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}
export const checkpointFuzzer: (api: CheckpointApi) => Promise<CheckpointFuzzer>;
