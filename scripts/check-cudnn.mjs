#!/usr/bin/env node
// What cuDNN would do for our plans on an H200, asked on a machine without one: the code that plans for a
// real GPU is
// given the description of one (test/cuda/h200.json). It says which kernels there are, never how fast they
// run.
//   node scripts/check-cudnn.mjs                     tables for ResNet-20's training step, evaluation and PX
// round
//   node scripts/check-cudnn.mjs --network NAME      the same for another network
//   node scripts/check-cudnn.mjs ask ARGUMENTS...    one question to test/cuda/ask.cc, a plan on the standard
// input
//   node scripts/check-cudnn.mjs ask products        our use of cuBLASLt; needs nothing of NVIDIA's
//   node scripts/check-cudnn.mjs ask timer           our timer of candidates on a stand-in for the driver
//   node scripts/check-cudnn.mjs ask libraries       what is found here, or why not
//   --install                                        downloads NVIDIA's wheels first if need be (a gigabyte)
// Ends with 3 and the reason where the wheels are missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, env, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureCudaWheels, findCudaWheels } from './cuda-wheels.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const stop = (code, line) => {
  console.error(`check-cudnn: ${line}`);
  exit(code);
};

const run = (command, args, options = {}) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (error) stop(1, `${command}: ${error.message}`);
  return { status, stdout: stdout ?? '', stderr: stderr ?? '' };
};

const build = () => {
  if (!existsSync(at('build', 'CMakeCache.txt'))) stop(1, 'nothing is built yet; run npm run setup first');
  const { status, stdout, stderr } = run('cmake', [
    '--build',
    'build',
    '--target',
    'pathex_cuda_ask',
    '--parallel',
    '2',
  ]);
  if (status !== 0) stop(1, `building the questions failed:\n${stdout}${stderr}`);
};

const environment = (wheels) => ({
  ...env,
  PATHEX_CUDA_LIBRARIES: [env.PATHEX_CUDA_LIBRARIES, ...wheels.libraries].filter(Boolean).join(':'),
  LD_LIBRARY_PATH: [at('build', 'cuda-ask', 'driver'), env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
});
const ask = (wheels, args, plan) =>
  run(at('build', 'cuda-ask', 'pathex_cuda_ask'), args, {
    env: environment(wheels),
    ...(plan === undefined ? { stdio: ['inherit', 'pipe', 'pipe'] } : { input: plan }),
  });

const rowsOf = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
const table = (head, rows) => {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => (r[i] ?? '').length)));
  for (const row of [head, ...rows])
    console.log(
      row
        .map((c, i) => c.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
};

const planOf = (network, of, ...more) => {
  const { status, stdout, stderr } = run(process.execPath, [
    at('dist', 'cli', 'main.js'),
    'plan',
    '--network',
    network,
    '--of',
    of,
    ...more,
  ]);
  return status === 0 ? stdout : stop(1, stderr.trim());
};

const tables = (wheels, network) => {
  let failed = 0;
  const show = (what, precision, repeatable, plan, head) => {
    const { status, stdout, stderr } = ask(
      wheels,
      [at('test', 'cuda', 'h200.json'), what, precision, repeatable],
      plan,
    );
    const [[, version] = [], ...rows] = rowsOf(stdout);
    console.log(`\n${what}, ${precision}, ${repeatable}: cuDNN ${version ?? '?'}, H200`);
    table(
      head,
      rows.map((r) => r.slice(1)),
    );
    if (status !== 0) failed += (console.log(stderr.trim()), 1);
  };
  const [train, round] = [planOf(network, 'train'), planOf(network, 'px')];
  const select = round.slice(round.indexOf("plan 'px/select'"));
  for (const precision of ['strict', 'tf32'])
    for (const repeatable of ['deterministic', 'any'])
      show('kernels', precision, repeatable, `${train}\n${round}`, [
        'convolution',
        'listed',
        'chosen',
        'notes',
        'workspace',
        'ms to plan',
      ]);
  const narrow = planOf(network, 'train', '--storage', 'bf16');
  for (const repeatable of ['deterministic', 'any'])
    show('kernels', 'bf16', repeatable, narrow, [
      'convolution',
      'listed',
      'chosen',
      'notes',
      'workspace',
      'ms to plan',
    ]);
  // What follows compiles.
  const pairs = ['convolution', 'the step after it', 'permitted', 'engine', 'workspace', 'note'];
  for (const [precision, plan] of [
    ['tf32', train],
    ['bf16', narrow],
  ])
    for (const repeatable of ['deterministic', 'any']) show('pairs', precision, repeatable, plan, pairs);
  for (const precision of ['tf32', 'bf16'])
    show(
      'pairs',
      precision,
      'deterministic',
      planOf(network, 'evaluate', ...(precision === 'bf16' ? ['--storage', 'bf16'] : [])),
      pairs,
    );
  for (const precision of ['tf32', 'strict']) show('pairs', precision, 'deterministic', select, pairs);
  exit(failed === 0 ? 0 : 1);
};

const args = argv.slice(2).filter((a) => a !== '--install');
const found = argv.includes('--install') ? ensureCudaWheels() : findCudaWheels();
const wheels =
  found === null && ['products', 'libraries', 'timer'].includes(args[1]) ? { libraries: [] } : found;
if (wheels === null) stop(3, "NVIDIA's wheels are missing; node scripts/cuda-wheels.mjs installs them");
if ('reason' in wheels) stop(3, wheels.reason);
build();
if (args[0] === 'ask') {
  const { status, stdout, stderr } = ask(wheels, args.slice(1));
  console.log(stdout.replace(/\n$/, ''));
  if (status !== 0) console.error(stderr.trim());
  exit(status ?? 1);
}
tables(wheels, args[0] === '--network' ? (args[1] ?? stop(2, '--network: give a name')) : 'resnet20');
