/**
 * Mutated safetensors files, and compact weights files, one of each for a seed: each is refused in one line,
 * or read right. Needs a build (npm run setup).
 */
import * as api from '../dist/index.js';
import { decode, encode } from '../dist/weights/safetensors.js';
import { decodeWeights, encodeWeights } from '../dist/weights/state-dict.js';
import { runFuzzer } from './fuzz/run.mjs';
import {
  compactApi,
  compactCase,
  faultOfCompactFile,
  faultOfSafetensors,
  safetensorsCase,
} from './fuzz/safetensors.mjs';

const compact = compactApi({ ...api, decode, encode, decodeWeights, encodeWeights });
const kinds = [
  [safetensorsCase, (one) => faultOfSafetensors(one, { decode, encode })],
  [(seed) => compactCase(seed, compact), (one) => faultOfCompactFile(one, compact)],
];

runFuzzer(
  'safetensors',
  'safetensors',
  (seed) => ({ files: kinds.map(([caseOf]) => caseOf(seed)), faulty: 0 }),
  (one) => {
    for (const [i, [, faultOf]] of kinds.entries()) {
      one.faulty = i;
      const fault = faultOf(one.files[i]);
      if (fault !== undefined) return fault;
    }
    return undefined;
  },
  ({ files, faulty }) => files[faulty].bytes,
);
