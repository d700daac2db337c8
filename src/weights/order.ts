import { fail } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * In which order PyTorch keeps what lies along one axis. Activations are [n, h, w, c] here and [n, c, h, w]
 * there, so columns of a flattened image run over [positions, channels] here and over [channels, positions]
 * there.
 */
export interface Run {
  readonly length: number;
  /**
   * Ours is [positions, channels], theirs [channels, positions]. Where one of them is 1, both orders are the
   * same.
   */
  readonly positions: number;
  readonly channels: number;
}

/** Neighbouring stretches of an axis. What is found out about one later holds for all axes that share it. */
export type Axis = readonly Section[];
interface Section {
  readonly length: number;
  state: State;
}
type State =
  /** Any order will do so far: of a weight's outputs, say. */
  | { readonly kind: 'free' }
  | { readonly kind: 'known'; readonly run: Run }
  /** `by` moves elements in a way that PyTorch need not share. */
  | { readonly kind: 'lost'; readonly by: Tensor }
  /** Made equal to others, or cut. */
  | { readonly kind: 'is'; readonly axis: Axis };

const asItIs = (length: number): Run => ({ length, positions: 1, channels: length });
const isSame = (a: Run, b: Run): boolean => a.positions === b.positions && a.channels === b.channels;

export const free = (length: number): Axis =>
  length === 1 ? plain(1) : [{ length, state: { kind: 'free' } }];
/** The same order on both sides. */
export const plain = (length: number): Axis => [{ length, state: { kind: 'known', run: asItIs(length) } }];
export const flattened = (positions: number, channels: number): Axis => {
  const length = positions * channels;
  const run = positions === 1 || channels === 1 ? asItIs(length) : { length, positions, channels };
  return [{ length, state: { kind: 'known', run } }];
};
export const lost = (length: number, by: Tensor): Axis => [{ length, state: { kind: 'lost', by } }];

const resolve = (axis: Axis): readonly Section[] =>
  axis.flatMap((s) => (s.state.kind === 'is' ? resolve(s.state.axis) : [s]));

export const lostBy = (axis: Axis): Tensor | undefined => {
  const found = resolve(axis).find((s) => s.state.kind === 'lost');
  return found?.state.kind === 'lost' ? found.state.by : undefined;
};

/** What is known at the end; what nothing asks for stays as it is. */
export const runsOf = (axis: Axis): readonly Run[] =>
  resolve(axis).map((s) => (s.state.kind === 'known' ? s.state.run : asItIs(s.length)));

export const isPlain = (runs: readonly Run[]): boolean => runs.every((run) => run.positions === 1);

/** Whether any part of the axis is known to be ordered otherwise there, or lost. */
const isMoved = ({ state }: Section): boolean =>
  state.kind === 'lost' || (state.kind === 'known' && state.run.positions !== 1);
const mayBePlain = (axis: Axis): boolean => !resolve(axis).some(isMoved);

/**
 * Cuts a section in two. Flattened columns cannot be cut: a stretch of ours is no stretch of theirs. Null
 * then.
 */
const cut = (section: Section, at: number): Axis | null => {
  const { state, length } = section;
  const halves = (make: (length: number) => Axis): Axis => [...make(at), ...make(length - at)];
  if (state.kind === 'known' && state.run.positions !== 1) return null;
  const parts = ((): Axis => {
    if (state.kind === 'known') return halves(plain);
    return state.kind === 'lost' ? halves((n) => lost(n, state.by)) : halves(free);
  })();
  section.state = { kind: 'is', axis: parts };
  return parts;
};

const show = ({ state, length }: Section): string =>
  state.kind === 'known' && state.run.positions !== 1
    ? `${length} columns of a flattened image of ${state.run.channels} channels`
    : `${length} columns that are no such image`;

const differ = (node: Tensor, a: Section, b: Section): never =>
  fail(
    'WEIGHTS',
    `${node.op}: columns of different orders meet, ${show(a)} and ${show(b)}${node.path === '' ? '' : `; at ${node.path}`}; ` +
      'PyTorch orders a flattened image by channel first, so the same layers would mean another network there; ' +
      'flatten both branches alike, or join them before they are flattened',
  );

const join = (a: Section, b: Section, node: Tensor): void => {
  if (a.state.kind === 'known' && b.state.kind === 'known' && !isSame(a.state.run, b.state.run))
    return differ(node, a, b);
  const [from, to] = a.state.kind === 'free' || b.state.kind === 'lost' ? [a, b] : [b, a];
  from.state = { kind: 'is', axis: [to] };
};

/**
 * Both axes have one order from now on, since `node` puts them side by side. Throws WEIGHTS where they
 * cannot.
 */
export const equate = (a: Axis, b: Axis, node: Tensor): void => {
  const [left, right] = [[...a], [...b]];
  const next = (list: Section[]): Section | undefined => {
    for (let s = list.shift(); s !== undefined; s = list.shift()) {
      if (s.state.kind !== 'is') return s;
      list.unshift(...s.state.axis);
    }
    return undefined;
  };
  for (let [l, r] = [next(left), next(right)]; l !== undefined && r !== undefined;) {
    if (l !== r && l.length === r.length) join(l, r, node);
    else if (l !== r) {
      const isLeft = l.length > r.length;
      const [long, short] = isLeft ? [l, r] : [r, l];
      (isLeft ? left : right).unshift(...(cut(long, short.length) ?? differ(node, long, short)));
      (isLeft ? right : left).unshift(short);
    }
    [l, r] = [next(left), next(right)];
  }
};

/** Elements start, start + stride, ... below limit. */
export const sliced = (
  axis: Axis,
  [start, limit, stride]: readonly [number, number, number],
  node: Tensor,
): Axis => {
  const whole = axis.reduce((n, s) => n + s.length, 0);
  if (start === 0 && limit === whole && stride === 1) return axis;
  if (stride !== 1) {
    const length = Math.ceil((limit - start) / stride);
    if (!mayBePlain(axis)) return lost(length, node);
    equate(axis, plain(whole), node);
    return plain(length);
  }
  let from = 0;
  return resolve(axis).flatMap((section): Axis => {
    const [low, high] = [Math.max(start - from, 0), Math.min(limit - from, section.length)];
    from += section.length;
    if (low >= high) return [];
    if (low === 0 && high === section.length) return [section];
    if (isMoved(section)) return lost(high - low, node);
    const after = low === 0 ? [section] : cut(section, low)!.slice(1); // only moved sections cannot be cut
    return high - low === after[0]!.length ? after : cut(after[0]!, high - low)!.slice(0, 1);
  });
};
