#!/usr/bin/env node
// Packs the package and tries it as a stranger would: npm i of the tarball in an empty folder, with node and
// npm but no
// compiler, and with the libraries that the package brings hidden on this machine where that is permitted
// (root).
//   --tarball <file>   of an earlier npm pack
//   --build            build the addon in the installed package as well, with the compiler of this machine
// (minutes)
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { tarball: { type: 'string' }, build: { type: 'boolean' } } });
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'pathex-package-')));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

let [passed, failed] = [0, 0];
/** Counts a check; `problem` is what is wrong, if anything. */
const check = (what, problem) => {
  if (problem === undefined) passed++;
  else failed++;
  console.log(problem === undefined ? `ok: ${what}` : `FAILED: ${what}: ${problem}`);
};
const finish = () => {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
};

// Only what a machine with Node has.
const programs = join(temporary, 'bin');
mkdirSync(programs);
const whereIs = (command) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((file) => existsSync(file));
symlinkSync(process.execPath, join(programs, 'node'));
for (const command of ['npm', 'npx', 'sh', 'env', 'uname'])
  if (whereIs(command) !== undefined) symlinkSync(realpathSync(whereIs(command)), join(programs, command));
const bare = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(LD_|DNNL|CMAKE|CPATH|LIBRARY_PATH|PATHEX_|OMP_|npm_lifecycle|npm_package)/.test(name),
  ),
);
bare.PATH = programs;

const folder = join(temporary, 'empty');
mkdirSync(folder);
const installed = join(folder, 'node_modules', 'pathex');
const brought = join(installed, 'prebuilds', `${process.platform}-${process.arch}`);

/**
 * A name space of mounts of its own, in which this machine has neither the libraries that the package brings
 * nor oneDNN's headers.
 */
const found = [
  '/usr/lib/x86_64-linux-gnu',
  '/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
].flatMap((at) =>
  existsSync(at)
    ? readdirSync(at)
        .filter((name) => /^lib(dnnl|OpenCL|gomp)\.so/.test(name))
        .map((name) => realpathSync(join(at, name)))
    : [],
);
const hidden = [...new Set(found)];
const headers = '/usr/include/oneapi';
const hide = [
  ...hidden.map((file) => `mount --bind /dev/null '${file}'`),
  ...(existsSync(headers) ? [`mount -t tmpfs none ${headers}`] : []),
  'exec "$@"',
].join(' && ');
const canHide = spawnSync('unshare', ['-m', 'sh', '-c', hide, 'sh', 'true']).status === 0;
console.log(
  canHide
    ? `hidden from the package: ${hidden.map((file) => basename(file)).join(', ')}`
    : 'this machine lets no libraries be hidden (unshare -m): the libraries that are loaded are checked alone',
);

const call = (command, args, { env = bare, cwd = folder } = {}) => {
  const [program, ...rest] = canHide
    ? ['unshare', '-m', 'sh', '-c', hide.replace('exec', 'PATH="$INSIDE" exec'), 'sh', command, ...args]
    : [command, ...args];
  return spawnSync(program, rest, {
    cwd,
    env: canHide ? { ...env, PATH: process.env.PATH, INSIDE: env.PATH } : env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
};
const lastLine = (text) => text.trim().split('\n').at(-1) ?? '';
/** What went wrong with a call, in a line. */
const problemOf = ({ status, stdout, stderr }, pattern) => {
  if (status !== 0) return `ended with ${status}: ${lastLine(stderr || stdout)}`;
  return pattern === undefined || pattern.test(stdout) ? undefined : `it said: ${stdout.trim()}`;
};

// the tarball
const packed =
  values.tarball === undefined
    ? spawnSync('npm', ['pack', '--pack-destination', temporary], { cwd: root, encoding: 'utf8' })
    : undefined;
if (packed !== undefined && packed.status !== 0) {
  check('npm pack', lastLine(packed.stderr));
  finish();
}
const tarball =
  values.tarball === undefined ? join(temporary, lastLine(packed.stdout)) : resolve(values.tarball);
const installation = call('npm', ['i', '--no-audit', '--no-fund', tarball]);
check('npm i of the tarball in an empty folder', problemOf(installation));
if (installation.status !== 0) finish();
check(
  'no compiler is here',
  ['gcc', 'g++', 'c++', 'cc', 'cmake'].find((name) => call(name, ['--version']).status === 0),
);

// its files
for (const file of ['LICENSE', 'THIRD-PARTY-NOTICES', 'README.md', 'scripts/setup.mjs', 'CMakeLists.txt'])
  check(`the package has ${file}`, existsSync(join(installed, file)) ? undefined : 'it is missing');
const filesBelow = (at) =>
  readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(at, entry.name)) : [join(at, entry.name)],
  );
const maps = filesBelow(join(installed, 'dist')).filter((file) => file.endsWith('.map'));
const withoutSource = maps.find((file) => {
  const { sources, sourcesContent = [] } = JSON.parse(readFileSync(file, 'utf8'));
  return sources.some(
    (source, i) => sourcesContent[i] == null && !existsSync(resolve(dirname(file), source)),
  );
});
check(
  `${maps.length} source maps have their sources`,
  maps.length === 0 ? 'there is none' : withoutSource && `${withoutSource} has not`,
);

// its libraries
const binaries = existsSync(brought) ? readdirSync(brought).filter((file) => /\.(so|node)/.test(file)) : [];
check(
  'the package has a prebuilt addon',
  binaries.includes('pathex.node') ? undefined : `none in ${brought}`,
);
const librariesOf = (file) =>
  call(whereIs('ldd'), [file], { env: { ...bare, PATH: process.env.PATH } })
    .stdout.split('\n')
    .flatMap((line) => {
      const [, name, path] = /^\s*(\S+) => (not found|\S+)/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, path }];
    });
const nodes = new Set(librariesOf(process.execPath).map(({ name }) => name));
for (const file of binaries.filter((name) => name.startsWith('pathex'))) {
  const strange = librariesOf(join(brought, file)).find(
    ({ name, path }) => !nodes.has(name) && !path.startsWith(`${brought}/`),
  );
  check(`${file} needs only what Node and the package have`, strange && `${strange.name} is ${strange.path}`);
}
const versionsOf = (prefix) =>
  binaries
    .flatMap((file) => {
      const said = spawnSync('objdump', ['-T', join(brought, file)], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      return [...(said.stdout ?? '').matchAll(new RegExp(`\\b${prefix}_([\\d.]+)`, 'g'))].map(([, v]) => v);
    })
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
const readme = readFileSync(join(installed, 'README.md'), 'utf8');
for (const [prefix, name] of [
  ['GLIBC', 'glibc'],
  ['GLIBCXX', 'libstdc++'],
]) {
  const newest = versionsOf(prefix).at(-1);
  if (newest === undefined) console.log(`skipped: the ${name} that is needed (no objdump here)`);
  else
    check(
      `the README names ${name} ${newest}`,
      readme.includes(`${name} ${newest}`) ? undefined : 'it does not',
    );
}

// at work
const script = /```js\n([\s\S]*?)```/.exec(readme)[1];
const short = script
  .replace('synthetic({ seed: 0 })', 'synthetic({ seed: 0, train: 512, test: 100 })')
  .replace('rounds: 20', 'rounds: 3')
  .replace('epochs: 12', 'epochs: 1');
writeFileSync(join(folder, 'first.mjs'), short);
check("the README's first script", problemOf(call('node', ['first.mjs']), /^test accuracy [\d.]+ % /m));
writeFileSync(
  join(folder, 'maps.mjs'),
  `import { readFileSync } from 'node:fs';
   import { openDevice } from 'pathex';
   const device = await openDevice('cpu');
   console.log(readFileSync('/proc/self/maps', 'utf8').split('\\n').map((line) => line.split(/\\s+/)[5]).join('\\n'));
   await device.dispose();`,
);
const loaded = call('node', ['maps.mjs']);
const foreign = loaded.stdout
  .split('\n')
  .find((path) => /\/(lib(dnnl|OpenCL|gomp)\.so|pathex)/.test(path) && !path.startsWith(`${brought}/`));
check("the loaded libraries are the package's", problemOf(loaded, /libdnnl\.so/) ?? foreign);
check('npx pathex doctor', problemOf(call('npx', ['pathex', 'doctor']), /^ok {4}device cpu: /m));
check('npx pathex --help', problemOf(call('npx', ['pathex', '--help']), /^ {2}setup /m));
check(
  'npx pathex setup, which has nothing to do',
  problemOf(call('npx', ['pathex', 'setup']), /addon that came with the package works here/),
);

// without the prebuilt addon
renameSync(join(installed, 'prebuilds'), join(temporary, 'prebuilds'));
const without = call('node', ['first.mjs']).stderr;
check(
  'the cpu device says how to get an addon',
  /native addon: none could be loaded .*; build it with: npx pathex setup$/m.test(without)
    ? undefined
    : without,
);
const refused = call('npx', ['pathex', 'setup']);
const words = [
  ...(canHide ? ['libdnnl-dev', 'DNNL_ROOT or CMAKE_PREFIX_PATH'] : []),
  'cmake',
  'g++',
  'Next: ',
];
check(
  'without a compiler, the last line of npx pathex setup names what to install',
  refused.status === 1 && words.every((word) => lastLine(refused.stderr).includes(word))
    ? undefined
    : `ended with ${refused.status}: ${refused.stderr}`,
);
console.log(`        ${lastLine(refused.stderr)}`);
if (values.build) {
  const options = { cwd: folder, env: { ...bare, PATH: process.env.PATH }, encoding: 'utf8' };
  const building = spawnSync('npx', ['pathex', 'setup'], options);
  check('npx pathex setup builds the addon', problemOf(building, /built the native addon/));
  check("the README's first script with it", problemOf(spawnSync('node', ['first.mjs'], options)));
}
finish();
