import { fail } from '../errors.js';
import { checkValue, tensor, tensors } from '../kinds.js';
import { ops } from '../ops/registry.js';
import { showType, size, type Tensor } from '../tensor/tensor.js';

/**
 * Tensors one after the other as one vector: layer order, row-major inside a layer. So a criterion adds up a
 * tensor for each weight at once.
 */
export const pack = (parts: readonly Tensor[]): Tensor => {
  checkValue('pack: tensors', parts, tensors, 'SHAPE');
  return ops.concat(
    parts.map((t) => ops.reshape(t, [size(t.shape)])),
    0,
  );
};

/**
 * The inverse of `pack`: parts of a vector in the shapes of `like`. Throws SHAPE for a vector of another
 * length.
 */
export const unpack = (vector: Tensor, like: readonly Tensor[]): Tensor[] => {
  checkValue('unpack: vector', vector, tensor, 'SHAPE');
  checkValue('unpack: like', like, tensors, 'SHAPE');
  const total = like.reduce((n, t) => n + size(t.shape), 0);
  if (vector.shape.length !== 1 || vector.shape[0] !== total)
    fail(
      'SHAPE',
      `unpack: ${showType(vector)} for tensors of ${total} numbers; give the vector that pack made of such tensors`,
    );
  let from = 0;
  return like.map((t) => {
    const start = from;
    from += size(t.shape);
    return ops.reshape(ops.slice(vector, [start], [from], [1]), t.shape);
  });
};
