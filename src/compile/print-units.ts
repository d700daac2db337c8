import type { Tensor } from '../tensor/tensor.js';
import type { Bound, Fused, Narrowed, Scheduled, Unit } from './stages.js';

/**
 * The steps to be, one a line: `3: fused [128 32 32 16] bn:mul+add -> f32[128 32 32 16] after 1 2`. What a
 * unit writes is shown with the storage type, state or output that passes so far have chosen.
 */
export const printUnits = (from: Fused | Bound | Scheduled | Narrowed): string => {
  const units = 'scheduled' in from ? from.scheduled : from.fusion.units;
  const before = 'before' in from ? from.before : from.fusion.before;
  const kept = 'narrowing' in from ? from.narrowing.kept : new Set<Tensor>();
  const binding = 'binding' in from ? from.binding : undefined;
  const numbers = new Map(units.map((unit, i) => [unit, i]));

  const placeOf = (value: Tensor): string => {
    const [state, output] = [binding?.inPlace.get(value), binding?.direct.get(value)];
    if (state !== undefined) return ` state '${state}'`;
    return output === undefined ? '' : ` output '${output}'`;
  };
  const result = (value: Tensor): string =>
    `${kept.has(value) ? 'bf16' : value.dtype}[${value.shape.join(' ')}]${placeOf(value)}`;
  const named = ({ path, op }: Tensor): string => (path === '' ? op : `${path}:${op}`);
  const leafName = ({ op, attributes: { name } }: Tensor): string =>
    typeof name === 'string' ? `${op} '${name}'` : op;
  const line = (unit: Unit, i: number): string => {
    const values = unit.kind === 'call' ? [unit.node] : unit.roots;
    const space = unit.kind === 'call' ? 'call' : `fused [${unit.shape.join(' ')}]`;
    const needs = [...before.get(unit)!].map((u) => numbers.get(u)!).sort((a, b) => a - b);
    const after = needs.length === 0 ? '' : ` after ${needs.join(' ')}`;
    return `${i}: ${space} ${values.map((v) => `${named(v)} -> ${result(v)}`).join(', ')}${after}`;
  };
  const copies = (binding?.copies ?? []).map(({ from: value, to }) => {
    const unit = from.fusion.unitOf.get(value);
    const source = unit === undefined ? leafName(value) : `${numbers.get(unit)}`;
    return `copy ${source} -> ${'state' in to ? `state '${to.state}'` : `output '${to.output}'`}`;
  });
  return [...units.map(line), ...copies].join('\n');
};
