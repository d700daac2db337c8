import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The longest that one case may take, in milliseconds: far above what any needs, far below a loop without
 * end.
 */
const PATIENCE = 5000;

/**
 * `node scripts/fuzz-<name>.mjs [count] [first seed]`: cases of consecutive seeds. `caseOf(seed)` makes one,
 * `faultOf` says what is wrong with how it is taken, `bytesOf` is what a file of it holds. Ends with code 1
 * at the first finding, whose file is kept.
 */
export const runFuzzer = (name, extension, caseOf, faultOf, bytesOf) => {
  const [count = 20_000, first = 0] = process.argv.slice(2).map(Number);
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(first) || first < 0) {
    console.error(`usage: node scripts/fuzz-${name}.mjs [count] [first seed]`);
    process.exit(2);
  }
  for (let seed = first; seed < first + count; seed++) {
    const one = caseOf(seed);
    const start = performance.now();
    const fault = faultOf(one);
    const took = performance.now() - start;
    const finding = fault ?? (took > PATIENCE ? `it took ${Math.round(took)} ms` : undefined);
    if (finding === undefined) continue;
    const file = join(tmpdir(), `pathex-fuzz-${name}-${seed}.${extension}`);
    writeFileSync(file, bytesOf(one));
    console.error(
      `seed ${seed}: ${finding}\nthe file is kept as ${file}; repeat with: node scripts/fuzz-${name}.mjs 1 ${seed}`,
    );
    process.exit(1);
  }
  console.log(`${count} cases, 0 findings`);
};
