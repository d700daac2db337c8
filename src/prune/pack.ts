import { ops } from '../ops/registry.js';
import { size, type Tensor } from '../tensor/tensor.js';

/** Tensors one after the other as one vector: layer order, row-major inside a layer. */
export const pack = (tensors: readonly Tensor[]): Tensor =>
  ops.concat(
    tensors.map((t) => ops.reshape(t, [size(t.shape)])),
    0,
  );

/** The inverse of `pack`: parts of a vector in the shapes of `like`. */
export const unpack = (vector: Tensor, like: readonly Tensor[]): Tensor[] => {
  let from = 0;
  return like.map((t) => {
    const start = from;
    from += size(t.shape);
    return ops.reshape(ops.slice(vector, [start], [from], [1]), t.shape);
  });
};
