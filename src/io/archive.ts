import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { fail, PathexError } from '../errors.js';
import { showText } from '../codec.js';
import { reasonOf } from './files.js';

/** What is known of an archive before it is opened; everything else is refused as soon as it is seen. */
export interface Expected {
  /** What messages call the archive: its address, say. Default: its path. */
  readonly where?: string;
  /**
   * The files to unpack: names inside the archive, and the most bytes that each may have. All must be there,
   * once.
   */
  readonly files: ReadonlyMap<string, number>;
  /**
   * The most bytes that any other file may have (read-me files and the like, which are passed over). Default
   * 1 MiB.
   */
  readonly maxOther?: number;
  /** The most entries of any kind. Default 1,000. */
  readonly maxEntries?: number;
  readonly signal?: AbortSignal | undefined;
}

const BLOCK = 512;
const MIB = 2 ** 20;
const GZIP = 0x1f;
const show = (n: number): string => n.toLocaleString('en-US');
const PLAIN: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];

/** Whether a name leads out of the folder that the archive is unpacked into. */
const leadsOut = (name: string): boolean =>
  name.startsWith('/') || name.includes('\\') || name.split('/').includes('..') || /^[a-z]:/i.test(name);

const PADDING = 16 * MIB; // headers, read-me files and the zeros at the end, on top of the files themselves

/** Looks at entries one after the other and writes those that are asked for. */
class Unpacking {
  private readonly written = new Set<string>();
  private entries = 0;
  private handle: number | undefined;

  constructor(
    private readonly where: string,
    private readonly expected: Expected,
    private readonly pathOf: (name: string) => string,
  ) {}

  private refuse(entry: ReadEntry, what: string): never {
    return fail(
      'DATA',
      `${this.where}: entry ${showText(entry.path)} ${what}; the archive is not the published one`,
    );
  }

  take(entry: ReadEntry): void {
    const { files, maxOther = MIB, maxEntries = 1000 } = this.expected;
    if (++this.entries > maxEntries)
      this.refuse(entry, `is one more than the ${show(maxEntries)} that may be`);
    if (leadsOut(entry.path)) this.refuse(entry, 'leads out of the archive');
    if (entry.type === 'Directory') return void entry.resume();
    if (!PLAIN.includes(entry.type)) this.refuse(entry, `is no plain file but a ${entry.type}`);
    // tar reads a negative size, or none, as no size at all.
    if (entry.header.size === undefined) this.refuse(entry, 'has a size that is no whole number from 0 on');
    const limit = files.get(entry.path);
    if (entry.size > (limit ?? maxOther))
      this.refuse(entry, `has ${show(entry.size)} bytes, at most ${show(limit ?? maxOther)} may be`);
    if (limit === undefined) return void entry.resume();
    if (this.written.has(entry.path)) this.refuse(entry, 'is there twice');
    this.written.add(entry.path);
    const handle = openSync(this.pathOf(entry.path), 'wx');
    this.handle = handle;
    // Written at once, piece by piece: an error ends the unpacking where it happens, and nothing piles up.
    entry.on('data', (piece: Uint8Array) => {
      for (let at = 0; at < piece.length;) at += writeSync(handle, piece, at);
    });
    entry.on('end', () => this.close());
  }

  /** Throws for a file that did not come. */
  finish(): void {
    const missing = [...this.expected.files.keys()].find((name) => !this.written.has(name));
    if (missing !== undefined)
      fail('DATA', `${this.where}: the archive holds no ${missing}; it is not the published one`);
  }

  close(): void {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }
}

const whatOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code, tarCode } = error as Error & { readonly code?: unknown; readonly tarCode?: unknown };
  // zlib's names: Z_BUF_ERROR is an unexpected end.
  if (code === 'Z_BUF_ERROR') return 'the gzip file ends too early; it is truncated';
  if (typeof code === 'string' && code.startsWith('Z_')) return 'not a gzip file, or corrupt';
  if (tarCode === 'TAR_BAD_ARCHIVE')
    return 'the archive ends too early, or is none; it is truncated or corrupt';
  if (tarCode !== undefined)
    return `no tar header where one must be (${reasonOf(error)}); the archive is corrupt`;
  return reasonOf(error);
};

/**
 * Unpacks the expected files of a .tar.gz, each to `pathOf(name)`, where nothing may be yet. The archive is
 * read as a stream: it is given up at the first entry that is too large, has no sensible size, is a link or a
 * device, or leads out of the archive, and as soon as more is inflated than the expected files can need.
 * Error DATA, which names archive and entry; the signal's reason where it was cancelled. What was written
 * before an error stays: unpack into a folder of its own.
 */
export const unpackTarGz = async (
  archive: string,
  expected: Expected,
  pathOf: (name: string) => string,
): Promise<void> => {
  const most = [...expected.files.values()].reduce((sum, bytes) => sum + bytes, PADDING);
  const where = expected.where ?? archive;
  const unpacking = new Unpacking(where, expected, pathOf);
  let ended = false;
  const parser = new Parser({ strict: true, zstd: false, onReadEntry: (entry) => unpacking.take(entry) });
  parser.on('eof', () => (ended = true));
  parser.on('error', (error: unknown) => {
    throw error; // out of write(), which is where it happens
  });
  parser.on('ignoredEntry', (entry: ReadEntry) =>
    fail('DATA', `${where}: a name of ${show(entry.size)} bytes; the archive is not the published one`),
  );
  const read = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    let inflated = 0;
    for await (const piece of pieces) {
      // The parser would unpack it without limit.
      if (inflated === 0 && piece[0] === GZIP)
        fail('DATA', `${where}: a gzip file inside a gzip file, not a tar archive; fetch the published one`);
      inflated += piece.length;
      if (inflated > most)
        fail(
          'DATA',
          `${where}: it inflates to more than the ${show(most)} bytes that it may hold; it is not the published one`,
        );
      if (!ended) parser.write(piece);
    }
    if (inflated % BLOCK !== 0 && !ended)
      fail('DATA', `${where}: the archive ends inside a header or file; it is truncated`);
    parser.end();
  };
  // pipeline() would answer that the reader stopped, not why.
  let reason: unknown;
  const noted = (pieces: AsyncIterable<Buffer>): Promise<void> =>
    read(pieces).catch((error: unknown) => {
      reason ??= error;
      throw error;
    });
  try {
    const { signal } = expected;
    const streams = [createReadStream(archive), createGunzip(), noted] as const;
    await (signal === undefined ? pipeline(...streams) : pipeline(...streams, { signal }));
    unpacking.finish();
  } catch (error) {
    expected.signal?.throwIfAborted();
    const cause = reason ?? error;
    if (cause instanceof PathexError) throw cause;
    fail('DATA', `${where}: ${whatOf(cause)}`, cause);
  } finally {
    unpacking.close();
  }
};
