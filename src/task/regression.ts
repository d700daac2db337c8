import { checkOptions, wordOf, type KindsOf } from '../kinds.js';
import { ops } from '../ops/registry.js';
import { size, type Tensor } from '../tensor/tensor.js';
import type { Task } from './task.js';

export interface RegressionOptions {
  /** 'squared' (y - t)^2 or 'absolute' |y - t|. Default 'squared'. */
  readonly loss?: 'squared' | 'absolute';
}

const OPTIONS: KindsOf<RegressionOptions> = { loss: wordOf('squared', 'absolute') };

/**
 * Numbers for each image, of any shape: targets `values` of the answer's shape. Measures `meanSquaredError`
 * and `meanAbsoluteError`.
 */
export const regression = (options: RegressionOptions = {}): Task => {
  checkOptions('regression', options, OPTIONS);
  const { loss = 'squared' } = options;
  const square = (d: Tensor): Tensor => ops.mul(d, d);
  return {
    name: 'regression',
    settings: { loss },
    targets: (answer) => ({ values: { kind: 'values', shape: answer } }),
    loss: (output, { values }) => {
      const difference = ops.sub(output, values!);
      return loss === 'squared' ? square(difference) : ops.abs(difference);
    },
    measures: (output, { values }, weights) => {
      const difference = ops.sub(output, values!);
      const each = 1 / size(output.shape.slice(1));
      const summed = (errors: Tensor): Tensor => {
        const perImage = ops.sum(
          errors,
          errors.shape.slice(1).map((_, i) => i + 1),
        );
        const counted = weights === null ? perImage : ops.mul(perImage, weights);
        return ops.mul(ops.sum(counted, [0]), ops.scalar(each));
      };
      return { squared: summed(square(difference)), absolute: summed(ops.abs(difference)) };
    },
    report: ({ squared, absolute }, images) => ({
      meanSquaredError: squared![0]! / images,
      meanAbsoluteError: absolute![0]! / images,
    }),
  };
};
