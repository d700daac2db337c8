import { Command, InvalidArgumentError } from 'commander';
import { compile, PASSES } from '../compile/compile.js';
import { emitCuda } from '../compile/cuda/emit.js';
import { printPlan } from '../compile/print-plan.js';
import { STORAGE_CHOICES, TARGETS, type StorageChoice, type Target } from '../compile/target.js';
import { fail } from '../errors.js';
import { modelOf, MODEL_NAMES } from '../models/models.js';
import { didYouMean, showValue } from '../options.js';
import type { Program } from '../program/program.js';
import { criterionOf, isMethod, METHODS } from '../prune/methods.js';
import { roundPrograms } from '../prune/programs.js';
import { evaluateStep, trainStep } from '../train/programs.js';
import { log, positiveInteger } from './common.js';

/** Programs are compiled for CIFAR-10's shapes; no data are read. */
const cifar = {
  name: 'CIFAR-10',
  synthetic: false,
  source: '',
  height: 32,
  width: 32,
  channels: 3,
  classes: 10,
  classNames: [],
  mean: [0.491, 0.482, 0.447],
  std: [0.247, 0.243, 0.262],
};
const empty = { images: new Uint8Array(0), labels: new Int32Array(0), count: 50_000 };

/** A word of the command line that is none of those known; all are listed, the nearest first. */
const refuse = (flag: string, given: string, known: readonly string[]): never =>
  fail(
    'OPTION',
    `plan: ${flag} ${showValue(given)} is unknown${didYouMean(given, known)}; choose ${known.join(', ')}`,
  );

const programsOf = (of: string, network: string, batch: number): readonly Program[] => {
  const net = modelOf(network, cifar);
  const data = { ...cifar, train: empty, test: empty };
  if (of === 'train') return [trainStep(net, data, { split: 'train', count: empty.count }, batch)];
  if (of === 'evaluate') return [evaluateStep(net, data, { split: 'test', count: empty.count }, batch)];
  if (!isMethod(of)) return refuse('--of', of, ['train', 'evaluate', ...METHODS]);
  const { accumulate, secondPass, select } = roundPrograms(net, criterionOf({ method: of }), batch);
  return [accumulate, secondPass, select].filter((p) => p !== null);
};

const storageOf = (text: string): StorageChoice => {
  const known = STORAGE_CHOICES.find((s) => s === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError('storage must be f32 or bf16.');
};

type TargetName = keyof typeof TARGETS;
const TARGET_NAMES = Object.keys(TARGETS) as TargetName[]; // keys are the type's own: it has no others
const targetNameOf = (text: string): TargetName => {
  const known = TARGET_NAMES.find((name) => name === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`target must be ${TARGET_NAMES.join(' or ')}.`);
};

interface PlanOptions {
  readonly network: string;
  readonly of: string;
  readonly batch: number;
  readonly target?: TargetName;
  readonly dumpAfter?: string;
  readonly dumpCuda?: true;
  readonly storage: StorageChoice;
}

/** Kernels in CUDA C and values of 16 bits are the GPU's, so that asking for them chooses it. */
const targetOf = ({ target, dumpCuda, storage }: PlanOptions): Target => {
  const narrow = storage === 'bf16' ? '--storage bf16' : undefined;
  const forGpu = dumpCuda === true ? '--dump-cuda' : narrow;
  if (target === 'cpu' && forGpu !== undefined)
    fail('OPTION', `plan: --target cpu has no ${forGpu}; leave out one of them`);
  return { ...TARGETS[target ?? (forGpu === undefined ? 'cpu' : 'cuda')], storage };
};

export const planCommand = new Command('plan')
  .description('print what a program compiles to: buffers, steps, register programs')
  .option('-n, --network <name>', `one of ${MODEL_NAMES}`, 'resnet20')
  .option('--of <program>', `train, evaluate, or a method's round: ${METHODS.join(', ')}`, 'train')
  .option('-b, --batch <size>', 'images a run', positiveInteger('batch'), 128)
  .option(
    '--target <device>',
    `what device it is for: ${TARGET_NAMES.join(' or ')}; default: cuda where bf16 or CUDA C is asked for, else cpu`,
    targetNameOf,
  )
  .option(
    '--dump-after <pass>',
    `print what a pass leaves instead, a graph, steps to be or a plan: ${PASSES.map((p) => `${p.name} (${p.doc})`).join(', ')}`,
  )
  .option(
    '--storage <type>',
    `what training and evaluation keep activations as: ${STORAGE_CHOICES.join(' or ')} (cuda only)`,
    storageOf,
    'f32',
  )
  .option('--dump-cuda', 'print the CUDA C of its kernels instead, as the cuda device compiles it')
  .action((o: PlanOptions) => {
    const after = o.dumpAfter;
    if (after !== undefined && o.dumpCuda)
      fail('OPTION', 'plan: --dump-after and --dump-cuda each print something else; give one of them');
    if (after !== undefined && !PASSES.some((p) => p.name === after))
      refuse(
        '--dump-after',
        after,
        PASSES.map((p) => p.name),
      );
    for (const p of programsOf(o.of, o.network, o.batch)) {
      const plan = compile(p, targetOf(o), after === undefined ? {} : { dump: { after, print: log } });
      if (after === undefined) log(o.dumpCuda ? emitCuda(plan).source : printPlan(plan));
    }
  });
