import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * Scripts and benchmarks reach into the built package; a room that moves must not leave one of them behind.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = ['scripts', 'scripts/fuzz', 'bench', 'examples'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => `${folder}/${name}`),
);

/** The source of a module of dist/ as a script names it; null for what is no such module. */
const sourceOf = (script: string, specifier: string): string | null => {
  const path = join(dirname(join(root, script)), specifier);
  const dist = join(root, 'dist/');
  return path.startsWith(dist) ? join(root, 'src', path.slice(dist.length).replace(/\.js$/, '.ts')) : null;
};

describe.each(files)('%s', (script) => {
  const text = readFileSync(join(root, script), 'utf8');
  test('imports what there is', async () => {
    for (const [, names = '', specifier = ''] of text.matchAll(/import \{([^}]*)\} from '(\.[^']*)'/g)) {
      const source = sourceOf(script, specifier);
      if (source === null) continue;
      const exported = Object.keys((await import(pathToFileURL(source).href)) as object);
      expect(exported).toEqual(
        expect.arrayContaining(
          names
            .split(',')
            .map((n) => n.trim())
            .filter(Boolean),
        ),
      );
    }
    for (const [, specifier = ''] of text.matchAll(/import\('(\.[^']*)'\)/g)) {
      const source = sourceOf(script, specifier);
      expect(source === null || existsSync(source), `${script}: ${specifier}`).toBe(true);
    }
  });
});
