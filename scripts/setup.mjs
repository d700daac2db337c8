#!/usr/bin/env node
// Makes a checkout ready to run: packages, oneDNN, the native addon, the compiled TypeScript. Each part is done only
// when something it depends on has changed, so that every command may call this first.
//   --native-only   leave out the TypeScript
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const say = (line) => console.log(`setup: ${line}`);
const stop = (line) => {
  console.error(`setup: ${line}`);
  process.exit(1);
};

/** Runs a command in silence; shows what it said if it fails. */
const run = (what, command, args, options = {}) => {
  const started = Date.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (status !== 0) {
    console.error(`${stdout ?? ''}${stderr ?? ''}`.trimEnd());
    stop(`${what} failed: ${error?.message ?? `${command} ${args.join(' ')} ended with ${status}`}`);
  }
  say(`${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
};
const works = (command, args = ['--version']) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

const filesUnder = (path) =>
  !existsSync(path)
    ? []
    : statSync(path).isFile()
      ? [path]
      : readdirSync(path, { withFileTypes: true }).flatMap((e) => filesUnder(join(path, e.name)));

/** A digest of files and facts. Contents, not times: a checkout of the same sources need not build again. */
const digestOf = (paths, facts = []) => {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((p) => filesUnder(at(p))).sort())
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  for (const fact of facts) hash.update(`\0${fact}`);
  return hash.digest('hex');
};
const stampHolds = (stamp, digest) => existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
const writeStamp = (stamp, digest) => {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
};

const alive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** One setup at a time: two builds in one folder spoil each other. */
const alone = (work) => {
  const lock = at('build', '.setup.lock');
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
      if (holder > 0 && !alive(holder)) rmSync(lock, { force: true });
      else if (!told) told = (say('waiting for another setup to end'), true);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  process.on('exit', () => rmSync(lock, { force: true }));
  work();
};

const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17))
    stop(`Node ${process.versions.node} is too old; install Node 20.17 or later`);
};

/** Packages that came from elsewhere with the sources may look older than these: then their versions decide. */
const packagesAreFresh = () => {
  const [asked, installed] = [at('package-lock.json'), at('node_modules', '.package-lock.json')];
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(asked).mtimeMs) return true;
  const [wanted, there] = [asked, installed].map((file) => JSON.parse(readFileSync(file, 'utf8')).packages);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
};
const installPackages = () =>
  run('installed npm packages', 'npm', ['ci', '--no-audit', '--no-fund'], {
    shell: process.platform === 'win32',
  });

/** Where oneDNN's headers may be, besides what the compiler knows. */
const hasOnednn = () => {
  const fromVariable = (name, tail) =>
    (process.env[name] ?? '')
      .split(':')
      .filter(Boolean)
      .map((p) => join(p, tail));
  const folders = [
    '/usr/include',
    '/usr/local/include',
    '/opt/homebrew/include',
    ...fromVariable('CPATH', ''),
    ...fromVariable('CMAKE_PREFIX_PATH', 'include'),
    ...fromVariable('DNNLROOT', 'include'),
  ];
  return folders.some((folder) => existsSync(join(folder, 'oneapi', 'dnnl', 'dnnl.hpp')));
};

const installLibraries = () => {
  const tools = ['cmake', 'g++', ...(works('ninja') ? [] : ['make'])].filter((command) => !works(command));
  const missing = [...(hasOnednn() ? [] : ['libdnnl-dev']), ...tools];
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !works('apt-get')) {
    stop(
      `missing: ${missing.join(', ')} (names of Debian and Ubuntu); install them, for example: sudo apt-get install ${missing.join(' ')}`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('refreshed the package lists', 'apt-get', ['update', '-q'], { env });
  run(
    `installed ${missing.join(', ')}`,
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
    { env },
  );
};

const addon = () => {
  const built = at('build', 'Release', 'pathex.node');
  const stamp = at('build', 'Release', 'pathex.stamp');
  // The addon uses every instruction of this processor, so another one asks for another build.
  const flags = existsSync('/proc/cpuinfo')
    ? (/^flags\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? '')
    : '';
  const digest = digestOf(
    ['CMakeLists.txt', 'native'],
    [process.arch, process.platform, cpus()[0]?.model ?? '', flags],
  );
  return {
    done: () => existsSync(built) && stampHolds(stamp, digest),
    make: () => {
      installLibraries();
      run('built the native addon', process.execPath, [
        at('node_modules', 'cmake-js', 'bin', 'cmake-js'),
        'compile',
        '--parallel',
        String(Math.max(1, cpus().length)),
        // a compiler newer than those we know may warn of something new: that must stop a developer, not a user
        `--CDPATHEX_WARNINGS_ARE_ERRORS=${process.env.CI === 'true' ? 'ON' : 'OFF'}`,
      ]);
      writeStamp(stamp, digest);
    },
  };
};

const typeScript = () => {
  const stamp = at('dist', '.stamp');
  const digest = digestOf(['src', 'tsconfig.json', 'tsconfig.build.json']);
  return {
    done: () => stampHolds(stamp, digest),
    make: () => {
      run('compiled the TypeScript', process.execPath, [
        at('node_modules', 'typescript', 'bin', 'tsc'),
        '-p',
        'tsconfig.build.json',
      ]);
      writeStamp(stamp, digest);
    },
  };
};

checkNode();
const parts = process.argv.includes('--native-only') ? [addon] : [addon, typeScript];
if (!packagesAreFresh() || !parts.every((part) => part().done())) {
  alone(() => {
    if (!packagesAreFresh()) installPackages();
    for (const part of parts) {
      const { done, make } = part(); // anew: another setup may have done it meanwhile
      if (!done()) make();
    }
  });
}
