import type { Network } from '../../src/nn/network.js';
import type { Weights } from '../../src/nn/weights.js';
import type { decode, encode } from '../../src/weights/safetensors.js';
import type { decodeWeights, encodeWeights } from '../../src/weights/state-dict.js';

export interface SafetensorsCase {
  readonly bytes: Uint8Array;
  readonly isSound: boolean;
}
export declare const safetensorsCase: (seed: number) => SafetensorsCase;
export declare const faultOfSafetensors: (
  file: SafetensorsCase,
  api: { readonly decode: typeof decode; readonly encode: typeof encode },
) => string | undefined;

/** What compact files are made of and read by. */
export interface CompactApi {
  readonly net: Network;
  /** Names of its prunable weights. */
  readonly prunable: readonly string[];
  readonly weights: Weights;
  readonly decode: typeof decode;
  readonly encode: typeof encode;
  readonly decodeWeights: typeof decodeWeights;
  readonly encodeWeights: typeof encodeWeights;
}
export declare const compactApi: (
  api: Pick<
    typeof import('../../src/index.js'),
    'network' | 'pipe' | 'conv2d' | 'flatten' | 'linear' | 'initialise' | 'masksOfZeros'
  > &
    Pick<CompactApi, 'decode' | 'encode' | 'decodeWeights' | 'encodeWeights'>,
) => CompactApi;
export declare const compactCase: (seed: number, api: CompactApi) => SafetensorsCase;
export declare const faultOfCompactFile: (file: SafetensorsCase, api: CompactApi) => string | undefined;
