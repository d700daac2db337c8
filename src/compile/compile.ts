import {
  callback,
  checkOptions,
  checkValue,
  flag,
  needed,
  optionsOf,
  programKind,
  wordOf,
  type KindsOf,
} from '../kinds.js';
import type { Plan } from '../plan/plan.js';
import { rootsOf, type Program } from '../program/program.js';
import { bindPass } from './bind.js';
import { densePass } from './dense.js';
import { emitPass } from './emit.js';
import { GRAPH, STEPS, PLACED, SCHEDULED, UNITS } from './forms.js';
import { epiloguesPass } from './epilogues.js';
import { fusePass } from './fuse.js';
import { pipeline, type Pass } from './pass.js';
import { placePass } from './place.js';
import { schedulePass } from './schedule.js';
import { sharePass, simplifyPass, splitReductionsPass } from './simplify.js';
import type { Graph } from './stages.js';
import { narrowPass } from './storage.js';
import { TARGET, wholeTarget, type Target } from './target.js';

const readPass: Pass<Omit<Graph, 'roots'>, Graph> = {
  name: 'read',
  doc: 'the graph as the program has it',
  run: (from) => ({ ...from, roots: rootsOf(from.program) }),
};

/** Everything that is done to a program, in order. */
const PIPELINE = pipeline<Omit<Graph, 'roots'>>()
  .with(readPass, GRAPH)
  .with(densePass, GRAPH)
  .with(simplifyPass, GRAPH)
  .with(splitReductionsPass, GRAPH)
  .with(sharePass, GRAPH)
  .with(fusePass, UNITS)
  .with(bindPass, UNITS)
  .with(schedulePass, SCHEDULED)
  .with(narrowPass, SCHEDULED)
  .with(emitPass, STEPS)
  .with(placePass, PLACED)
  .with(epiloguesPass, PLACED);

export const PASSES: readonly Pass[] = PIPELINE.passes;

export interface CompileOptions {
  /** Verify what every pass leaves. Default false. */
  readonly checked?: boolean;
  /** Receives what the named pass leaves, printed: a graph, its steps to be, or the plan so far. */
  readonly dump?: { readonly after: string; readonly print: (text: string) => void };
}

const COMPILE_OPTIONS: KindsOf<CompileOptions> = {
  checked: flag,
  dump: optionsOf<NonNullable<CompileOptions['dump']>>({
    after: needed(wordOf(...PASSES.map((p) => p.name))),
    print: needed(callback),
  }),
};

/**
 * Compiles a program to its plan for a target, one of `TARGETS` or a value of its own; what it leaves out is
 * as the cpu device has it. Throws OPTION for a target or options that it does not know.
 */
export const compile = (
  program: Program,
  target: Partial<Target> = {},
  options: CompileOptions = {},
): Plan => {
  checkValue('compile: program', program, programKind);
  checkOptions('compile: target', target, TARGET);
  checkOptions('compile', options, COMPILE_OPTIONS);
  const { checked = false, dump } = options;
  const { plan } = PIPELINE.run({ program, target: wholeTarget(target) }, ({ name }, made) => {
    if (checked) made.check();
    if (dump?.after === name) dump.print(made.show());
  });
  return plan;
};
