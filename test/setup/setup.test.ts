import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

/**
 * The set-up in copies of its files, on machines that lack something: what it does first, and what its last
 * line says.
 */

const made: string[] = [];
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/**
 * A folder with the set-up, as it lies in an installed package; a checkout has a stand-in for its compiler,
 * too.
 */
const folderOf = (kind: 'package' | 'checkout'): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pathex-setup-'));
  made.push(folder);
  for (const part of ['scripts/setup.mjs', 'scripts/setup', 'CMakeLists.txt', 'package.json'])
    cpSync(resolve(part), join(folder, part), { recursive: true });
  if (kind === 'checkout') {
    const compiler = join(folder, 'node_modules', 'typescript', 'bin');
    mkdirSync(compiler, { recursive: true });
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(compiler, 'tsc'), "require('fs').writeFileSync('dist/compiled', '');");
    writeFileSync(join(folder, 'package-lock.json'), '{ "packages": {} }');
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{ "packages": {} }');
  }
  return folder;
};

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly string[];
}
interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly last: string;
}
const setup = (
  folder: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Ended => {
  const programs = join(folder, 'programs'); // node alone: no compiler, no apt-get
  mkdirSync(programs, { recursive: true });
  if (!existsSync(join(programs, 'node'))) symlinkSync(process.execPath, join(programs, 'node'));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, 'scripts/setup.mjs'), ...args],
    {
      encoding: 'utf8',
      env: { PATH: programs, ...environment },
    },
  );
  return { code: status, out: stdout, last: stderr.trim().split('\n').at(-1) ?? '' };
};

describe('a set-up without a compiler', () => {
  it('of a checkout compiles the TypeScript first, and says what to install', () => {
    const folder = folderOf('checkout');
    const { code, out, last } = setup(folder);
    expect(code).toBe(1);
    expect(out).toContain('compiled the TypeScript');
    expect(existsSync(join(folder, 'dist', 'compiled'))).toBe(true);
    expect(last).toMatch(
      /missing .*cmake, g\+\+, make \(names of Debian and Ubuntu\)\. The reference device works without the addon\. Next: (sudo )?apt-get install .*cmake g\+\+ make.*; then: npm run setup$/,
    );
  });

  it('of a package has neither packages nor TypeScript to see to', () => {
    const folder = folderOf('package');
    const { code, out, last } = setup(folder);
    expect([code, out]).toEqual([1, '']);
    expect(last).toMatch(/Next: .*apt-get install .*cmake g\+\+ make.*; then: npx pathex setup --build$/);
    expect(existsSync(join(folder, 'dist'))).toBe(false);
  });

  it('says that DNNL_ROOT names no oneDNN, rather than take another', () => {
    const { code, last } = setup(folderOf('package'), [], { DNNL_ROOT: '/nowhere' });
    expect(code).toBe(1);
    expect(last).toContain('DNNL_ROOT is /nowhere, which holds no oneDNN (include/oneapi/dnnl/dnnl.hpp and');
    expect(last).toContain('Next: ');
  });
});

describe('an addon that came with a package', () => {
  const prebuilt = (folder: string): string => {
    const place = join(folder, 'prebuilds', `${process.platform}-${process.arch}`);
    mkdirSync(place, { recursive: true });
    return place;
  };

  it('is enough where it works', () => {
    const folder = folderOf('package');
    cpSync(resolve('build/Release'), prebuilt(folder), { recursive: true });
    const { code, out } = setup(folder);
    expect([code, out]).toEqual([
      0,
      'setup: the addon that came with the package works here; to build one of your own: npx pathex setup --build\n',
    ]);
    expect(setup(folder, ['--build']).last).toMatch(/cannot be built: missing .*g\+\+/);
  });

  it('is replaced where it does not, with the reason', () => {
    const folder = folderOf('package');
    writeFileSync(join(prebuilt(folder), 'pathex.node'), 'of another processor');
    const { code, out, last } = setup(folder);
    expect(out).toMatch(/^setup: the addon that came with the package does not work here: .*pathex\.node: /);
    expect(code).toBe(1);
    expect(last).toMatch(/cannot be built: missing .*g\+\+/);
  });
});

describe('a set-up in a broken folder', () => {
  it('says what to do next', () => {
    const folder = folderOf('checkout');
    writeFileSync(join(folder, 'package-lock.json'), '{ "packages"');
    utimesSync(join(folder, 'node_modules', '.package-lock.json'), 0, 0); // older, so that both are read
    const { code, last } = setup(folder);
    expect(code).toBe(1);
    expect(last).toMatch(/JSON.*\. Next: see that .* is whole and yours \(npm ci\), then: npm run setup$/);
  });

  it('names an option that is none', () => {
    expect(setup(folderOf('package'), ['--biuld'])).toMatchObject({
      code: 1,
      last: 'setup: unknown option --biuld. Next: give --native-only, --typescript-only, --build or none',
    });
  });
});

describe('oneDNN', () => {
  const missing = (environment: Readonly<Record<string, string>>): readonly string[] => {
    const module = pathToFileURL(resolve('scripts/setup/onednn.mjs')).href;
    const code = `const { missingPackages, wrongOnednn } = await import('${module}');
      console.log(JSON.stringify([...missingPackages(), ...[wrongOnednn() ?? []].flat()]));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      env: { PATH: '', ...environment },
    });
    return JSON.parse(stdout) as readonly string[]; // what the code prints
  };

  it.each(['DNNL_ROOT', 'DNNLROOT', 'CMAKE_PREFIX_PATH'])('is found where %s points', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'pathex-onednn-'));
    made.push(folder);
    for (const file of ['include/oneapi/dnnl/dnnl.hpp', 'lib64/libdnnl.so']) {
      mkdirSync(join(folder, file, '..'), { recursive: true });
      writeFileSync(join(folder, file), '');
    }
    expect(missing({ [name]: folder })).toEqual(['cmake', 'g++', 'make']);
  });
});

describe('the compilation for npm', () => {
  it('is left out while the set-up itself has called npm, which would wait for it', () => {
    const folder = folderOf('checkout');
    expect(setup(folder, ['--typescript-only'], { PATHEX_SETUP: 'running' }).code).toBe(0);
    expect(existsSync(join(folder, 'dist', 'compiled'))).toBe(false);
    expect(setup(folder, ['--typescript-only']).code).toBe(0);
    expect(existsSync(join(folder, 'dist', 'compiled'))).toBe(true);
  });

  it('does not fail without the development packages', () => {
    const folder = folderOf('checkout');
    rmSync(join(folder, 'node_modules', 'typescript'), { recursive: true });
    expect(setup(folder, ['--typescript-only'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('the TypeScript was not compiled') as string,
    });
  });

  it('leaves nothing in dist of sources that are no more', () => {
    const folder = folderOf('checkout');
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src', 'kept.ts'), '');
    for (const file of ['kept.js', 'kept.d.ts', 'gone.js', 'gone.js.map', 'gone.d.ts'])
      writeFileSync(join(folder, 'dist', file), '');
    expect(setup(folder, ['--typescript-only']).code).toBe(0);
    const left = ['kept.js', 'kept.d.ts', 'gone.js', 'gone.js.map', 'gone.d.ts'];
    expect(left.filter((file) => existsSync(join(folder, 'dist', file)))).toEqual(['kept.js', 'kept.d.ts']);
  });
});

describe('a long command', () => {
  const run = (command: string): ReturnType<typeof spawnSync> => {
    const module = pathToFileURL(resolve('scripts/setup/run.mjs')).href;
    const what = `{ doing: 'building', done: 'built', next: 'try again', every: 100 }`;
    const code = `const { run } = await import('${module}');
      await run(${what}, process.execPath, ['-e', ${JSON.stringify(command)}]);`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  };

  it('is told of while it lasts', () => {
    const { stdout } = run("console.log('[45/145] Building CXX object'); setTimeout(() => {}, 1000)");
    expect(stdout).toMatch(/^setup: building: 45 of 145 files, \d s$/m);
    expect(stdout).toMatch(/^setup: built \(\d\.\d s\)\n$/m);
  });

  it('ends with what to do next where it fails', () => {
    const { status, stderr } = run("console.log('what it said'); process.exit(3)");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^what it said\nsetup: building failed: .* ended with 3\. Next: try again\n$/);
  });
});

describe('the compiled files', () => {
  it('carry their sources for debuggers, since a package has no src', () => {
    const maps = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((f) =>
      f.endsWith('.js.map'),
    );
    expect(maps.length).toBeGreaterThan(100);
    for (const file of maps) {
      const map = JSON.parse(readFileSync(join('dist', file), 'utf8')) as SourceMap; // the compiler's format
      expect([file, map.sources.length, map.sourcesContent?.length]).toEqual([file, 1, 1]);
    }
  });
});
