import { expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.js';
import { emitCuda } from '../../src/compile/cuda/emit.js';
import { printPlan } from '../../src/compile/print-plan.js';
import { TARGETS } from '../../src/compile/target.js';
import type { Dataset } from '../../src/source/dataset.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { px } from '../../src/prune/criteria/px.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { evaluateStep, trainStep } from '../../src/train/programs.js';

/** A refactor must not change these plans by accident; `vitest -u` records a change that is meant. */
const data = {
  name: 'CIFAR-10',
  height: 32,
  width: 32,
  channels: 3,
  classes: 10,
  mean: [0.491, 0.482, 0.447],
  std: [0.247, 0.243, 0.262],
} as unknown as Dataset;
const net = resnetCifar({ depth: 20 });
const rounds = roundPrograms(net, px(), 100);

test.each([
  ['resnet20-train', trainStep(net, data, { split: 'train', count: 50000 }, 128)],
  ['resnet20-evaluate', evaluateStep(net, data, { split: 'test', count: 10000 }, 250)],
  ['resnet20-px-accumulate', rounds.accumulate!],
  ['resnet20-px-select', rounds.select],
])('plan of %s', async (name, p) => {
  await expect(`${printPlan(compile(p, TARGETS.cuda))}\n`).toMatchFileSnapshot(`golden/${name}.plan`);
});

const reduced = compile(trainStep(net, data, { split: 'train', count: 50000 }, 128), {
  ...TARGETS.cuda,
  storage: 'bf16',
});
test('plan of resnet20-train-bf16', async () => {
  await expect(`${printPlan(reduced)}\n`).toMatchFileSnapshot('golden/resnet20-train-bf16.plan');
});
test('CUDA C of resnet20-train-bf16', async () => {
  await expect(emitCuda(reduced).source).toMatchFileSnapshot('golden/resnet20-train-bf16.cu');
});

test.each([
  ['resnet20-train', trainStep(net, data, { split: 'train', count: 50000 }, 128)],
  ['resnet20-px-select', rounds.select],
])('CUDA C of %s', async (name, p) => {
  await expect(emitCuda(compile(p, TARGETS.cuda)).source).toMatchFileSnapshot(`golden/${name}.cu`);
});
