import { gzipSync } from 'node:zlib';

/** One entry of a tar archive, with anything in its header that a test wants there. */
export interface Entry {
  readonly name: string;
  readonly data?: Uint8Array;
  /** The text of the size field; by default the octal size of `data`. */
  readonly size?: string;
  /** The type flag; '0', a plain file, by default. */
  readonly type?: string;
  readonly link?: string;
}

const header = ({ name, data, size, type = '0', link = '' }: Entry): Buffer => {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write(size ?? (data?.length ?? 0).toString(8).padStart(11, '0'), 124, 12, 'latin1');
  block.write('        ', 148);
  block.write(type, 156);
  block.write(link, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(
    `${block
      .reduce((s, b) => s + b, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
};

export const tarOf = (...entries: readonly Entry[]): Buffer =>
  Buffer.concat([
    ...entries.flatMap((entry) => {
      const data = Buffer.from(entry.data ?? []);
      return [header(entry), data, Buffer.alloc((512 - (data.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);
export const tarGzOf = (...entries: readonly Entry[]): Buffer => gzipSync(tarOf(...entries));
