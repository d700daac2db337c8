import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../weights/files.js';

/** Bytes so far and in all; `total` is undefined where the server does not say. */
export interface Progress {
  readonly received: number;
  readonly total: number | undefined;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the server to answer, and then for each next piece; milliseconds. Defaults: 10 s and 30 s. */
  readonly connectTimeout?: number | undefined;
  readonly idleTimeout?: number | undefined;
}

/** A file on the web and the MD5 sum that its publisher gives for it, in hexadecimal. */
export interface Published {
  readonly url: string;
  readonly md5: string;
}

/** fetch() says 'fetch failed' and hides what happened in `cause`. */
const innermost = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return error instanceof Error && error.cause !== undefined ? innermost(error.cause) : reasonOf(error);
};

const receive = async (url: string, path: string, options: DownloadOptions): Promise<string> => {
  const { onProgress, signal, connectTimeout = 10_000, idleTimeout = 30_000 } = options;
  const quiet = new AbortController();
  const giveUp = (after: number): NodeJS.Timeout =>
    setTimeout(() => quiet.abort(new Error(`no answer within ${after / 1000} s`)), after);
  let timer = giveUp(connectTimeout);
  const handle = await open(path, 'wx');
  try {
    const response = await fetch(url, { signal: signal === undefined ? quiet.signal : AbortSignal.any([quiet.signal, signal]) });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    const length = Number(response.headers.get('content-length') ?? NaN);
    const total = Number.isSafeInteger(length) && length > 0 ? length : undefined;
    const md5 = createHash('md5');
    let received = 0;
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      timer = giveUp(idleTimeout);
      md5.update(piece);
      await handle.writeFile(piece);
      received += piece.length;
      onProgress?.({ received, total });
    }
    return md5.digest('hex');
  } finally {
    clearTimeout(timer);
    await handle.close();
  }
};

/**
 * Fetches a file into `folder` under a temporary name and hands its path to `use`; the file is removed afterwards,
 * whatever happens. A network that refuses is no exception: the result is then `missing` with the reason in one line.
 * Only a cancelled signal throws, and what `use` throws.
 */
export const download = async <A>(
  { url, md5 }: Published, folder: string, options: DownloadOptions, use: (path: string) => Promise<A>,
): Promise<{ readonly found: A } | { readonly missing: string }> => {
  const path = join(folder, `.download-${randomUUID()}.part`);
  try {
    let sum: string;
    try {
      options.signal?.throwIfAborted();
      sum = await receive(url, path, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      return { missing: `${url} cannot be fetched: ${innermost(error)}` };
    }
    if (sum !== md5) return { missing: `${url} came with MD5 ${sum}, published is ${md5}: the file was changed on its way` };
    return { found: await use(path) };
  } finally {
    await rm(path, { force: true });
  }
};
