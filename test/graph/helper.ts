import { leaves } from '../../src/graph/graph.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { lenet, mlp } from '../../src/models/mlp.js';
import type { Network } from '../../src/nn/network.js';
import { fold, key, normal } from '../../src/random.js';
import { evaluate } from '../../src/runtime/reference.js';
import { roleOf } from '../../src/graph/roles.js';
import { nameOf } from '../../src/graph/graph.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';

export const MODELS: readonly Network[] = [
  resnetCifar({ depth: 8, width: 2, image: 8 }),
  mlp([3, 2, 2], { hidden: [5, 4], classes: 3 }),
  mlp([6], { hidden: [], classes: 2, bias: false }),
  lenet([8, 12, 1], { classes: 4 }),
  lenet([9, 8, 2], { classes: 3, pool: 'average' }),
];

/**
 * Values that follow from the leaf's name alone, so that graphs with the same names get the same; variances
 * are positive.
 */
export const valueOf = (leaf: Tensor): Float64Array => {
  const z = normal(fold(key(5), nameOf(leaf)), size(leaf.shape));
  return roleOf(leaf) === 'variance' ? z.map((v) => 0.5 + Math.abs(v)) : z;
};

export const evaluated = (roots: readonly Tensor[]): readonly number[][] =>
  evaluate(roots, valueOf).map((v) => Array.from(v));
export const stateNames = (roots: readonly Tensor[]): readonly string[] => leaves(roots, 'state').map(nameOf);
