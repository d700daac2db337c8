import { fail } from '../errors.js';
import { dependents, walk, type Roots } from '../graph/graph.js';
import { definitionOf, ops } from '../ops/registry.js';
import { checkValue, tensor, tensors } from '../kinds.js';
import { sameShape, showShape, type Tensor } from '../tensor/tensor.js';

/**
 * Reverse mode: the cotangents of `wrt` for given cotangents of `outputs`, as a new graph over the old nodes.
 * Null cotangents are zero. A tensor the outputs do not depend on gets zeros. The result is made of ops that
 * have `vjp`, so it can be differentiated again.
 */
export const vjp = (outputs: Roots, cotangents: readonly Tensor[], wrt: readonly Tensor[]): Tensor[] => {
  checkValue('vjp: outputs', outputs, tensors);
  checkValue('vjp: cotangents', cotangents, tensors);
  checkValue('vjp: wrt', wrt, tensors);
  const needed = dependents(outputs, wrt);
  const sums = new Map<Tensor, Tensor>();
  const accumulate = (node: Tensor, g: Tensor): void => {
    const sum = sums.get(node);
    sums.set(node, sum === undefined ? g : ops.add(sum, g));
  };
  outputs.forEach((y, i) => {
    const g = cotangents[i];
    if (g === undefined || !sameShape(g.shape, y.shape))
      fail(
        'SHAPE',
        `vjp: output ${i} is ${showShape(y.shape)}, its cotangent ${g === undefined ? 'missing' : showShape(g.shape)}; they must agree`,
      );
    else accumulate(y, g);
  });
  for (const node of [...walk(outputs)].reverse()) {
    const dy = sums.get(node);
    if (dy === undefined || !needed.has(node)) continue;
    if (!node.inputs.some((i) => needed.has(i))) continue;
    definitionOf(node.op)
      .vjp(ops, node, dy)
      .forEach((g, i) => {
        const x = node.inputs[i]!;
        if (g !== null && needed.has(x)) accumulate(x, g);
      });
  }
  return wrt.map((x) => sums.get(x) ?? ops.constant(x.shape, 0));
};

/** The gradient of a scalar. Throws SHAPE for any other output. */
export const grad = (scalar: Tensor, wrt: readonly Tensor[]): Tensor[] => {
  checkValue('grad: scalar', scalar, tensor);
  return scalar.shape.length === 0
    ? vjp([scalar], [ops.scalar(1)], wrt)
    : fail('SHAPE', `grad: the output is ${showShape(scalar.shape)}, it must be a scalar; sum it first`);
};
