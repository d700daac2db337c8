// What was built of what: digests of sources, kept beside the results.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { say, stop } from './run.mjs';

const filesUnder = (path) => {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((e) => filesUnder(join(path, e.name)));
};

/** A digest of files and facts. Contents, not times: a checkout of the same sources need not build again. */
export const digestOf = (root, paths, facts = []) => {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((p) => filesUnder(join(root, p))).sort())
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  for (const fact of facts) hash.update(`\0${fact}`);
  return hash.digest('hex');
};
export const readStamp = (stamp) => (existsSync(stamp) ? readFileSync(stamp, 'utf8') : '');
export const writeStamp = (stamp, text) => {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, text);
};

/** Removes from dist/ what was compiled of sources that are no more: a package would carry it on. */
export const removeOrphans = (dist, src) => {
  for (const file of filesUnder(dist)) {
    const [, name] = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(relative(dist, file)) ?? [];
    if (name !== undefined && !existsSync(join(src, `${name}.ts`))) rmSync(file);
  }
};

const alive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** One set-up at a time: two builds in one folder spoil each other. */
export const alone = async (lock, work) => {
  for (let told = false; ;) {
    try {
      mkdirSync(dirname(lock), { recursive: true });
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST')
        stop(`cannot write ${lock}: ${error.message}. Next: run this as a user who may write there`);
      const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
      if (holder > 0 && !alive(holder)) rmSync(lock, { force: true });
      else if (!told) told = (say(`waiting for another setup to end (process ${holder}, ${lock})`), true);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  process.on('exit', () => rmSync(lock, { force: true }));
  await work();
};
