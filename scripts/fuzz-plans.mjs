#!/usr/bin/env node
// Makes plans for the cpu device from a seed, every fifth as it should be and the others mutated, and loads
// and runs
// them under AddressSanitizer and UBSan (native/fuzz). Ends with one line, and with 1 if there is a finding.
//   --count N     plans (100000)
//   --seed S      which plans (1)
//   --threads T   of the device (2)
//   --from I      number of the first plan (0); with --count 1 --show 1 a finding is repeated and its plan
// printed
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'build', 'fuzz');
const stop = (line) => {
  console.error(`fuzz-plans: ${line}`);
  process.exit(2);
};

const natural = (name, text) =>
  /^\d{1,15}$/.test(text) ? Number(text) : stop(`--${name} is '${text}'; give a natural number`);
const given = () => {
  try {
    const { values } = parseArgs({
      options: {
        count: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        threads: { type: 'string', default: '2' },
        from: { type: 'string', default: '0' },
        show: { type: 'string', default: '0' },
      },
    });
    return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, natural(name, text)]));
  } catch (error) {
    return stop(error.message);
  }
};

const run = (command, args) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0)
    stop(`${command} ${args.join(' ')}: ${error?.message ?? `ended with ${status}`}\n${stdout}${stderr}`);
};

const { count, seed, threads, from, show } = given();
console.log('fuzz-plans: building with sanitisers; the first time takes some minutes');
run('cmake', ['-S', '.', '-B', folder, '-DPATHEX_FUZZ=ON', '-DCMAKE_BUILD_TYPE=Release']);
run('cmake', ['--build', folder, '--target', 'pathex_fuzz_plans', '--parallel']);

/** Runs plans until the end or a finding; the number of the plan that was found. */
const fuzz = (first, plans, totals) =>
  new Promise((resolve) => {
    const flags = { '--from': first, '--count': plans, '--seed': seed, '--threads': threads, '--show': show };
    const args = Object.entries(flags).flatMap(([name, value]) => [name, String(value)]);
    // idle threads sleep: on a busy machine they would take the others' time
    const env = { OMP_WAIT_POLICY: 'passive', ...process.env };
    const child = spawn(join(folder, 'pathex_fuzz_plans'), args, {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let found;
    let last = [0, 0, 0, 0, 0];
    createInterface({ input: child.stdout }).on('line', (line) => {
      const finding = /^finding: plan (\d+)/.exec(line);
      if (finding) found = Number(finding[1]);
      if (line.startsWith('progress ')) last = line.split(' ').slice(1).map(Number);
      else if (line !== '') console.log(line);
    });
    child.on('close', (code) => {
      last.forEach((n, i) => (totals[i] += n));
      if (code !== 0 && found === undefined) stop(`the fuzzer ended with ${code} and named no plan`);
      resolve(found);
    });
  });

const totals = [0, 0, 0, 0, 0];
let findings = 0;
for (let first = from; first < from + count;) {
  const found = await fuzz(first, from + count - first, totals);
  if (found === undefined) break;
  findings += 1;
  first = found + 1;
}
const [plans, accepted, refused, valid, ended] = totals;
console.log(`fuzz-plans: ${valid} plans were left as they should be; ${ended} runs came to their end`);
console.log(`${plans} plans, ${accepted} accepted, ${refused} refused, ${findings} findings`);
process.exit(findings === 0 ? 0 : 1);
