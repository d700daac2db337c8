import type { CallAttributes } from '../plan/calls.js';

/** The axes that a strided copy walks along, with its steps on both sides. */
export type CopyAxes = readonly { readonly extent: number; readonly from: number; readonly to: number }[];

/** Drops axes of one element and joins neighbours that both sides walk through without a gap. */
export const joinedAxes = ({
  dims,
  srcStrides,
  dstStrides,
}: Pick<CallAttributes<'copy'>, 'dims' | 'srcStrides' | 'dstStrides'>): CopyAxes =>
  dims
    .map((extent, i) => ({ extent, from: srcStrides[i]!, to: dstStrides[i]! }))
    .filter((a) => a.extent !== 1)
    .reduce<CopyAxes>((done, a) => {
      const last = done.at(-1);
      return last !== undefined && last.from === a.from * a.extent && last.to === a.to * a.extent
        ? [...done.slice(0, -1), { ...a, extent: last.extent * a.extent }]
        : [...done, a];
    }, []);
