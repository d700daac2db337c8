import { nameOf } from '../graph/graph.js';
import { checkValue, listOf, masksMap, networkKind, orNull, type Kind } from '../kinds.js';
import { prunable, type Network } from '../nn/network.js';
import { checkMasks, type Masks } from '../transform/mask.js';

/**
 * What is left of one layer. An output unit is a convolution kernel or a row of a linear layer; it is alive
 * while any of its weights is.
 */
export interface LayerDensity {
  readonly layer: string;
  readonly weights: number;
  readonly live: number;
  readonly units: number;
  readonly unitsAlive: number;
}

/** What the masks leave of each layer; all of it without masks. Throws WEIGHTS for masks that do not fit. */
export const layerDensities = (net: Network, masks: Masks | null): readonly LayerDensity[] => {
  checkValue('layerDensities: network', net, networkKind);
  checkValue('layerDensities: masks', masks, MASKS);
  if (masks !== null) checkMasks(net, masks);
  return prunable(net).map((w) => {
    const weights = w.shape.reduce((n, d) => n * d, 1);
    const units = w.shape[0]!;
    const mask = masks?.get(nameOf(w));
    const layer = w.path;
    if (mask === undefined) return { layer, weights, live: weights, units, unitsAlive: units };
    const fanIn = weights / units;
    const alive = Array.from({ length: units }, (_, u) =>
      mask.subarray(u * fanIn, (u + 1) * fanIn).some((m) => m !== 0),
    );
    return {
      layer,
      weights,
      live: mask.reduce((n, m) => n + m, 0),
      units,
      unitsAlive: alive.filter(Boolean).length,
    };
  });
};
const MASKS = orNull(masksMap);

export interface TicketSummary {
  readonly live: number;
  readonly total: number;
  readonly sparsity: number;
  readonly layers: number;
  readonly layersEmptied: number;
  /** Share of output units that are alive, 0..1. */
  readonly outputUnitsAlive: number;
}

const layer: Kind = {
  expected: 'a row of layerDensities',
  test: (value) => typeof value === 'object' && value !== null && 'live' in value && 'weights' in value,
};
const LAYERS = listOf(layer, 'rows of layerDensities');

export const summariseLayers = (layers: readonly LayerDensity[]): TicketSummary => {
  checkValue('summariseLayers: layers', layers, LAYERS);
  const sum = (f: (l: LayerDensity) => number): number => layers.reduce((n, l) => n + f(l), 0);
  const [live, total, units] = [sum((l) => l.live), sum((l) => l.weights), sum((l) => l.units)];
  return {
    live,
    total,
    sparsity: total === 0 ? 0 : 1 - live / total,
    layers: layers.length,
    layersEmptied: layers.filter((l) => l.live === 0).length,
    outputUnitsAlive: units === 0 ? 1 : sum((l) => l.unitsAlive) / units,
  };
};
