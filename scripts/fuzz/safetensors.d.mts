import type { decode, encode } from '../../src/weights/safetensors.js';

export interface SafetensorsCase {
  readonly bytes: Uint8Array;
  readonly isSound: boolean;
}
export declare const safetensorsCase: (seed: number) => SafetensorsCase;
export declare const faultOfSafetensors: (
  file: SafetensorsCase,
  api: { readonly decode: typeof decode; readonly encode: typeof encode },
) => string | undefined;
