#!/usr/bin/env node
// Makes a checkout ready to run: packages, the compiled TypeScript, oneDNN, the native addon. Each part is
// done only
// when something it depends on has changed, so that every command may call this first. In an installed
// package, which
// has its packages and its TypeScript, it builds the addon unless the one that came with it works.
//   --native-only       leave out the TypeScript
//   --typescript-only   the TypeScript alone, with the packages that are there
//   --build             build the addon even if there is one that works
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { askedOnednn, missingPackages, wrongOnednn } from './setup/onednn.mjs';
import { run, say, stop, works } from './setup/run.mjs';
import { alone, digestOf, readStamp, removeOrphans, writeStamp } from './setup/stamps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const given = new Set(process.argv.slice(2));
const isCheckout = existsSync(at('package-lock.json'));
const again = isCheckout ? 'npm run setup' : 'npx pathex setup --build';

for (const option of given) {
  if (!['--native-only', '--typescript-only', '--build'].includes(option))
    stop(`unknown option ${option}. Next: give --native-only, --typescript-only, --build or none`);
}

const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 17))
    stop(`Node ${process.versions.node} is too old. Next: install Node 20.17 or later`);
};

/**
 * Packages that came from elsewhere with the sources may look older than these: then their versions decide.
 */
const packagesAreFresh = () => {
  const [asked, installed] = [at('package-lock.json'), at('node_modules', '.package-lock.json')];
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(asked).mtimeMs) return true;
  const [wanted, there] = [asked, installed].map((file) => JSON.parse(readFileSync(file, 'utf8')).packages);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
};
const packages = {
  done: packagesAreFresh,
  make: () =>
    run(
      {
        doing: 'installing npm packages',
        done: 'installed npm packages',
        next: `see that npm reaches its registry (npm ping), then: ${again}`,
      },
      'npm',
      ['ci', '--no-audit', '--no-fund'],
      // This compiles the TypeScript itself, so npm's call of "prepare" need not.
      { cwd: root, shell: process.platform === 'win32', env: { ...process.env, PATHEX_SETUP: 'running' } },
    ),
};

const typeScript = () => {
  const stamp = at('dist', '.stamp');
  const digest = digestOf(root, ['src', 'tsconfig.json', 'tsconfig.build.json']);
  return {
    done: () => readStamp(stamp) === digest,
    make: async () => {
      await run(
        {
          doing: 'compiling the TypeScript',
          done: 'compiled the TypeScript',
          next: `mend what the lines above name, or get the pinned compiler with npm ci, then: ${again}`,
        },
        process.execPath,
        [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
        { cwd: root },
      );
      // npx runs the checkout's own command as it is, and the compiler makes no file executable
      const command = at('dist', 'cli', 'main.js');
      if (existsSync(command)) chmodSync(command, 0o755);
      removeOrphans(at('dist'), at('src'));
      writeStamp(stamp, digest);
    },
  };
};

/**
 * Installs what a build of the addon needs, where that is allowed; otherwise the last line says how to get
 * it.
 */
const libraries = async () => {
  const meanwhile = 'The reference device works without the addon.';
  const wrong = wrongOnednn();
  if (wrong !== undefined) stop(`${wrong}. ${meanwhile} Next: correct it or leave it out, then: ${again}`);
  const missing = missingPackages();
  if (missing.length === 0) return;
  const install = `apt-get install ${missing.join(' ')}`;
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (!isCheckout || sudo !== '' || !works('apt-get')) {
    const elsewhere = missing.includes('libdnnl-dev')
      ? ', or point DNNL_ROOT or CMAKE_PREFIX_PATH at an installation of oneDNN'
      : '';
    stop(
      `the native addon cannot be built: missing ${missing.join(', ')} (names of Debian and Ubuntu). ${meanwhile} ` +
        `Next: ${sudo}${install}${elsewhere}; then: ${again}`,
    );
  }
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const next = `${install} by hand, then: ${again}. ${meanwhile}`;
  await run(
    { doing: 'refreshing the package lists', done: 'refreshed the package lists', next },
    'apt-get',
    ['update', '-q'],
    options,
  );
  await run(
    { doing: `installing ${missing.join(', ')}`, done: `installed ${missing.join(', ')}`, next },
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
    options,
  );
};

const addon = () => {
  const built = at('build', 'Release', 'pathex.node');
  const stamp = at('build', 'Release', 'pathex.stamp');
  const digest = digestOf(root, ['CMakeLists.txt', 'native'], [process.arch, process.platform]);
  return {
    done: () => {
      if (!existsSync(built) || given.has('--build')) return false;
      const [of, onednn = ''] = readStamp(stamp).split('\n');
      return of === digest && (askedOnednn === '' || askedOnednn === onednn);
    },
    make: async () => {
      await libraries();
      rmSync(at('build', 'CMakeCache.txt'), { force: true }); // it remembers another oneDNN, or another folder's path
      rmSync(dirname(built), { recursive: true, force: true }); // link anew, whatever became of these files
      const cmakeJs = dirname(createRequire(at('package.json')).resolve('cmake-js/package.json'));
      await run(
        {
          doing: 'building the native addon',
          done: 'built the native addon',
          next: `mend what the lines above name, then: ${again}. The reference device works without the addon`,
        },
        process.execPath,
        [
          join(cmakeJs, 'bin', 'cmake-js'),
          'compile',
          '--parallel',
          String(availableParallelism()),
          // a compiler newer than those we know may warn of something new: that must stop a developer, not a
          // user
          `--CDPATHEX_WARNINGS_ARE_ERRORS=${process.env.CI === 'true' ? 'ON' : 'OFF'}`,
        ],
        { cwd: root },
      );
      writeStamp(stamp, `${digest}\n${askedOnednn}`);
    },
  };
};

/** Why the addon that came with the package does not open its cpu device here; nothing if it does. */
const refusalOfPrebuilt = () => {
  const file = at('prebuilds', `${process.platform}-${process.arch}`, 'pathex.node');
  if (!existsSync(file)) return `it is not made for ${process.platform} ${process.arch}`;
  const open = `(async () => new (require(${JSON.stringify(file)}).Device)({ threads: 1 }).open())().catch((error) => {
    console.error(error.message.split('\\n')[0]);
    process.exit(1);
  })`;
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', open], { encoding: 'utf8' });
  return status === 0 ? undefined : stderr.trim() || `it ended with ${signal ?? status}`;
};

const parts = () => {
  if (given.has('--typescript-only')) {
    if (process.env.PATHEX_SETUP === 'running') return []; // npm was called by this very program
    // npm calls this after an installation without development packages, too
    if (existsSync(at('node_modules', 'typescript'))) return [typeScript];
    say('the TypeScript was not compiled: there is no compiler without the development packages');
    return [];
  }
  if (isCheckout) return [() => packages, ...(given.has('--native-only') ? [] : [typeScript]), addon];
  // One that was built here is used before the one that came along.
  if (given.has('--build') || existsSync(at('build', 'Release', 'pathex.node'))) return [addon];
  const refusal = refusalOfPrebuilt();
  if (refusal === undefined) {
    say(
      'the addon that came with the package works here; to build one of your own: npx pathex setup --build',
    );
    return [];
  }
  if (existsSync(at('prebuilds'))) say(`the addon that came with the package does not work here: ${refusal}`);
  return [addon];
};

const main = async () => {
  checkNode();
  const wanted = parts();
  if (wanted.every((part) => part().done())) return;
  await alone(at('build', '.setup.lock'), async () => {
    for (const part of wanted) {
      const { done, make } = part(); // anew: another setup may have done it meanwhile
      if (!done()) await make();
    }
  });
};
try {
  await main();
} catch (error) {
  const packagesAgain = isCheckout ? 'npm ci' : 'npm i in the folder that depends on pathex';
  stop(
    `${error.message.split('\n')[0]}. Next: see that ${root} is whole and yours (${packagesAgain}), then: ${again}`,
  );
}
