import { createHash, type Hash } from 'node:crypto';

/** JSON with the keys of objects in order, so that equal values give equal text. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
};

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Adds a piece with its name and length before it, so that no two lists of pieces have the same bytes. */
export const addPiece = (hash: Hash, name: string, values: ArrayBufferView): Hash =>
  hash.update(`${JSON.stringify(name)} ${values.byteLength}\n`).update(bytesOf(values));

/** SHA-256 of facts and of named pieces in the order given. */
export const digestOf = (facts: unknown, pieces: readonly (readonly [string, ArrayBufferView])[]): string =>
  pieces
    .reduce(
      (hash, [name, values]) => addPiece(hash, name, values),
      createHash('sha256').update(canonical(facts)),
    )
    .digest('hex');
