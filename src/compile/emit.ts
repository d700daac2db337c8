import { PLAN_VERSION, type Step } from '../plan/plan.js';
import { stateName } from './bind.js';
import { buffersOf } from './buffers.js';
import { callSteps, copyAll, productStep } from './call-steps.js';
import { fusedStep } from './fused-step.js';
import { narrowSteps } from './narrow-steps.js';
import type { Pass } from './pass.js';
import type { Emitted, Narrowed, Unit } from './stages.js';

/** Units become steps on numbered buffers. */
const emit = (from: Narrowed): Emitted => {
  const { program, fusion, binding, narrowing, scheduled, target } = from;
  const buffers = buffersOf(from);
  const narrow = narrowSteps(narrowing, fusion.storageOf, buffers);
  const unitSteps = (unit: Unit): readonly Step[] => {
    if (unit.kind === 'fused') return [fusedStep(unit, fusion, buffers.of)];
    const { node } = unit;
    if (narrowing.products.has(node)) return narrow(node, productStep(node, buffers.of(node)));
    const inputs = node.inputs.map((i) => buffers.of(fusion.storageOf(i)));
    return callSteps(node, inputs, buffers.of(node));
  };
  // A state that becomes another state is read before anything is written.
  const copies = binding.copies.map((c) => ({
    ...c,
    held: stateName(c.from) === undefined ? undefined : buffers.add(c.from),
  }));
  const steps = [
    ...copies.flatMap(({ from: value, held }) =>
      held === undefined ? [] : [copyAll(buffers.of(value), held, value)],
    ),
    ...scheduled.flatMap(unitSteps),
    ...copies.map(({ from: value, to, held }) =>
      copyAll(held ?? buffers.of(value), buffers.ofResult(to), value),
    ),
  ];
  return {
    target,
    plan: {
      format: 'pathex-plan',
      version: PLAN_VERSION,
      name: program.name,
      arenaBytes: 0,
      ...buffers.parts(),
      steps,
    },
  };
};

export const emitPass: Pass<Narrowed, Emitted> = {
  name: 'emit',
  doc: 'steps on numbered buffers, which have no place yet',
  run: emit,
};
