import { fail } from '../errors.js';
import { wordOf } from '../kinds.js';
import type { Network } from '../nn/network.js';
import type { Device } from '../runtime/device.js';
import type { Masks } from '../transform/mask.js';
import { specialise, type SpecialisedLayer } from '../transform/specialise.js';
import type { Trainable } from './trainable.js';

/**
 * How a ticket is computed: `dense`, as a network behind masks; `sparse`, as the compact network that
 * `specialise` makes of it; or `auto`, whichever is expected to be faster on the device. Results differ by
 * rounding alone.
 */
export type ExecutionChoice = 'auto' | 'dense' | 'sparse';
export const EXECUTIONS = ['auto', 'dense', 'sparse'] as const satisfies readonly ExecutionChoice[];
export const executionKind = wordOf(...EXECUTIONS);

/** How a network was computed. */
export interface ExecutionReport {
  readonly kind: 'dense' | 'sparse';
  /** Of a ticket that is computed sparse; empty otherwise. */
  readonly layers: readonly SpecialisedLayer[];
}

export interface Execution extends ExecutionReport {
  readonly trainable: Trainable;
}

/**
 * The share of a network's multiply-adds that may be left for sparse execution to be expected faster on the
 * cpu device; measured, see docs/results.md.
 */
const SPARSE_BELOW = 0.35;

/** The share of the multiply-adds of all layers that is left. */
export const shareLeft = (layers: readonly SpecialisedLayer[]): number => {
  const sum = (of: 'dense' | 'left'): number => layers.reduce((total, l) => total + l.multiplyAdds[of], 0);
  return sum('left') / Math.max(sum('dense'), 1);
};

const denseExecution = (net: Network): Execution => ({ kind: 'dense', trainable: net, layers: [] });

/**
 * How a network is computed with its masks; null where it has none. Throws OPTION where it is asked to be
 * sparse without masks.
 */
export const executionOf = (
  where: string,
  net: Network,
  masks: Masks | null,
  choice: ExecutionChoice,
  device: Device,
): Execution => {
  if (choice === 'dense') return denseExecution(net);
  if (masks === null)
    return choice === 'auto'
      ? denseExecution(net)
      : fail(
          'OPTION',
          `${where}: execution 'sparse' is for tickets, and there are no masks; give masks, or leave it out`,
        );
  // elsewhere sparse layers are written densely, and nothing is known to be gained
  if (choice === 'auto' && device.kind !== 'cpu') return denseExecution(net);
  const specialised = specialise(net, masks);
  const { layers } = specialised;
  if (choice === 'auto' && shareLeft(layers) > SPARSE_BELOW) return denseExecution(net);
  return { kind: 'sparse', trainable: specialised, layers };
};
