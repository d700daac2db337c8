/** Mutated safetensors files: each is refused in one line, or read right. Needs a build (npm run setup). */
import { decode, encode } from '../dist/weights/safetensors.js';
import { runFuzzer } from './fuzz/run.mjs';
import { faultOfSafetensors, safetensorsCase } from './fuzz/safetensors.mjs';

runFuzzer(
  'safetensors',
  'safetensors',
  safetensorsCase,
  (one) => faultOfSafetensors(one, { decode, encode }),
  ({ bytes }) => bytes,
);
