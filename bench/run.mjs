import { writeFile } from 'node:fs/promises';
import { option } from './lib.mjs';

/**
 * npm run bench [-- step|px|epilogues|methods|language|profile|bits|memory|sparse] [--device cpu|cuda] [--precision
 * strict|tf32|bf16] [--batch N] [--turns N]
 *   [--threads N] [--no-epilogues] [--streams measured|one|two] [--modes eager,compile,graphs] [--json FILE]
 *
 * --precision is of the cuda device and its peers, --no-epilogues of that device (convolutions leave the step
 * after them alone), --streams too (gradients of weights beside the other steps or not), --modes of the peers
 * alone, --threads of the cpu device; what sparse takes besides stands in sparse.mjs. --json writes what was measured.
 */
const questions = {
  step: './resnet20-step.mjs',
  px: './px-round.mjs',
  epilogues: './epilogues.mjs',
  methods: './methods.mjs',
  language: './language.mjs',
  profile: './profile.mjs',
  bits: './bits.mjs',
  memory: './memory.mjs',
  sparse: './sparse.mjs',
};
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('--');
if (named && questions[first] === undefined) {
  console.error(`bench: no benchmark '${first}'; choose ${Object.keys(questions).join(', ')}`);
  process.exit(2);
}
const args = named ? rest : process.argv.slice(2);
const results = {};
try {
  for (const name of named ? [first] : ['step', 'px']) {
    const { run } = await import(questions[name]);
    results[name] = await run(args);
  }
} catch (error) {
  console.error(error.code === undefined ? error : `bench: ${error.message}`); // what a user can cause is one line
  process.exit(1);
}
const file = option(args, 'json');
if (file !== undefined) await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
if (Object.values(results).some((r) => r?.failed === true)) process.exitCode = 1;
