import { rewrite, withInputs } from '../graph/graph.js';
import { definitionOf, ops } from '../ops/registry.js';
import type { Pass } from './pass.js';
import type { Graph } from './stages.js';

export const densePass: Pass<Graph, Graph> = {
  name: 'dense',
  doc: 'zeros between weights for targets without sparse kernels',
  run: (graph) => {
    if (graph.target.sparse) return graph;
    const roots = rewrite(graph.roots, (node, inputs) => {
      const own = withInputs(node, inputs);
      return definitionOf(node.op).dense?.write(ops, own) ?? own;
    });
    return { ...graph, roots };
  },
};
