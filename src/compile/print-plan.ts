import type { Epilogue, Plan, Step } from '../plan/plan.js';

/**
 * The printed plan: buffers with their place, then one step a line. Golden files and `pathex plan` show it.
 */
export const printPlan = (plan: Plan): string => {
  const slotNames = new Map([...plan.state, ...plan.inputs, ...plan.outputs].map((s) => [s.buffer, s.name]));
  const buffer = (id: number): string => {
    const { place } = plan.buffers[id]!;
    if (place.in === 'arena') return `b${id}`;
    return place.in === 'constant' ? `c${id}` : `${place.in} '${slotNames.get(id) ?? place.at}'`;
  };
  const arena = plan.buffers.flatMap((b, i) =>
    b.place.in === 'arena' ? [`  b${i}: ${b.dtype}[${b.shape.join(', ')}] at ${b.place.at}`] : [],
  );
  return [
    `plan '${plan.name}' version ${plan.version}: ${plan.steps.length} steps, ${plan.arenaBytes} arena bytes`,
    ...plan.state.map(
      (s) =>
        `  state ${plan.buffers[s.buffer]!.dtype}[${plan.buffers[s.buffer]!.shape.join(', ')}] ${s.name}`,
    ),
    ...plan.inputs.map(
      (s) =>
        `  input ${plan.buffers[s.buffer]!.dtype}[${plan.buffers[s.buffer]!.shape.join(', ')}] ${s.name}`,
    ),
    ...plan.outputs.map(
      (s) =>
        `  output ${plan.buffers[s.buffer]!.dtype}[${plan.buffers[s.buffer]!.shape.join(', ')}] ${s.name}`,
    ),
    ...arena,
    ...plan.steps.map((s) => printStep(s, buffer)),
  ].join('\n');
};

const printEpilogue = (epilogue: Epilogue, buffer: (id: number) => string): string => {
  if (epilogue.kind === 'sums') return `epilogue=sums(${buffer(epilogue.sum)} ${buffer(epilogue.squares)})`;
  return `epilogue=map(${epilogue.spreads.join(' ')})${epilogue.keepsResult ? ' keepsResult' : ''}`;
};

const printStep = (step: Step, buffer: (id: number) => string): string => {
  if (step.kind === 'call') {
    const attributes = Object.entries(step.attributes as Record<string, unknown>).map(
      ([k, v]) => `${k}=${Array.isArray(v) ? `[${v.join(' ')}]` : String(v)}`,
    );
    const { epilogue } = step;
    return `${step.name}: ${step.outputs.map(buffer).join(', ')} = ${step.kernel}(${step.inputs.map(buffer).join(', ')}) ${attributes.join(' ')}${epilogue === undefined ? '' : ` ${printEpilogue(epilogue, buffer)}`}`;
  }
  const loads = step.loads.map((l, i) => `r${i}=${buffer(l.buffer)}<${l.strides.join(' ')}>`);
  const code = step.code.map(
    (c, i) =>
      `r${step.loads.length + i}=${c.op}(${c.value === undefined ? c.args.map((a) => `r${a}`).join(' ') : c.value})`,
  );
  const writes = [
    ...step.stores.map((s) => `${buffer(s.buffer)}=r${s.register}`),
    ...step.reductions.map((r) => `${buffer(r.buffer)}=${r.op}.${r.keep} r${r.register}`),
  ];
  return `${step.name}: [${step.domain.join(' ')}] ${[...loads, ...code].join(' ')} -> ${writes.join(', ')}`;
};
