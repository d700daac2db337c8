import type { Tensor } from '../tensor/tensor.js';
import { loweringOf } from './fuse.js';
import type { Pass } from './pass.js';
import type { Binding, Bound, Fused, Fusion, Unit } from './stages.js';

/**
 * Where the program's results are kept: in the place of the state or output itself, wherever nobody reads
 * that too late.
 */

type Named = readonly (readonly [name: string, root: Tensor])[];

/** The state that a storage node is, if it is one. */
export const stateName = (storage: Tensor): string | undefined => {
  const lowering = loweringOf(storage);
  return lowering.kind === 'leaf' && lowering.in === 'state' ? lowering.name : undefined;
};

/** The units that load or take each state, by its name; `full` where they only load it element by element. */
const readersOf = ({
  units,
  storageOf,
  expression,
}: Fusion): ReadonlyMap<string, ReadonlyMap<Unit, { readonly full: boolean }>> => {
  const readers = new Map<string, Map<Unit, { readonly full: boolean }>>();
  const read = (unit: Unit, storage: Tensor, full: boolean): void => {
    const name = stateName(storage);
    if (name === undefined) return;
    const known = readers.get(name) ?? new Map<Unit, { readonly full: boolean }>();
    known.set(unit, { full: full && (known.get(unit)?.full ?? true) });
    readers.set(name, known);
  };
  for (const unit of units) {
    if (unit.kind === 'call') for (const input of unit.node.inputs) read(unit, storageOf(input), false);
    else
      for (const root of unit.roots)
        for (const load of expression(root).loads) read(unit, load.storage, load.full);
  }
  return readers;
};

const isElementwiseRoot = (t: Tensor): boolean => loweringOf(t).kind !== 'reduce';

/**
 * A next state is computed straight into the state's memory when every other reader of the old value can run
 * before, and the step itself reads it element by element. Otherwise the value is copied at the end. `before`
 * gains the readers.
 */
const bind = (fusion: Fusion, before: Map<Unit, Set<Unit>>, outputs: Named, next: Named): Binding => {
  const inPlace = new Map<Tensor, string>();
  const direct = new Map<Tensor, string>();
  const copies: { from: Tensor; to: { state: string } | { output: string } }[] = [];
  const readers = readersOf(fusion);
  for (const [name, root] of next) {
    const storage = fusion.storageOf(root);
    if (stateName(storage) === name) continue; // unchanged
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

export const bindPass: Pass<Fused, Bound> = {
  name: 'bind',
  doc: 'which results are computed in place of states and outputs',
  run: (from) => {
    const { program, roots, fusion } = from;
    const outputNames = Object.keys(program.outputs);
    const outputs = outputNames.map((name, i) => [name, roots[i]!] as const);
    const next = Object.keys(program.next).map((name, i) => [name, roots[outputNames.length + i]!] as const);
    const before = new Map([...fusion.before].map(([unit, needs]) => [unit, new Set(needs)]));
    return { ...from, binding: bind(fusion, before, outputs, next), before };
  },
};
