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
import { check } from '../graph/check.js';
import { print } from '../graph/print.js';
import { leaves, nameOf, type Roots } from '../graph/graph.js';
import { fail } from '../errors.js';
import { rootsOf, type Program } from '../program/program.js';
import { size, type Shape, type Tensor } from '../tensor/tensor.js';
import { fuse, loweringOf, type Fusion, type Unit } from './fuse.js';
import { fusedStep } from './fused-step.js';
import { placeBuffers, type Lifetime } from './memory.js';
import { momentsAt } from './moments.js';
import { schedule } from './schedule.js';
import { narrowSteps } from './narrow-steps.js';
import {
  isWeightGradientStep,
  PLAN_VERSION,
  readsOf,
  writesOf,
  type CallStep,
  type Plan,
  type PlanBuffer,
  type Step,
} from '../plan/plan.js';
import { simplify, splitReductions } from './simplify.js';
import { chooseNarrow, NOTHING_NARROW, type Narrowing } from './storage.js';
import { TARGET, wholeTarget, type SideStream, type Target } from './target.js';

/** A pass rewrites the program's roots and keeps their number, types and order. */
export interface Pass {
  readonly name: string;
  readonly doc: string;
  readonly run: (roots: Roots) => readonly Tensor[];
}

export const PASSES: readonly Pass[] = [
  { name: 'simplify', doc: 'algebra and sharing of equal nodes', run: simplify },
  { name: 'split-reductions', doc: 'one run of axes for each reduction', run: splitReductions },
  { name: 'share', doc: 'sharing again, over what the passes before made equal', run: simplify },
];

export interface CompileOptions {
  /** Verify the graph after every pass. Default false. */
  readonly checked?: boolean;
  /** Receives the printed graph after the named pass. */
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
 * Compiles a program to its plan for a target, one of `TARGETS` or a value of its own; what it leaves out is as the cpu device has it.
 * Throws OPTION for a target or options that it does not know.
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
  const run = (roots: Roots, pass: Pass): Roots => {
    const next = pass.run(roots);
    if (checked) check(next, pass.name);
    if (dump?.after === pass.name) dump.print(print(next));
    return next;
  };
  const roots = PASSES.reduce(run, rootsOf(program));
  return lower(program, roots, wholeTarget(target));
};

/** Where a value is kept, by its storage node. `write` of a state or output is the step that computes its value, or a copy. */
interface Targets {
  /** Storage node -> state whose next value is computed in place. */
  readonly inPlace: ReadonlyMap<Tensor, string>;
  readonly direct: ReadonlyMap<Tensor, string>;
  readonly copies: readonly {
    readonly from: Tensor;
    readonly to: { readonly state: string } | { readonly output: string };
  }[];
}

const lower = (program: Program, roots: Roots, target: Target): Plan => {
  const outputNames = Object.keys(program.outputs);
  const nextNames = Object.keys(program.next);
  const outputs = outputNames.map((name, i) => [name, roots[i]!] as const);
  const next = nextNames.map((name, i) => [name, roots[outputNames.length + i]!] as const);
  const fusion = fuse(roots);
  const before = new Map([...fusion.before].map(([u, s]) => [u, new Set(s)]));
  const targets = chooseTargets(fusion, before, outputs, next);
  const scheduled = schedule(fusion.units, before);
  const copied = new Set(targets.copies.map((c) => c.from));
  const narrowing =
    target.storage === 'f32' || !program.narrowable
      ? NOTHING_NARROW
      : chooseNarrow(fusion, (s) => copied.has(s) || targets.inPlace.has(s) || targets.direct.has(s));
  return emit(program, fusion, scheduled, targets, leaves(roots, 'state'), narrowing, target);
};

/** The units that load or take each state, by its name; `full` where they only load it element by element. */
const readersOf = ({
  units,
  storageOf,
  expression,
}: Fusion): ReadonlyMap<string, ReadonlyMap<Unit, { readonly full: boolean }>> => {
  const readers = new Map<string, Map<Unit, { readonly full: boolean }>>();
  const read = (unit: Unit, storage: Tensor, full: boolean): void => {
    if (storage.op !== 'state') return;
    const known = readers.get(nameOf(storage)) ?? new Map<Unit, { readonly full: boolean }>();
    known.set(unit, { full: full && (known.get(unit)?.full ?? true) });
    readers.set(nameOf(storage), known);
  };
  for (const unit of units) {
    if (unit.kind === 'call') for (const input of unit.node.inputs) read(unit, storageOf(input), false);
    else
      for (const root of unit.roots)
        for (const load of expression(root).loads) read(unit, load.storage, load.full);
  }
  return readers;
};

/**
 * A next state is computed straight into the state's memory when every other reader of the old value can run before, and the step
 * itself reads it element by element. Otherwise the value is copied at the end.
 */
const chooseTargets = (
  fusion: Fusion,
  before: Map<Unit, Set<Unit>>,
  outputs: readonly (readonly [string, Tensor])[],
  next: readonly (readonly [string, Tensor])[],
): Targets => {
  const inPlace = new Map<Tensor, string>();
  const direct = new Map<Tensor, string>();
  const copies: { from: Tensor; to: { state: string } | { output: string } }[] = [];
  const readers = readersOf(fusion);
  for (const [name, root] of next) {
    const storage = fusion.storageOf(root);
    if (storage.op === 'state' && nameOf(storage) === name) continue; // unchanged
    const writer = fusion.unitOf.get(storage);
    const its = [...(readers.get(name) ?? [])];
    const fits =
      writer !== undefined &&
      !inPlace.has(storage) &&
      its.every(([unit, { full }]) =>
        unit === writer
          ? full && writer.kind === 'fused' && isElementwiseRoot(storage)
          : !fusion.order.follows(unit, writer),
      );
    if (fits) {
      inPlace.set(storage, name);
      for (const [unit] of its) {
        if (unit === writer) continue;
        before.get(writer)!.add(unit);
        fusion.order.connect(writer, unit);
      }
    } else copies.push({ from: storage, to: { state: name } });
  }
  for (const [name, root] of outputs) {
    const storage = fusion.storageOf(root);
    if (fusion.unitOf.has(storage) && !inPlace.has(storage) && !direct.has(storage))
      direct.set(storage, name);
    else copies.push({ from: storage, to: { output: name } });
  }
  return { inPlace, direct, copies };
};

const isElementwiseRoot = (t: Tensor): boolean => loweringOf(t).kind !== 'reduce';

const BYTES = { f32: 4, bf16: 2, i32: 4, u8: 1 } as const;
type Stored = Pick<PlanBuffer, 'dtype' | 'shape'>;
const bytes = ({ dtype, shape }: Stored): number => size(shape) * BYTES[dtype];

const emit = (
  program: Program,
  fusion: Fusion,
  scheduled: readonly Unit[],
  targets: Targets,
  stateLeaves: readonly Tensor[],
  narrowing: Narrowing,
  target: Target,
): Plan => {
  const buffers: { type: Stored; place: PlanBuffer['place'] | null }[] = [];
  const ids = new Map<Tensor, number>();
  const state = [...program.state];
  const inputs = [...program.inputs];
  const outputNames = Object.keys(program.outputs);
  const slotsOf = (names: Iterable<string>): ReadonlyMap<string, number> =>
    new Map([...names].map((name, i) => [name, i]));
  const stateSlots = slotsOf(program.state.keys());
  const inputSlots = slotsOf(program.inputs.keys());
  const outputSlots = slotsOf(outputNames);

  const add = (type: Stored, place: PlanBuffer['place'] | null): number => buffers.push({ type, place }) - 1;
  const stateBuffers = state.map(([, leaf], i) => {
    const id = add(leaf, { in: 'state', at: i });
    ids.set(leaf, id);
    return id;
  });
  for (const leaf of stateLeaves) {
    const at = stateSlots.get(nameOf(leaf));
    if (at !== undefined) ids.set(leaf, stateBuffers[at]!);
  }
  const inputBuffers = inputs.map(([, leaf], i) => add(leaf, { in: 'input', at: i }));
  const outputBuffers = outputNames.map((name, i) => add(program.outputs[name]!, { in: 'output', at: i }));

  const bufferOf = (storage: Tensor): number => {
    const known = ids.get(storage);
    if (known !== undefined) return known;
    const id = ((): number => {
      if (storage.op === 'input') return inputBuffers[inputSlots.get(nameOf(storage))!]!;
      if (storage.op === 'state') return stateBuffers[stateSlots.get(nameOf(storage))!]!;
      const inPlace = targets.inPlace.get(storage);
      if (inPlace !== undefined) return stateBuffers[stateSlots.get(inPlace)!]!;
      const output = targets.direct.get(storage);
      if (output !== undefined) return outputBuffers[outputSlots.get(output)!]!;
      if (storage.op === 'literal')
        return add(storage, { in: 'constant', data: storage.attributes['data'] as readonly number[] });
      return add(narrowing.kept.has(storage) ? { dtype: 'bf16', shape: storage.shape } : storage, null);
    })();
    ids.set(storage, id);
    return id;
  };

  const copyAll = (from: number, to: number, tensor: Tensor): Step => ({
    kind: 'call',
    name: 'copy',
    kernel: 'copy',
    inputs: [from],
    outputs: [to],
    attributes: { dims: [size(tensor.shape)], srcOffset: 0, srcStrides: [1], dstOffset: 0, dstStrides: [1] },
  });
  const narrow = narrowSteps(narrowing, fusion.storageOf, {
    bufferOf,
    add: (dtype, shape) => add({ dtype, shape }, null),
  });
  const unitSteps = (unit: Unit): readonly Step[] => {
    if (unit.kind === 'fused') return [fusedStep(unit, fusion, bufferOf)];
    return narrowing.products.has(unit.node)
      ? narrow(unit.node, productStep(unit.node, bufferOf(unit.node)))
      : callSteps(unit.node, fusion, bufferOf);
  };
  // A state that becomes another state is read before anything is written.
  const early = targets.copies
    .filter((c) => c.from.op === 'state')
    .map((c) => ({ ...c, held: add(c.from, null) }));
  const steps: Step[] = [
    ...early.map((c) => copyAll(bufferOf(c.from), c.held, c.from)),
    ...scheduled.flatMap(unitSteps),
    ...targets.copies.map((c) => {
      const to =
        'state' in c.to
          ? stateBuffers[stateSlots.get(c.to.state)!]!
          : outputBuffers[outputSlots.get(c.to.output)!]!;
      return copyAll(
        early.find((e) => e.from === c.from && e.to === c.to)?.held ?? bufferOf(c.from),
        to,
        c.from,
      );
    }),
  ];
  const {
    steps: shared,
    lifetimes,
    slotOf,
  } = shareDying(
    steps,
    buffers.map((b) => ({ bytes: bytes(b.type), dtype: b.type.dtype, isArena: b.place === null })),
    target,
  );
  const { offsets, bytes: arenaBytes } = placeBuffers(lifetimes);
  return {
    format: 'pathex-plan',
    version: PLAN_VERSION,
    name: program.name,
    arenaBytes,
    buffers: buffers.map(({ type, place }, id) => ({
      dtype: type.dtype,
      shape: type.shape,
      place: place ?? { in: 'arena', at: offsets.get(slotOf(id)) ?? 0 },
    })),
    state: state.map(([name], i) => ({ name, buffer: stateBuffers[i]! })),
    inputs: inputs.map(([name], i) => ({ name, buffer: inputBuffers[i]! })),
    outputs: outputNames.map((name, i) => ({ name, buffer: outputBuffers[i]! })),
    steps: shared,
  };
};

/** The result of the convolution directly before map `i`, if it reads that. */
const productBefore = (steps: readonly Step[], i: number): number | undefined => {
  const [before, step] = [steps[i - 1], steps[i]!];
  if (before?.kind !== 'call' || !(before.kernel === 'conv2d' || before.kernel === 'conv2dInputGrad'))
    return undefined;
  const reads =
    step.kind === 'fused' &&
    step.reductions.length === 0 &&
    step.loads.some((l) => l.buffer === before.outputs[0]);
  return reads ? before.outputs[0] : undefined;
};

/**
 * Lifetimes of the arena's buffers. A fused step's stored value takes the place of an equally large operand that is read element by
 * element and never again: both then are one slot. A map directly after the convolution that it reads takes the place of that result alone, and
 * what it stores elsewhere has its place while the convolution runs: a device that runs both as one writes while it reads. So have the moments of its
 * result.
 */
const shareDying = (
  steps: readonly Step[],
  buffers: readonly {
    readonly bytes: number;
    readonly dtype: PlanBuffer['dtype'];
    readonly isArena: boolean;
  }[],
  { sideStream, joinsConvolutions }: Target,
): { steps: readonly Step[]; lifetimes: Lifetime[]; slotOf: (id: number) => number } => {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  steps.forEach((s, i) => {
    for (const b of [...readsOf(s), ...writesOf(s)]) {
      if (!buffers[b]!.isArena) continue;
      if (!first.has(b)) first.set(b, i);
      last.set(b, Math.max(last.get(b) ?? 0, Math.min(i + lagOf(s, sideStream), steps.length - 1)));
    }
  });
  const slots = new Map<number, number>();
  const slotOf = (id: number): number => slots.get(id) ?? id;
  steps.forEach((s, i) => {
    if (s.kind !== 'fused') return;
    const [o, r, n] = s.domain;
    const whole = (l: { readonly strides: readonly number[] }): boolean =>
      (o === 1 || l.strides[0] === r * n) &&
      (r === 1 || l.strides[1] === n) &&
      (n === 1 || l.strides[2] === 1);
    if (joinsConvolutions)
      for (const b of momentsAt(steps, i)?.results ?? []) if (first.get(b) === i) first.set(b, i - 1);
    const product = joinsConvolutions ? productBefore(steps, i) : undefined;
    const isHeir = (b: number): boolean => last.get(b) === i && (product === undefined || b === product);
    const dying = new Set(
      s.loads
        .filter(
          (l) => isHeir(l.buffer) && whole(l) && s.loads.every((k) => k.buffer !== l.buffer || whole(k)),
        )
        .map((l) => l.buffer),
    );
    for (const { buffer } of s.stores) {
      if (!buffers[buffer]!.isArena || first.get(buffer) !== i || slots.has(buffer)) continue;
      const heir = [...dying].find(
        (d) =>
          buffers[d]!.bytes === buffers[buffer]!.bytes &&
          BYTES[buffers[d]!.dtype] === BYTES[buffers[buffer]!.dtype],
      );
      if (heir === undefined && product !== undefined) first.set(buffer, i - 1);
      if (heir === undefined) continue;
      dying.delete(heir);
      slots.set(buffer, slotOf(heir));
    }
  });
  const spans = new Map<number, Lifetime>();
  for (const [id, from] of first) {
    const slot = slotOf(id);
    const old = spans.get(slot);
    spans.set(slot, {
      id: slot,
      bytes: buffers[id]!.bytes,
      from: Math.min(from, old?.from ?? from),
      to: Math.max(last.get(id)!, old?.to ?? 0),
    });
  }
  return { steps, lifetimes: [...spans.values()], slotOf };
};

/** Steps that a product may fall behind the others; its operands stay that long. */
const lagOf = (step: Step, sideStream: SideStream | null): number => {
  if (sideStream === null || step.kind === 'fused') return 0;
  if (isWeightGradientStep(step)) return sideStream.gradientLag;
  return step.kernel === 'conv2d' || step.kernel === 'conv2dInputGrad' ? sideStream.convolutionLag : 0;
};

const stepName = (node: Tensor): string => (node.path === '' ? node.op : `${node.path}:${node.op}`);

/** A product, its operands still to be filled in. */
const productStep = (node: Tensor, output: number): CallStep => {
  const lowering = loweringOf(node);
  if (lowering.kind !== 'call') return fail('GRAPH', `compile: ${node.op} is no product`);
  return { ...lowering, name: stepName(node), inputs: [], outputs: [output] };
};

const callSteps = (node: Tensor, fusion: Fusion, bufferOf: (t: Tensor) => number): Step[] => {
  const lowering = loweringOf(node);
  const inputs = node.inputs.map((i) => bufferOf(fusion.storageOf(i)));
  const output = bufferOf(node);
  const name = stepName(node);
  const fill = (value: number): CallStep => ({
    kind: 'call',
    name,
    kernel: 'fill',
    inputs: [],
    outputs: [output],
    attributes: { value },
  });
  if (node.op === 'constant') return [fill(node.attributes['value'] as number)];
  if (lowering.kind === 'copies') {
    return [
      ...(lowering.cover ? [] : [fill(0)]),
      ...lowering.copies.map(({ input, ...attributes }): CallStep => ({
        kind: 'call',
        name,
        kernel: 'copy',
        inputs: [inputs[input]!],
        outputs: [output],
        attributes: collapse(attributes),
      })),
    ];
  }
  if (lowering.kind !== 'call') return fail('GRAPH', `compile: ${node.op} has no kernel`);
  return [{ ...lowering, name, inputs, outputs: [output] }];
};

type CopyAttributes = {
  readonly dims: Shape;
  readonly srcOffset: number;
  readonly srcStrides: readonly number[];
  readonly dstOffset: number;
  readonly dstStrides: readonly number[];
};

/** Joins neighbouring axes that both sides walk through without a gap. */
const collapse = (copy: CopyAttributes): CopyAttributes => {
  const axes = copy.dims
    .map((d, i) => ({ d, s: copy.srcStrides[i]!, t: copy.dstStrides[i]! }))
    .filter((a) => a.d !== 1);
  const joined = axes.reduce<{ d: number; s: number; t: number }[]>((done, a) => {
    const prev = done[done.length - 1];
    return prev !== undefined && prev.s === a.s * a.d && prev.t === a.t * a.d
      ? [...done.slice(0, -1), { d: prev.d * a.d, s: a.s, t: a.t }]
      : [...done, a];
  }, []);
  return {
    ...copy,
    dims: joined.map((a) => a.d),
    srcStrides: joined.map((a) => a.s),
    dstStrides: joined.map((a) => a.t),
  };
};
