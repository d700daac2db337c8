import { ops } from '../../ops/registry.js';
import { unitCount } from '../../ops/units.js';
import type { Shape, Tensor } from '../../tensor/tensor.js';

/** Tensors over some units of a value, by their numbers. */
export interface Source {
  readonly tensor: Tensor;
  /** Ascending, one for each element of the last axis. */
  readonly units: readonly number[];
}

const withUnits = (shape: Shape, units: number): Shape => [...shape.slice(0, -1), units];

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((k, i) => k === b[i]);

/** A stretch of wanted units that adjoin in one source, or are in none. */
interface Stretch {
  readonly source: Source | null;
  readonly first: number;
  length: number;
}

/**
 * The wanted units, each from the source that has it; zero where none has. `shape` is that of the result but
 * for its last axis.
 */
export const unitsFrom = (sources: readonly Source[], wanted: readonly number[], shape: Shape): Tensor => {
  const whole = sources.find(({ units }) => isSame(units, wanted));
  if (whole !== undefined) return whole.tensor;
  const places = new Map(
    sources.flatMap((source) => source.units.map((k, at) => [k, { source, at }] as const)),
  );
  const stretches: Stretch[] = [];
  for (const k of wanted) {
    const { source, at } = places.get(k) ?? { source: null, at: 0 };
    const last = stretches.at(-1);
    const adjoins = last?.source === source && (source === null || last.first + last.length === at);
    if (last !== undefined && adjoins) last.length++;
    else stretches.push({ source, first: at, length: 1 });
  }
  return ops.concat(
    stretches.map((stretch) => cut(stretch, shape)),
    shape.length - 1,
  );
};

const cut = ({ source, first, length }: Stretch, shape: Shape): Tensor => {
  if (source === null) return ops.constant(withUnits(shape, length), 0);
  const { tensor } = source;
  if (length === unitCount(tensor)) return tensor;
  const start = tensor.shape.map((_, axis) => (axis === tensor.shape.length - 1 ? first : 0));
  const limit = withUnits(tensor.shape, first + length);
  return ops.slice(
    tensor,
    start,
    limit,
    tensor.shape.map(() => 1),
  );
};

/** Some units of a parameter: of a vector by their numbers, of a scalar itself. */
export const unitsOfParameter = (parameter: Tensor, units: readonly number[]): Tensor => {
  const count = unitCount(parameter);
  if (parameter.shape.length === 0 || units.length === count) return parameter;
  if (parameter.shape.length === 1) return ops.gather(parameter, indexOf(units));
  return unitsFrom(
    [{ tensor: parameter, units: Array.from({ length: count }, (_, k) => k) }],
    units,
    parameter.shape,
  );
};

export const indexOf = (numbers: readonly number[]): Tensor => ops.literal([numbers.length], numbers, 'i32');
