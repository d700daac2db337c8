import { dependents, nameOf, walk } from '../graph/graph.js';
import { isLearnt, isPrunable } from '../graph/roles.js';
import { checkValue, masksMap, networkKind, orNull } from '../kinds.js';
import { definitionOf } from '../ops/registry.js';
import { size, type Shape, type Tensor } from '../tensor/tensor.js';
import { checkMasks, type Masks } from '../transform/mask.js';
import { inference } from '../transform/readings.js';
import type { Network } from './network.js';

export interface LayerSummary {
  readonly layer: string;
  /** Of one sample's output, without the batch. */
  readonly output: Shape;
  /** Learnt numbers, and those of them that criteria rank. */
  readonly parameters: number;
  readonly prunable: number;
  /** Floating-point operations of one sample's inference; a multiply-add counts as two. */
  readonly flops: number;
  /** The same where a multiply-add of a masked weight counts as nothing; `flops` without masks. */
  readonly liveFlops: number;
}

export interface NetworkSummary {
  readonly name: string;
  readonly input: Shape;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly prunable: number;
  readonly flops: number;
  readonly liveFlops: number;
}

const MASKS = orNull(masksMap);

/** Share of a product's weights that are live, or 1 for work without weights. */
const liveShare = (node: Tensor, carried: ReadonlySet<Tensor>, masks: Masks | null): number => {
  const rule = definitionOf(node.op).paths;
  if (masks === null || rule.kind !== 'weight' || rule.elementwise === true) return 1;
  const weights = walk(node.inputs.filter((i) => !carried.has(i))).filter(isPrunable);
  const mask = weights.length === 1 ? masks.get(nameOf(weights[0]!)) : undefined;
  return mask === undefined ? 1 : mask.reduce((n, bit) => n + bit, 0) / mask.length;
};

/**
 * Shapes, parameters and FLOPs by layer, of a ticket where `masks` are given. Unnamed work (activations,
 * sums, pooling) counts to the layer it follows; the output shown is the layer's own, before that work.
 */
export const summary = (net: Network, masks: Masks | null = null): NetworkSummary => {
  checkValue('summary: network', net, networkKind);
  checkValue('summary: masks', masks, MASKS);
  if (masks !== null) checkMasks(net, masks);
  const read = inference(net);
  const carried = dependents([read.output], [read.input]);
  const layers = new Map<string, { -readonly [K in keyof Omit<LayerSummary, 'layer'>]: LayerSummary[K] }>();
  for (const node of walk([read.output])) {
    const layer = node.path === '' ? '(input)' : node.path;
    const entry = layers.get(layer) ?? { output: [], parameters: 0, prunable: 0, flops: 0, liveFlops: 0 };
    if (node.op === 'state') {
      if (isLearnt(node)) entry.parameters += size(node.shape);
      if (isPrunable(node)) entry.prunable += size(node.shape);
    } else {
      if (entry.output.length === 0 && carried.has(node)) entry.output = node.shape.slice(1);
      const { flops } = definitionOf(node.op).cost(node);
      entry.flops += flops;
      entry.liveFlops += flops * liveShare(node, carried, masks);
    }
    layers.set(layer, entry);
  }
  const rows = [...layers]
    .filter(([, e]) => e.parameters > 0 || e.flops > 0)
    .map(([layer, e]) => ({ layer, ...e }));
  const sum = (f: (l: LayerSummary) => number): number => rows.reduce((n, l) => n + f(l), 0);
  return {
    name: net.name,
    input: net.input.shape.slice(1),
    layers: rows,
    parameters: sum((l) => l.parameters),
    prunable: sum((l) => l.prunable),
    flops: sum((l) => l.flops),
    liveFlops: sum((l) => l.liveFlops),
  };
};
