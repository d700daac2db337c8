import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { download, type DownloadOptions } from '../../src/io/download.js';

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
let folder = '';
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathex-download-'));
  for (const name of VARIABLES) vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true });
});

const listen = async (server: Server): Promise<string> => {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener));
const BODY = Buffer.from('the file');
const MD5 = createHash('md5').update(BODY).digest('hex');
const get = (
  url: string,
  { bytes, md5 = MD5, ...options }: DownloadOptions & { bytes?: number; md5?: string } = {},
): Promise<unknown> =>
  download({ url, md5, bytes }, folder, { connectTimeout: 1000, idleTimeout: 1000, ...options }, (path) =>
    readFile(path, 'utf8'),
  );

describe('a download', () => {
  it('hands over the file, and leaves nothing', async () => {
    const url = await serve((_, response) => response.end(BODY));
    const seen: unknown[] = [];
    const onProgress = (p: unknown): unknown => seen.push(p);
    expect(await get(url, { bytes: 8, onProgress })).toEqual({ found: 'the file' });
    expect(seen).toEqual([{ received: 8, total: 8 }]);
    expect(await readdir(folder)).toEqual([]);
  });
  it('takes what a killed one left, and nothing else', async () => {
    const gone = spawnSync('true').pid; // a process that has ended
    const url = await serve((_, response) => response.end(BODY));
    await get(url);
    const { temporaryNameFor } = await import('../../src/io/files.js');
    const own = temporaryNameFor(join(folder, 'download'));
    await writeFile(own.replace(`-${process.pid}-`, `-${gone}-`), 'half');
    await writeFile(own, 'half');
    await writeFile(join(folder, '.download.mine.part'), 'x');
    await get(url);
    expect((await readdir(folder)).map((n) => join(folder, n)).sort()).toEqual(
      [own, join(folder, '.download.mine.part')].sort(),
    );
  });

  const endless: RequestListener = (_, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536)));
      response.once('drain', more);
    };
    more();
  };
  it('of an endless body ends at the published size', async () => {
    let most = 0;
    const result = await get(await serve(endless), {
      bytes: 1_000_000,
      onProgress: (p) => (most = p.received),
    });
    expect(result).toEqual({
      missing: expect.stringMatching(
        /cannot be fetched: the server sends more than the 1,000,000 bytes that are published$/,
      ) as unknown,
    });
    expect(most).toBeLessThanOrEqual(1_000_000);
    expect(await readdir(folder)).toEqual([]);
  });
  it('is not begun where the server announces another size, and not taken where less comes', async () => {
    const announcing = await serve(
      (_, response) => void response.writeHead(200, { 'content-length': 5e12 }).write('x'),
    );
    expect(await get(announcing, { bytes: 8 })).toEqual({
      missing: expect.stringMatching(
        /the server announces 5,000,000,000,000 bytes, published are 8$/,
      ) as unknown,
    });
    expect(await get(announcing)).toEqual({
      missing: expect.stringMatching(/announces 5,000,000,000,000 bytes, at most 1,073,741,824$/) as unknown,
    });
    const short = await serve((_, response) => response.end(BODY));
    expect(await get(short, { bytes: 9 })).toEqual({
      missing: expect.stringMatching(/it ends after 8 of 9 bytes$/) as unknown,
    });
  });
  it('of a body that only drips is given up', async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const start = performance.now();
    expect(await get(url, { idleTimeout: 200 })).toEqual({
      missing: expect.stringMatching(/no answer within 0\.2 s$/) as unknown,
    });
    expect(performance.now() - start).toBeLessThan(2000);
  });
  it('is not inflated by a server that says the file is compressed', async () => {
    let asked: IncomingMessage['headers'] = {};
    const url = await serve((request, response) => {
      asked = request.headers;
      response.end(BODY);
    });
    await get(url);
    expect(asked['accept-encoding']).toBe('identity');
  });
  it('follows a few redirections', async () => {
    const target = await serve((_, response) => response.end(BODY));
    const hop = await serve((_, response) => response.writeHead(302, { location: `${target}/x` }).end());
    expect(await get(hop)).toEqual({ found: 'the file' });
    const circle = await serve((request, response) =>
      response.writeHead(301, { location: request.url! }).end(),
    );
    expect(await get(circle)).toEqual({
      missing: expect.stringMatching(/redirected more than 5 times$/) as unknown,
    });
  });
});

describe('a proxy of the environment', () => {
  /**
   * A proxy that answers plain requests itself and tunnels the others to one server; and what it was asked.
   */
  const proxy = async (): Promise<{ readonly url: string; readonly asked: string[] }> => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end(BODY);
    });
    server.on('connect', (request: IncomingMessage, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    return { url: await listen(server), asked };
  };

  it.each(['HTTP_PROXY', 'http_proxy'])('%s is asked for a plain address', async (name) => {
    const { url, asked } = await proxy();
    vi.stubEnv(name, url);
    expect(await get('http://files.invalid/x.tar.gz')).toEqual({ found: 'the file' });
    expect(asked).toEqual(['GET http://files.invalid/x.tar.gz']);
  });
  it.each(['HTTPS_PROXY', 'https_proxy'])(
    '%s is asked for a tunnel, and its refusal is named without its password',
    async (name) => {
      const { url, asked } = await proxy();
      vi.stubEnv(name, url.replace('//', '//me:secret@'));
      const result = (await get('https://files.invalid/x.tar.gz')) as { readonly missing: string };
      expect(asked).toEqual(['CONNECT files.invalid:443']);
      expect(result.missing).toMatch(
        /^https:\/\/files\.invalid\/x\.tar\.gz cannot be fetched: .* by the proxy http:\/\/127\.0\.0\.1:\d+$/,
      );
      expect(result.missing).not.toContain('secret');
    },
  );
  it.each(['NO_PROXY', 'no_proxy'])('%s takes an address away from it', async (name) => {
    const { url, asked } = await proxy();
    vi.stubEnv('HTTP_PROXY', url);
    vi.stubEnv(name, 'localhost,127.0.0.1');
    const direct = await serve((_, response) => response.end(BODY));
    expect(await get(direct)).toEqual({ found: 'the file' });
    expect(asked).toEqual([]);
  });
  it('that is not there, or of another kind, is named', async () => {
    const { url } = await proxy();
    servers.at(-1)!.close();
    vi.stubEnv('HTTP_PROXY', url);
    expect(await get('http://files.invalid/x')).toEqual({
      missing: expect.stringMatching(/ECONNREFUSED.* by the proxy http:\/\/127/) as unknown,
    });
    vi.stubEnv('HTTP_PROXY', 'socks5://me:secret@127.0.0.1:1');
    expect(await get('http://files.invalid/x')).toEqual({
      missing:
        'http://files.invalid/x cannot be fetched: the environment names the proxy socks5://127.0.0.1:1; only http:// and https:// proxies can be used',
    });
  });
});
