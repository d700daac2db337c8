#!/usr/bin/env node
// Puts the native addon into prebuilds/<platform>-<arch>, with the libraries that it needs and that Node does
// not bring,
// so that the package works without a compiler and without oneDNN.
//   --if-possible   where it cannot be built, say so and leave the package without
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { missingPackages, wrongOnednn } from './setup/onednn.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const to = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
const built = join(root, 'build', 'Release');
const isTolerant = process.argv.includes('--if-possible');

const end = (why) => {
  // What an earlier run left may be of other sources.
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
  console.error(
    isTolerant
      ? `prebuild: the package will have no prebuilt addon: ${why}; its users build theirs with: npx pathex setup`
      : `prebuild: ${why}. Next: publish from a machine where npm run setup works (Debian 12, x86-64)`,
  );
  process.exit(isTolerant ? 0 : 1);
};

const glibc = process.report.getReport().header.glibcVersionRuntime;
if (process.platform !== 'linux' || process.arch !== 'x64' || glibc === undefined)
  end(`it is made for Linux with glibc on x86-64, and this is ${process.platform} ${process.arch}`);
const missing = missingPackages();
if (wrongOnednn() !== undefined || missing.length > 0) end(wrongOnednn() ?? `missing ${missing.join(', ')}`);
const setup = spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs'), '--native-only'], {
  stdio: 'inherit',
});
if (setup.status !== 0) end('the native addon was not built, see above');

// Node itself needs these, or they are the C library's.
const always = /^(linux-vdso|ld-linux|libc\.|libm\.|libdl\.|libpthread\.|librt\.|libstdc\+\+\.|libgcc_s\.)/;
/** The libraries that a file opens, by the names under which they are opened: [name, path]. */
const librariesOf = (file) =>
  spawnSync('ldd', [file], { encoding: 'utf8' })
    .stdout.split('\n')
    .flatMap((line) => {
      const [, name, path] = /^\s*(\S+) => (\S+)/.exec(line) ?? [];
      if (name === undefined || always.test(name)) return [];
      if (path === 'not') end(`${basename(file)} needs ${name}, which is not here`);
      return [[name, path]];
    });

const own = readdirSync(built).filter((file) => /^pathex(-cpu-\w+\.so|\.node)$/.test(file));
const shipped = new Map(own.flatMap((file) => librariesOf(join(built, file))));
rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
mkdirSync(join(to, 'licenses'), { recursive: true });
for (const file of own) copyFileSync(join(built, file), join(to, file));
for (const [name, path] of shipped) copyFileSync(realpathSync(path), join(to, name));

// The terms of what is shipped, as Debian states them.
const documents = '/usr/share/doc';
const packageOf = (path) => {
  const found = [
    path,
    realpathSync(path),
    path.replace(/^\/usr/, ''),
    realpathSync(path).replace(/^\/usr/, ''),
  ]
    .map((file) => spawnSync('dpkg', ['-S', file], { encoding: 'utf8' }))
    .find(({ status }) => status === 0);
  return found?.stdout.split(':')[0];
};
const terms = new Map();
for (const path of shipped.values()) {
  const name = packageOf(path);
  if (name !== undefined) terms.set(name, join(documents, name, 'copyright'));
}
for (const name of ['GPL-3', 'Apache-2.0']) terms.set(name, join('/usr/share/common-licenses', name));
for (const [name, path] of terms)
  if (existsSync(path)) copyFileSync(realpathSync(path), join(to, 'licenses', name));
console.error(`prebuild: ${[...own, ...shipped.keys()].join(', ')} in ${to}`);
