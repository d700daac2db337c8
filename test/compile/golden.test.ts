import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { printPlan } from '../../src/compile/print-plan.js';
import { TARGETS } from '../../src/compile/target.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';
import { cifar10 } from './cifar10.js';

/** A refactor must not change these plans by accident; `vitest -u` records a change that is meant. */
const net = resnetCifar({ depth: 20 });
const train = trainStep(net, cifar10, { split: 'train', count: 50000 }, 128);
const rounds = roundPrograms(net, px(), 100);

test.each([
  ['resnet20-train', train],
  ['resnet20-evaluate', evaluateStep(net, cifar10, { split: 'test', count: 10000 }, 250)],
  ['resnet20-px-accumulate', rounds.accumulate!],
  ['resnet20-px-select', rounds.select],
])('plan of %s', async (name, p) => {
  await expect(`${printPlan(compile(p, TARGETS.cuda))}\n`).toMatchFileSnapshot(`golden/${name}.plan`);
});

const reduced = compile(train, { ...TARGETS.cuda, storage: 'bf16' });
test('plan of resnet20-train-bf16', async () => {
  await expect(`${printPlan(reduced)}\n`).toMatchFileSnapshot('golden/resnet20-train-bf16.plan');
});

/**
 * The CUDA sources of the same programs by their hashes; what one kernel of each kind looks like stands in
 * test/cuda/kernels.test.ts. To see what a change does to them, write them before and after it, and accept it
 * with `vitest -u`.
 */
const folder = process.env['PATHEX_WRITE_SOURCES'];
const changed =
  'a CUDA source is not what it was. To read the difference, run\n' +
  '  PATHEX_WRITE_SOURCES=/tmp/after npx vitest run test/compile/golden.test.ts\n' +
  'here, the same with /tmp/before in a checkout of the commit before, and diff -r /tmp/before /tmp/after.\n' +
  'To accept it, run npx vitest run test/compile/golden.test.ts -u';

test('CUDA sources of whole programs', () => {
  const plans = {
    'resnet20-train': compile(train, TARGETS.cuda),
    'resnet20-train-bf16': reduced,
    'resnet20-px-select': compile(rounds.select, TARGETS.cuda),
  };
  const hashes = Object.entries(plans).map(([name, plan]) => {
    const { source } = emitCuda(plan);
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${name}.cu`), source);
    }
    return [name, createHash('sha256').update(source).digest('hex').slice(0, 16)] as const;
  });
  expect(Object.fromEntries(hashes), changed).toMatchInlineSnapshot(`
    {
      "resnet20-px-select": "bfcb419fc5c130e6",
      "resnet20-train": "7321e071aa156dff",
      "resnet20-train-bf16": "f33271d12d448788",
    }
  `);
});
