import { fail } from '../errors.js';
import { stridesOf, type Tensor } from '../tensor/tensor.js';
import { axesTable, inputAxes, type Partition } from './expression.js';
import { bodyOf, groupPartition, loweringOf } from './fuse.js';
import type { Instruction } from '../plan/instructions.js';
import type { FusedStep } from '../plan/plan.js';
import type { FusedUnit, Fusion } from './stages.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Load = FusedStep['loads'][number];
type Code = FusedStep['code'][number];
type Keep = FusedStep['reductions'][number]['keep'];

/** What a register holds: a load, or an instruction over other registers. */
type Register = { readonly load: Load } | { readonly code: Writable<Code> & { args: number[] } };

/**
 * Writes a group of values as one register program. Values are numbered in the order they are needed; a
 * product used only by a sum becomes a multiply-add.
 */
export const fusedStep = (
  unit: FusedUnit,
  fusion: Fusion,
  bufferOf: (storage: Tensor) => number,
): FusedStep => {
  const view =
    groupPartition(unit.roots, fusion.expression) ??
    fail(
      'GRAPH',
      `compile: ${unit.roots[0]!.op} at '${unit.roots[0]!.path}' repeats operands along too many different axes`,
    );
  const registers: Register[] = [];
  const known = new Map<string, number>();
  const computed = new Map<Tensor, number>(); // stored values of this group, by node
  const identity = unit.shape.map((_, i) => i);

  const push = (register: Register): number => registers.push(register) - 1;
  const once = (key: string, make: () => Register): number => {
    const register = known.get(key) ?? push(make());
    known.set(key, register);
    return register;
  };

  const loaded = axesTable<number>();
  const instructed = axesTable<number>();
  const load = (node: Tensor, axes: readonly number[], storage: Tensor): number => {
    const found = loaded.get(node, axes);
    if (found !== undefined) return found;
    const buffer = bufferOf(storage);
    const strides = loadStrides(axes, node.shape, view);
    const register = once(`load ${buffer} ${strides.join(',')}`, () => ({ load: { buffer, strides } }));
    loaded.set(node, axes, register);
    return register;
  };

  const value = (node: Tensor, axes: readonly number[], compute: boolean): number => {
    const storage = fusion.storageOf(node);
    const here = axes.length === identity.length ? computed.get(storage) : undefined;
    if (here !== undefined) return here;
    if (!compute && (fusion.stored.has(storage) || storage !== node)) return load(node, axes, storage);
    const lowering = loweringOf(node);
    if (lowering.kind === 'constant') {
      const { value: constant } = lowering;
      return once(`const ${Object.is(constant, -0) ? '-0' : constant}`, () => ({
        code: { op: 'const', args: [], value: constant },
      }));
    }
    if (lowering.kind === 'broadcast')
      return value(node.inputs[0]!, inputAxes(node, axes, node.inputs[0]!), false);
    if (lowering.kind !== 'elementwise')
      return fail('GRAPH', `compile: ${node.op} at '${node.path}' was fused but is not elementwise`);
    const found = instructed.get(node, axes);
    if (found !== undefined) return found;
    const args = node.inputs.map((i) => value(i, inputAxes(node, axes, i), false));
    if (lowering.instruction === 'load') return args[0]!;
    const register = push({ code: { op: lowering.instruction as Instruction, args } });
    instructed.set(node, axes, register);
    return register;
  };

  const results = unit.roots.map((root) => {
    const body = bodyOf(root);
    const register = value(body, identity, body === root || !fusion.stored.has(fusion.storageOf(body)));
    if (body === root) computed.set(root, register);
    return { root, register };
  });
  const { loads, code, place } = number(
    fuseMultiplyAdds(
      registers,
      results.map((r) => r.register),
    ),
  );
  return {
    kind: 'fused',
    name: nameOf(unit),
    domain: [...view.domain],
    loads,
    code,
    stores: results
      .filter((r) => bodyOf(r.root) === r.root)
      .map((r) => ({ register: place(r.register), buffer: bufferOf(r.root) })),
    reductions: results
      .filter((r) => bodyOf(r.root) !== r.root)
      .map((r) => {
        const lowering = loweringOf(r.root);
        return {
          register: place(r.register),
          op: lowering.kind === 'reduce' ? lowering.op : 'sum',
          keep: keepOf(r.root, view),
          buffer: bufferOf(r.root),
        };
      }),
  };
};

const nameOf = (unit: FusedUnit): string => {
  const paths = [...new Set(unit.roots.map((r) => r.path).filter((p) => p !== ''))];
  return `${paths.slice(0, 2).join('+') || 'fused'}:${[...new Set(unit.roots.map((r) => r.op))].slice(0, 3).join('+')}`;
};

/** Strides of a load along [outer, reduced, inner]; every run of axes is either all there or all repeated. */
const loadStrides = (
  axes: readonly number[],
  shape: readonly number[],
  { cuts: [p, q] }: Partition,
): [number, number, number] => {
  const own = stridesOf(shape);
  const stride = (from: number, to: number): number => {
    let least = Infinity;
    for (let k = 0; k < axes.length; k++)
      if (axes[k]! >= from && axes[k]! < to && shape[k] !== 1) least = Math.min(least, own[k]!);
    return least === Infinity ? 0 : least;
  };
  return [stride(0, p), stride(p, q), stride(q, Infinity)];
};

const keepOf = (root: Tensor, { cuts: [p, q] }: Partition): Keep => {
  const lowering = loweringOf(root);
  const { shape } = bodyOf(root);
  const dropped = lowering.kind === 'reduce' ? lowering.axes : [];
  const keeps = (from: number, to: number): boolean =>
    shape.some((d, i) => i >= from && i < to && d !== 1 && !dropped.includes(i));
  const [outer, inner] = [keeps(0, p), keeps(q, shape.length)];
  if (outer) return inner ? 'outerInner' : 'outer';
  return inner ? 'inner' : 'none';
};

/** a * b + c in one instruction where the product has no other use. */
const fuseMultiplyAdds = (
  registers: readonly Register[],
  results: readonly number[],
): { registers: readonly Register[]; live: ReadonlySet<number> } => {
  const uses = new Map<number, number>();
  const use = (r: number): void => void uses.set(r, (uses.get(r) ?? 0) + 1);
  for (const r of registers) if ('code' in r) r.code.args.forEach(use);
  results.forEach(use);
  const dead = new Set<number>();
  const fused = registers.map((r): Register => {
    if (!('code' in r) || r.code.op !== 'add') return r;
    const k = r.code.args.findIndex((a) => {
      const product = registers[a]!;
      return 'code' in product && product.code.op === 'mul' && uses.get(a) === 1;
    });
    if (k < 0) return r;
    const productRegister = r.code.args[k]!;
    const product = registers[productRegister]! as { code: Code };
    dead.add(productRegister);
    return { code: { op: 'mulAdd', args: [...product.code.args, r.code.args[1 - k]!] } };
  });
  return { registers: fused, live: new Set(registers.map((_, i) => i).filter((i) => !dead.has(i))) };
};

/** Loads first, then code, as the plan numbers registers. */
const number = ({
  registers,
  live,
}: {
  readonly registers: readonly Register[];
  readonly live: ReadonlySet<number>;
}): { loads: Load[]; code: Code[]; place: (r: number) => number } => {
  const loads: Load[] = [];
  const order: number[] = [];
  registers.forEach((r, i) => {
    if (!live.has(i)) return;
    if ('load' in r) loads.push(r.load);
    else order.push(i);
  });
  const placed = new Map<number, number>();
  let l = 0;
  registers.forEach((r, i) => {
    if (live.has(i) && 'load' in r) placed.set(i, l++);
  });
  order.forEach((i, k) => placed.set(i, loads.length + k));
  const place = (r: number): number => placed.get(r)!;
  const code = order.map((i) => {
    const { code: c } = registers[i] as { code: Code };
    return { ...c, args: c.args.map(place) };
  });
  return { loads, code, place };
};
