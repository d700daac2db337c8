import { walk } from '../graph/graph.js';
import { isLearnt, isPrunable } from '../graph/roles.js';
import { checkValue, networkKind } from '../kinds.js';
import { definitionOf } from '../ops/registry.js';
import { size, type Shape } from '../tensor/tensor.js';
import { inference } from '../transform/statistics.js';
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
}

export interface NetworkSummary {
  readonly name: string;
  readonly input: Shape;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly prunable: number;
  readonly flops: number;
}

/** Shapes, parameters and FLOPs by layer. Unnamed work (activations, sums, pooling) counts to the layer it follows. */
export const summary = (net: Network): NetworkSummary => {
  checkValue('summary: network', net, networkKind);
  const read = inference(net);
  const layers = new Map<string, { output: Shape; parameters: number; prunable: number; flops: number }>();
  for (const node of walk([read.output])) {
    const layer = node.path === '' ? '(input)' : node.path;
    const entry = layers.get(layer) ?? { output: [], parameters: 0, prunable: 0, flops: 0 };
    if (node.op === 'state') {
      if (isLearnt(node)) entry.parameters += size(node.shape);
      if (isPrunable(node)) entry.prunable += size(node.shape);
    } else {
      if (node.shape.length > 1) entry.output = node.shape.slice(1);
      entry.flops += definitionOf(node.op).cost(node).flops;
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
  };
};
