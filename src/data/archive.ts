import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { fail } from '../errors.js';

const BLOCK = 512;

/** A field of text in a tar header, which ends at its first NUL. */
const text = (bytes: Uint8Array, from: number, length: number): string => {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + from, length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
};

/** Sum of a header's bytes with its checksum field (148 to 155) read as spaces. */
const checksum = (header: Uint8Array): number => header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);

/**
 * The plain files of a POSIX ustar archive by name, as views of `bytes`. Long-name extensions are not read: the archives
 * of data sets do without. Error DATA for an archive that is truncated or none; `where` is for messages.
 */
export const filesOfTar = (bytes: Uint8Array, where: string): ReadonlyMap<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + BLOCK);
    const [sum, size] = [Number.parseInt(text(header, 148, 8), 8), Number.parseInt(text(header, 124, 12), 8)];
    if (sum !== checksum(header) || !Number.isSafeInteger(size)) fail('DATA', `${where}: no tar header at byte ${at}; the archive is corrupt`);
    // GNU tar writes 'ustar ' and keeps other things where POSIX keeps the front of a long name.
    const [from, prefix] = [at + BLOCK, text(header, 257, 6) === 'ustar' ? text(header, 345, 155) : ''];
    if (from + size > bytes.length) fail('DATA', `${where}: a file ends at byte ${from + size}, the archive at ${bytes.length}; it is truncated`);
    const isFile = header[156] === 0 || header[156] === 0x30; // type flag NUL or '0'
    if (isFile) files.set(`${prefix === '' ? '' : `${prefix}/`}${text(header, 0, 100)}`, bytes.subarray(from, from + size));
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
};

const inflate = promisify<Uint8Array, Buffer>(gunzip);

/** {@link filesOfTar} of a .tar.gz. */
export const filesOfTarGz = async (bytes: Uint8Array, where: string): Promise<ReadonlyMap<string, Uint8Array>> =>
  filesOfTar(await inflate(bytes).catch((error: unknown) => fail('DATA', `${where}: not a gzip file, or corrupt`, error)), where);
