import { fail } from '../errors.js';
import { showType, size, type Tensor } from '../tensor/tensor.js';
import type { OpDefinition } from './op.js';
import { at, expectCount, mismatch, noGradient, perElement } from './op.js';
import { unitsMix } from './units.js';

/** Ops on tables and indices: batches out of a resident data set. */

/**
 * The row, which must be one of the table's: typed arrays would read and write nothing outside in silence.
 */
const inside = (node: Tensor, row: number, rows: number): number =>
  Number.isInteger(row) && row >= 0 && row < rows
    ? row
    : fail(
        'DATA',
        `${node.op}: row ${row} of a table of ${rows}${node.path === '' ? '' : `; at ${node.path}`}; correct the index`,
      );

/** (table [rows, ...rest], index i32 [count]) -> [count, ...rest] */
export const gather: OpDefinition = {
  name: 'gather',
  doc: 'rows of a table by index',
  attributes: {},
  infer: (inputs, _, where) => {
    expectCount(inputs, 2, where);
    const [table, index] = [at(inputs, 0), at(inputs, 1)];
    if (table.shape.length === 0 || index.dtype !== 'i32' || index.shape.length !== 1) {
      mismatch(
        where,
        `table ${showType(table)}, index ${showType(index)}`,
        'the table needs rows and the index must be i32[count]',
      );
    }
    return { shape: [at(index.shape, 0), ...table.shape.slice(1)], dtype: table.dtype };
  },
  vjp: (o, node, dy) => [
    node.dtype === 'f32' ? o.scatterAdd(dy, at(node.inputs, 1), at(at(node.inputs, 0).shape, 0)) : null,
    null,
  ],
  paths: { kind: 'none', why: 'reads a table' },
  units: unitsMix('reads a table'),
  evaluate: ([table, index], node) => {
    const width = size(node.shape) / index!.length;
    const y = new Float64Array(size(node.shape));
    const rows = at(at(node.inputs, 0).shape, 0);
    index!.forEach((row, i) =>
      y.set(table!.subarray(inside(node, row, rows) * width, (row + 1) * width), i * width),
    );
    return y;
  },
  cost: perElement(0),
  lower: (node) => {
    const rows = at(at(node.inputs, 0).shape, 0);
    return {
      kind: 'call',
      kernel: 'gather',
      attributes: { rows, width: size(node.shape.slice(1)), count: at(node.shape, 0) },
    };
  },
};

/** The state and the rows of it that a node takes by a literal index; null for other nodes. */
export const rowsOfState = ({
  op,
  inputs,
}: Tensor): { readonly state: Tensor; readonly index: Tensor } | null => {
  const [state, index] = inputs;
  return op === 'gather' && state?.op === 'state' && index?.op === 'literal' ? { state, index } : null;
};

/** (v [count, ...rest], index i32 [count]) -> [rows, ...rest]: the adjoint of gather. */
export const scatterAdd: OpDefinition = {
  name: 'scatterAdd',
  doc: 'add rows into a table of zeros by index',
  attributes: { rows: 'count' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 2, where);
    const [v, index] = [at(inputs, 0), at(inputs, 1)];
    if (
      v.dtype !== 'f32' ||
      index.dtype !== 'i32' ||
      index.shape.length !== 1 ||
      v.shape[0] !== index.shape[0]
    ) {
      mismatch(
        where,
        `rows ${showType(v)}, index ${showType(index)}`,
        'give one i32 index for each row of f32',
      );
    }
    return { shape: [attributes['rows'] as number, ...v.shape.slice(1)], dtype: 'f32' };
  },
  vjp: (o, node, dy) => [o.gather(dy, at(node.inputs, 1)), null],
  paths: { kind: 'none', why: 'writes a table' },
  units: unitsMix('writes a table'),
  evaluate: ([v, index], node) => {
    const width = size(node.shape.slice(1));
    const y = new Float64Array(size(node.shape));
    index!.forEach((row, i) => {
      for (let j = 0; j < width; j++)
        y[inside(node, row, at(node.shape, 0)) * width + j]! += v![i * width + j]!;
    });
    return y;
  },
  cost: (node) => perElement(1)(at(node.inputs, 0)),
  lower: (node) => ({
    kind: 'call',
    kernel: 'scatterAdd',
    attributes: {
      rows: at(node.shape, 0),
      width: size(node.shape.slice(1)),
      count: at(at(node.inputs, 1).shape, 0),
    },
  }),
};

/**
 * (images u8 [m,h,w,c], index i32 [b], shift i32 [b,3] = rows (dy, dx, flip)) -> [b,h,w,c] with y[i,p,q] =
 * image[index[i]][p + dy, (flip ? w-1-q : q) + dx], 0 outside: random crop after zero padding, then flip.
 */
export const cropFlip: OpDefinition = {
  name: 'cropFlip',
  doc: 'shifted and flipped images of a resident data set',
  attributes: {},
  infer: (inputs, _, where) => {
    expectCount(inputs, 3, where);
    const [images, index, shift] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const ok =
      images.dtype === 'u8' &&
      images.shape.length === 4 &&
      index.dtype === 'i32' &&
      index.shape.length === 1 &&
      shift.dtype === 'i32' &&
      shift.shape.length === 2 &&
      shift.shape[0] === index.shape[0] &&
      shift.shape[1] === 3;
    if (!ok)
      mismatch(where, `got ${inputs.map(showType).join(', ')}`, 'pass u8[m, h, w, c], i32[b], i32[b, 3]');
    return { shape: [at(index.shape, 0), ...images.shape.slice(1)], dtype: 'f32' };
  },
  vjp: noGradient,
  paths: { kind: 'none', why: 'prepares data; apply the network to its result' },
  units: unitsMix('prepares data'),
  evaluate: ([images, index, shift], node) => {
    const [b, h, w, c] = node.shape as readonly [number, number, number, number];
    const y = new Float64Array(size(node.shape));
    for (let i = 0; i < b; i++) {
      const image = inside(node, index![i]!, at(at(node.inputs, 0).shape, 0));
      const [dy, dx, flip] = [shift![3 * i]!, shift![3 * i + 1]!, shift![3 * i + 2]! !== 0];
      for (let p = 0; p < h; p++)
        for (let q = 0; q < w; q++) {
          const [iy, ix] = [p + dy, (flip ? w - 1 - q : q) + dx];
          if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const from = ((image * h + iy) * w + ix) * c;
          for (let k = 0; k < c; k++) y[((i * h + p) * w + q) * c + k] = images![from + k]!;
        }
    }
    return y;
  },
  cost: perElement(0),
  lower: (node) => {
    const [batch, h, w, c] = node.shape as readonly [number, number, number, number];
    return {
      kind: 'call',
      kernel: 'cropFlip',
      attributes: { images: at(at(node.inputs, 0).shape, 0), batch, h, w, c },
    };
  },
};

/**
 * (scores [n], keep i32 []) -> mask [n]: 1 for the `keep` largest scores, ordered by (score descending, index
 * ascending); NaN ranks below everything, and a `keep` below 0 keeps none. The global ranking of every
 * criterion.
 */
export const rankMask: OpDefinition = {
  name: 'rankMask',
  doc: 'mask of the largest scores',
  attributes: {},
  infer: (inputs, _, where) => {
    expectCount(inputs, 2, where);
    const [scores, keep] = [at(inputs, 0), at(inputs, 1)];
    if (
      scores.dtype !== 'f32' ||
      scores.shape.length !== 1 ||
      keep.dtype !== 'i32' ||
      keep.shape.length !== 0
    ) {
      mismatch(where, `scores ${showType(scores)}, keep ${showType(keep)}`, 'pass f32[n] and i32[]');
    }
    return { shape: scores.shape, dtype: 'f32' };
  },
  vjp: noGradient,
  paths: { kind: 'none', why: 'has no derivative' },
  units: unitsMix('ranks all of them'),
  evaluate: ([scores, keep], node) => {
    const s = scores!;
    const order = Array.from(s.keys()).sort((a, b) => {
      const [x, y] = [Number.isNaN(s[a]!) ? -Infinity : s[a]!, Number.isNaN(s[b]!) ? -Infinity : s[b]!];
      const byScore = Number(y > x) - Number(x > y);
      return byScore || Number(Number.isNaN(s[a]!)) - Number(Number.isNaN(s[b]!)) || a - b;
    });
    const mask = new Float64Array(size(node.shape));
    for (const i of order.slice(0, Math.max(keep![0]!, 0))) mask[i] = 1;
    return mask;
  },
  cost: perElement(1),
  lower: (node) => ({ kind: 'call', kernel: 'rankMask', attributes: { size: size(node.shape) } }),
};
