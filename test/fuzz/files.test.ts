import { describe, expect, it } from 'vitest';
import { faultOfGraph, graphCases, soundGraphs } from '../../scripts/fuzz/graphs.mjs';
import {
  compactApi,
  compactCase,
  faultOfCompactFile,
  faultOfSafetensors,
  safetensorsCase,
} from '../../scripts/fuzz/safetensors.mjs';
import * as api from '../../src/index.js';
import { decode, encode } from '../../src/weights/safetensors.js';
import { decodeWeights, encodeWeights } from '../../src/weights/state-dict.js';

/**
 * A few of the cases of scripts/fuzz-safetensors.mjs and scripts/fuzz-graphs.mjs, and those that once found
 * something.
 */

describe('mutated files are refused in one line, or read right', () => {
  it('safetensors', () => {
    const found = [49]; // a byte order mark before the header
    for (const seed of [...found, ...Array.from({ length: 1500 }, (_, i) => 200_000 + i)])
      expect({ seed, fault: faultOfSafetensors(safetensorsCase(seed), { decode, encode }) }).toEqual({
        seed,
      });
  });
  it('compact weights files', () => {
    const compact = compactApi({ ...api, decode, encode, decodeWeights, encodeWeights });
    for (const seed of Array.from({ length: 1000 }, (_, i) => 200_000 + i))
      expect({ seed, fault: faultOfCompactFile(compactCase(seed, compact), compact) }).toEqual({ seed });
  });
  it('graphs', () => {
    const caseOf = graphCases(soundGraphs(api), Object.keys(api.ops));
    const found = [18_508]; // 1e400, which JSON reads as Infinity
    for (const seed of [...found, ...Array.from({ length: 1000 }, (_, i) => 200_000 + i)])
      expect({ seed, fault: faultOfGraph(caseOf(seed), api) }).toEqual({ seed });
  });
});
