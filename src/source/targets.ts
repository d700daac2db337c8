import { fail } from '../errors.js';
import { showValue } from '../options.js';
import { showShape, size, type Shape } from '../tensor/tensor.js';

/**
 * What an image comes with: classes (one, or one for each pixel), or numbers. Shapes are those of one image.
 */
export type TargetType =
  | {
      readonly kind: 'classes';
      readonly shape: Shape;
      /** Labels run from 0 to `classes` - 1. */
      readonly classes: number;
      /**
       * A label from 0 to 255 that belongs to no class: of pixels nobody labelled, and of those a crop moves
       * in from outside.
       */
      readonly ignore?: number;
    }
  | { readonly kind: 'values'; readonly shape: Shape };
export type TargetTypes = Readonly<Record<string, TargetType>>;

/** Values of the targets of all images of a split, one after the other. */
export type TargetValues = Int32Array | Uint8Array | Float32Array;

const checkCount = (where: string, values: TargetValues, count: number, { shape }: TargetType): void => {
  const expected = count * size(shape);
  if (values.length !== expected)
    fail(
      'DATA',
      `${where}: ${values.length} values, ${count} images with ${showShape(shape)} each need ${expected}; give as many`,
    );
};

/**
 * Throws DATA unless the values are of the type: labels of its classes in an Int32Array or Uint8Array, finite
 * numbers in a Float32Array.
 */
export const checkTargetValues = (
  where: string,
  values: TargetValues,
  count: number,
  type: TargetType,
): void => {
  if (type.kind === 'values') {
    if (!(values instanceof Float32Array))
      return fail('DATA', `${where}: values are ${showValue(values)}; give a Float32Array`);
    checkCount(where, values, count, type);
    const bad = values.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) fail('DATA', `${where}: it holds ${values[bad]} at ${bad}; targets must be finite`);
    return;
  }
  if (!(values instanceof Int32Array || values instanceof Uint8Array))
    return fail('DATA', `${where}: labels are ${showValue(values)}; give an Int32Array or a Uint8Array`);
  checkCount(where, values, count, type);
  const { classes, ignore } = type;
  const bad = (values as Int32Array).findIndex((v) => v !== ignore && (v < 0 || v >= classes)); // both have the method
  if (bad >= 0)
    fail(
      'DATA',
      `${where}: label ${values[bad]} at ${bad}; labels run from 0 to ${classes - 1}${ignore === undefined ? '' : `, or are ${ignore}`}; correct it`,
    );
};
