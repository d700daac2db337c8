import type { Roots } from '../graph/graph.js';
import type { Reachability } from '../graph/reachability.js';
import type { Plan } from '../plan/plan.js';
import type { Program } from '../program/program.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Expression } from './expression.js';
import type { Target } from './target.js';

/** What passes hand on. Each form keeps what the ones before it know, until the plan says all of it. */

export interface Graph {
  readonly program: Program;
  readonly target: Target;
  /** What the program computes, in the order of `rootsOf`. Passes keep their number, types and order. */
  readonly roots: Roots;
}

/**
 * One step of the plan to be: a call, or a group of elementwise values and reductions over one index space.
 */
export interface CallUnit {
  readonly kind: 'call';
  readonly node: Tensor;
}
export interface FusedUnit {
  readonly kind: 'fused';
  /** Stored elementwise values and reductions, all over `shape`. */
  readonly roots: Tensor[];
  readonly shape: readonly number[];
}
export type Unit = CallUnit | FusedUnit;

export interface Fusion {
  readonly units: readonly Unit[];
  /** The node whose storage holds a value: aliases share their input's. */
  readonly storageOf: (node: Tensor) => Tensor;
  readonly unitOf: ReadonlyMap<Tensor, Unit>;
  /** Units that must run before, as far as they are direct. */
  readonly before: ReadonlyMap<Unit, ReadonlySet<Unit>>;
  /** The same with what follows from it. */
  readonly order: Reachability<Unit>;
  readonly stored: ReadonlySet<Tensor>;
  readonly expression: (root: Tensor) => Expression;
}

export interface Fused extends Graph {
  readonly fusion: Fusion;
}

/** Where the values that the program is asked for are kept, by their storage node. */
export interface Binding {
  /** Storage node -> state whose next value is computed in place. */
  readonly inPlace: ReadonlyMap<Tensor, string>;
  /** Storage node -> output that is computed where it is read. */
  readonly direct: ReadonlyMap<Tensor, string>;
  /** What must be copied at the end instead. */
  readonly copies: readonly {
    readonly from: Tensor;
    readonly to: { readonly state: string } | { readonly output: string };
  }[];
}

export interface Bound extends Fused {
  readonly binding: Binding;
  /**
   * Units that must run before: those whose values are read, and the readers of a state before it is
   * overwritten.
   */
  readonly before: ReadonlyMap<Unit, ReadonlySet<Unit>>;
}

export interface Scheduled extends Bound {
  /** The units in the order in which they run. */
  readonly scheduled: readonly Unit[];
}

/** What is kept and multiplied in 16 bits. */
export interface Narrowing {
  /** Values kept as bf16, by their storage. */
  readonly kept: ReadonlySet<Tensor>;
  /** Calls that multiply bf16 operands. */
  readonly products: ReadonlySet<Tensor>;
}

export interface Narrowed extends Scheduled {
  readonly narrowing: Narrowing;
}

/** A plan: after `emit` all buffers of its arena lie at 0, and the arena has no bytes yet. */
export interface Emitted {
  readonly target: Target;
  readonly plan: Plan;
}
