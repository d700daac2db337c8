import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import * as pathex from '../../src/index.js';

/** What README.md and docs/*.md show is code that compiles, and commands that the command line takes. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

interface Block {
  readonly where: string;
  readonly language: string;
  readonly code: string;
}
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const blocksOf = (page: string): readonly Block[] =>
  [...textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    where: `${page}:${textOf(page).slice(0, match.index).split('\n').length}`,
    language: match[1]!,
    code: match[2]!,
  }));
const blocks = pages.flatMap(blocksOf);

/** What excerpts leave out, by how they begin; a block without an entry is a whole file. */
const AROUND: Readonly<Record<string, readonly [before: string, after: string]>> = {
  'const begin = device.mark();': [
    `import { secondsBetween, type Device, type Executable, type Store } from 'pathex';
     declare const device: Device, step: Executable, store: Store, inputs: readonly Record<string, number[]>[];`,
    'void b;',
  ],
  'accumulate: (view) => {': [
    `import { flow, flowScores, ops, pathNetwork, type Criterion, type PathReading } from 'pathex';
     declare const options: Required<Pick<PathReading, 'biasPaths' | 'constantSplit' | 'maxPool' | 'scaled'>>;
     export const px: Pick<Criterion, 'accumulate' | 'score'> = {`,
    '};',
  ],
  'export const GRASP_OPTIONS': [
    `import { option, positive, withOptions, type Criterion } from 'pathex';
     declare const rest: (temperature: number) => Criterion;`,
    '',
  ],
};
const whole = (code: string): string => {
  const [before, after] = Object.entries(AROUND).find(([start]) => code.startsWith(start))?.[1] ?? ['', ''];
  return `${before}\n${code.replace('({ ... })', '({ ...rest(temperature) })')}\n${after}\nexport {};\n`;
};

describe('TypeScript on the pages', () => {
  const typed = blocks.filter((block) => block.language === 'ts');
  test('there is some', () =>
    expect(typed.map(({ where }) => where)).toContainEqual(expect.stringMatching(/^README/)));
  const compiled = (sources: readonly string[]): readonly string[] => {
    const folder = mkdtempSync(join(tmpdir(), 'pathex-docs-'));
    try {
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      const files = sources.map((_, i) => join(folder, `block${i}.ts`));
      files.forEach((file, i) => writeFileSync(file, sources[i]!));
      const program = ts.createProgram(files, {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
        paths: { pathex: [join(root, 'src/index.ts')] },
      });
      return files.map((file) =>
        ts
          .getPreEmitDiagnostics(program, program.getSourceFile(file))
          .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
          .join('\n'),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  test('compiles as it stands, and what the README says turns red does', () => {
    const [script] = typed.filter(({ where }) => where.startsWith('README'));
    const wide = script!.code.replace('conv2d(`${name}.conv`, 32', 'conv2d(`${name}.conv`, 64');
    const hundred = script!.code.replace("linear('fc', 10)", "linear('fc', 100)");
    const found = compiled([...typed.map(({ code }) => whole(code)), whole(wide), whole(hundred)]);
    typed.forEach(({ where }, i) => expect(found[i], where).toBe(''));
    expect(found.at(-2)).toContain("Type '64' is not assignable to type '32'");
    expect(found.at(-1)).toContain("Type '10' is not assignable to type '100'");
  });
});

describe('JavaScript on the pages', () => {
  test.each(blocks.filter(({ language }) => language === 'js'))(
    '$where parses, and what it imports exists',
    ({ code }) => {
      const { diagnostics } = ts.transpileModule(code, {
        reportDiagnostics: true,
        fileName: 'block.mjs',
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, allowJs: true },
      });
      expect(diagnostics).toEqual([]);
      const [, names] = /import \{([^}]*)\} from 'pathex'/.exec(code)!;
      for (const name of names!.split(',')) expect(pathex).toHaveProperty(name.trim());
    },
  );
});

test('the script of docs/criteria.md runs, and prints what its criterion leaves', async () => {
  const [script] = blocksOf('docs/criteria.md').filter(({ language }) => language === 'js');
  const body = script!.code.replace(/^import (\{[^}]*\}) from 'pathex';/, 'const $1 = pathex;');
  const lines: string[] = [];
  // what makes async functions has no name of its own
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...given: readonly unknown[]) => Promise<void>;
  await new AsyncFunction('pathex', 'console', body)(pathex, { log: (line: string) => lines.push(line) });
  const counts = lines.slice(0, -1).map((line) => /: (\d+) of (\d+)$/.exec(line)!.slice(1).map(Number));
  expect(counts[0]![0]).toBe(counts[0]![1]);
  const [live, total] = [0, 1].map((k) => counts.slice(1).reduce((n, own) => n + own[k]!, 0));
  expect(live).toBe(pathex.survivors(total!, 0.1));
  expect(lines.at(-1)).toBe('less');
});

describe('commands on the pages', () => {
  const inline = (page: string): readonly (readonly [string, string])[] =>
    [...textOf(page).matchAll(/`((?:npx )?pathex [a-z]+[^`\n]*)`/g)].map((m) => [page, m[1]!]);
  const fenced = blocks
    .filter(({ language }) => language === '' || language === 'sh')
    .flatMap(({ where, code }) =>
      code.split('\n').map((line) => [where, line.replace(/\s+# .*$/, '').trim()] as const),
    );
  const lines = [...fenced, ...pages.flatMap(inline)];
  /** As the shell splits a line without expansions. */
  const words = (line: string): readonly string[] =>
    (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));

  const given = lines.filter(([, line]) => /^(npx )?pathex /.test(line));
  test('there are some', () => expect(given.length).toBeGreaterThan(10));
  test.each(given)('%s: %s', async (_, line) => {
    const [name, ...args] = words(line.replace(/^npx /, '')).slice(1);
    const command = commands.find((c) => c.name() === name);
    expect(command, `a command '${name}'`).toBeDefined();
    let ran = false;
    command!
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .action(() => {
        ran = true;
      });
    const isMention = !line.startsWith('npx '); // of a flag in a sentence, where what a whole command needs may be left out
    try {
      await command!.parseAsync(args, { from: 'user' });
      expect(ran).toBe(true);
    } catch (error) {
      if (!(isMention && (error as { code?: string }).code === 'commander.missingMandatoryOptionValue'))
        throw error;
    }
  });

  const scripts = (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts;
  test('scripts of npm and of bench/ that are named exist', () => {
    for (const [where, line] of fenced) {
      const [, run, plain] = /^npm (?:run (\S+)|(start|test))/.exec(line) ?? [];
      const name = run ?? plain;
      if (name !== undefined) expect(Object.keys(scripts), where).toContain(name);
      const [file] = /^(bench|scripts)\/\S+/.exec(line) ?? [];
      if (file !== undefined) expect(existsSync(join(root, file)), `${where}: ${file}`).toBe(true);
    }
  });
});
