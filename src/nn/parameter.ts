import type { Initialiser, Role } from '../graph/roles.js';
import { ops } from '../ops/registry.js';
import type { Attributes, Shape, Tensor } from '../tensor/tensor.js';

/** A named leaf of a network; its layer is the name without the last part. */
export const parameter = <const S extends Shape>(
  name: string,
  shape: S,
  role: Role,
  init: Initialiser,
): Tensor<S> =>
  ops.state(
    name,
    shape,
    { role, init: init as unknown as Attributes },
    name.slice(0, Math.max(name.lastIndexOf('.'), 0)),
  );
