import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { getProxyForUrl } from 'proxy-from-env';
import { Agent, ProxyAgent, fetch, type Dispatcher, type Response } from 'undici';
import { showText } from '../codec.js';
import { reasonOf, removeLeftOvers, temporaryNameFor } from './files.js';

/** Bytes so far and in all; `total` is undefined where neither the publisher nor the server says. */
export interface Progress {
  readonly received: number;
  readonly total: number | undefined;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for the server to answer, and then for each next 16 KiB or the end; milliseconds.
   * Defaults: 10 s and 30 s.
   */
  readonly connectTimeout?: number | undefined;
  readonly idleTimeout?: number | undefined;
}

/** A file on the web, and what its publisher says of it. */
export interface Published {
  readonly url: string;
  /** The MD5 sum in hexadecimal. */
  readonly md5: string;
  /** Its size. Where it is left out, the server's word counts, up to 1 GiB. */
  readonly bytes?: number | undefined;
}

/** The most that is fetched of a file whose size nobody has published. */
const MOST = 2 ** 30;
/** A server that sends less than this in each `idleTimeout` is as good as silent. */
const STEP = 16 * 2 ** 10;
const MAX_REDIRECTS = 5;

const show = (n: number): string => n.toLocaleString('en-US');

/** fetch() says 'fetch failed' and hides what happened in `cause`. */
const innermost = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return error instanceof Error && error.cause !== undefined ? innermost(error.cause) : reasonOf(error);
};

const parsed = (address: string): URL | undefined => (URL.canParse(address) ? new URL(address) : undefined);
/** An address without the name and password that it may hold. */
const bare = (address: string): string => {
  const url = parsed(address);
  return url === undefined ? showText(address.replace(/^.*@/, '')) : `${url.protocol}//${url.host}`;
};

/** How a request travels: by the proxy that the environment names for its address, or straight. */
interface Route {
  readonly dispatcher: Dispatcher;
  /** The proxy, for messages. */
  readonly by: string;
}

/** HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in both cases, as curl reads them. */
const routeTo = (url: string): Route => {
  const proxy = getProxyForUrl(url);
  if (proxy === '') return { dispatcher: new Agent(), by: '' };
  const by = ` by the proxy ${bare(proxy)}`;
  if (!/^https?:$/.test(parsed(proxy)?.protocol ?? ''))
    throw new Error(
      `the environment names the proxy ${bare(proxy)}; only http:// and https:// proxies can be used`,
    );
  // Many proxies let tunnels through to port 443 alone: plain http is asked of the proxy itself.
  return { dispatcher: new ProxyAgent({ uri: proxy, proxyTunnel: false }), by };
};

/**
 * The answer to a request, redirections followed: each hop may need another route. `close` ends its
 * connections.
 */
const ask = async (
  first: string,
  signal: AbortSignal,
): Promise<{ readonly response: Response; readonly close: () => Promise<void> }> => {
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { dispatcher, by } = routeTo(url);
    const close = (): Promise<void> => dispatcher.destroy();
    try {
      const response = await fetch(url, {
        signal,
        dispatcher,
        redirect: 'manual',
        headers: { 'accept-encoding': 'identity' }, // or the sizes mean nothing
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return { response, close };
      await close();
      url = new URL(location, url).href;
    } catch (error) {
      await close();
      throw by === '' ? error : new Error(`${innermost(error)}${by}`, { cause: undefined });
    }
  }
  throw new Error(`it is redirected more than ${MAX_REDIRECTS} times`);
};

/** The announced size of an answer, where it has one. */
const announced = ({ headers }: Response): number | undefined => {
  const length = Number(headers.get('content-length') ?? NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
};

/**
 * Writes a body that arrives to a file and answers with its MD5 sum. Throws for one that is too long, too
 * short or too slow.
 */
const store = async (
  response: Response,
  { bytes }: Published,
  handle: FileHandle,
  { onProgress }: DownloadOptions,
  isMoving: () => void,
): Promise<string> => {
  const said = announced(response);
  const most = bytes ?? MOST;
  if (said !== undefined && said > most)
    throw new Error(
      `the server announces ${show(said)} bytes, ${bytes === undefined ? 'at most' : 'published are'} ${show(most)}`,
    );
  const total = bytes ?? said;
  const md5 = createHash('md5');
  let received = 0;
  let moved = 0;
  for await (const piece of response.body as AsyncIterable<Uint8Array>) {
    received += piece.length;
    if (received > most)
      throw new Error(
        `the server sends more than the ${show(most)} bytes ${bytes === undefined ? 'that are fetched at most' : 'that are published'}`,
      );
    if (received - moved >= STEP) {
      moved = received;
      isMoving();
    }
    md5.update(piece);
    await handle.writeFile(piece);
    onProgress?.({ received, total });
  }
  if (total !== undefined && received < total)
    throw new Error(`it ends after ${show(received)} of ${show(total)} bytes`);
  return md5.digest('hex');
};

const receive = async (published: Published, path: string, options: DownloadOptions): Promise<string> => {
  const { signal, connectTimeout = 10_000, idleTimeout = 30_000 } = options;
  const quiet = new AbortController();
  const giveUp = (after: number): NodeJS.Timeout =>
    setTimeout(() => quiet.abort(new Error(`no answer within ${after / 1000} s`)), after);
  let timer = giveUp(connectTimeout);
  const wait = (): void => {
    clearTimeout(timer);
    timer = giveUp(idleTimeout);
  };
  const handle = await open(path, 'wx');
  let close = (): Promise<void> => Promise.resolve();
  try {
    const answer = await ask(
      published.url,
      signal === undefined ? quiet.signal : AbortSignal.any([quiet.signal, signal]),
    );
    close = answer.close;
    const { response } = answer;
    if (!response.ok || response.body === null)
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    wait();
    return await store(response, published, handle, options, wait);
  } finally {
    clearTimeout(timer);
    await close().catch(() => undefined);
    await handle.close();
  }
};

/**
 * Fetches a file into `folder` under a temporary name and hands its path to `use`; the file is removed
 * afterwards, whatever happens, and so is what a killed download left there. Proxies are those of the
 * environment: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. A network that refuses is no exception: the result is then
 * `missing` with the reason in one line. Only a cancelled signal throws, and what `use` throws.
 */
export const download = async <A>(
  published: Published,
  folder: string,
  options: DownloadOptions,
  use: (path: string) => Promise<A>,
): Promise<{ readonly found: A } | { readonly missing: string }> => {
  const { url, md5 } = published;
  const name = join(folder, 'download');
  await removeLeftOvers(name);
  const path = temporaryNameFor(name);
  try {
    let sum: string;
    try {
      options.signal?.throwIfAborted();
      sum = await receive(published, path, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      return { missing: `${url} cannot be fetched: ${innermost(error)}` };
    }
    if (sum !== md5)
      return { missing: `${url} came with MD5 ${sum}, published is ${md5}: the file was changed on its way` };
    return { found: await use(path) };
  } finally {
    await rm(path, { force: true });
  }
};
