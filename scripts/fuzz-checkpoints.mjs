/**
 * Mutated checkpoints: each is refused as a PathexError, or read right, and no other file is touched. Needs a
 * build (npm run setup).
 * Usage: node scripts/fuzz-checkpoints.mjs [count, default 20000] [first seed, default 0]
 */
import { loadCheckpoint, saveCheckpoint } from '../dist/train/checkpoint.js';
import { canonical, sha256 } from '../dist/source/digest.js';
import { checkpointFuzzer } from './fuzz/checkpoints.mjs';

const [count = 20_000, first = 0] = process.argv.slice(2).map(Number);
if (![count, first].every((n) => Number.isSafeInteger(n) && n >= 0)) {
  console.error('usage: node scripts/fuzz-checkpoints.mjs [count] [first seed]');
  process.exit(2);
}
const fuzzer = await checkpointFuzzer({ loadCheckpoint, saveCheckpoint, canonical, sha256 });
let findings = 0;
try {
  for (let seed = first; seed < first + count; seed++) {
    const fault = await fuzzer.faultOf(seed);
    if (fault === undefined) continue;
    findings++;
    console.log(`seed ${seed}: ${fault}`);
  }
} finally {
  await fuzzer.close();
}
console.log(`checkpoints: ${count} cases, ${findings} findings`);
process.exitCode = findings === 0 ? 0 : 1;
