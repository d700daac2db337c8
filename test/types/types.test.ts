import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsc = join(root, 'node_modules/.bin/tsc');

interface Checked {
  readonly ok: boolean;
  readonly text: string;
}

const compile = (...args: readonly string[]): Promise<Checked> =>
  new Promise((resolve) => {
    execFile(
      tsc,
      ['--noEmit', '--pretty', 'false', ...args],
      { cwd: root, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => resolve({ ok: error === null, text: stdout + stderr }),
    );
  });

/** Checks some files alone, under the project's options. */
const compileFiles = async (files: readonly string[], ...args: readonly string[]): Promise<Checked> => {
  const folder = await mkdtemp(join(tmpdir(), 'pathex-types-'));
  try {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { rootDir: '/', types: [] },
      include: [],
      files,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    return await compile('-p', folder, ...args);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** The messages for a user's file that starts with the usual imports and these lines. */
const complaintsAbout = async (...lines: readonly string[]): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'pathex-types-'));
  try {
    const file = join(folder, 'user.ts');
    await writeFile(
      file,
      [
        `import { add, conv2d } from '${join(root, 'src/nn/layers.js')}';`,
        `import type { Nhwc, Tensor } from '${join(root, 'src/tensor/tensor.js')}';`,
        'declare const x: Tensor<Nhwc<32, 112, 112, 64>>;',
        ...lines,
      ].join('\n'),
    );
    const { ok, text } = await compileFiles([file]);
    expect(ok).toBe(false);
    return text.replaceAll(/^.*user\.ts/gm, 'user.ts');
  } finally {
    await rm(folder, { recursive: true });
  }
};

describe.concurrent('the compiler', () => {
  it('agrees with every line of the *.test-d.ts files', async ({ expect }) => {
    const { text } = await compile('-p', 'test/types/tsconfig.json');
    expect(text).toBe('');
  });

  it('shows both shapes of a wrong residual add, and the two sizes or channels that differ', async ({
    expect,
  }) => {
    const text = await complaintsAbout(
      "export const size = add(x, conv2d('down', 64, { kernel: 3, stride: 2 })(x));",
      "export const channels = add(x, conv2d('wide', 128, { kernel: 1 })(x));",
      "export const said = conv2d('next', 64, { kernel: 1, in: 128 })(x);",
    );
    expect(text).toMatchInlineSnapshot(`
      "user.ts(4,28): error TS2345: Argument of type 'Tensor<Nhwc<32, 56, 56, 64>, DType>' is not assignable to parameter of type 'Tensor<NoInfer<Nhwc<32, 112, 112, 64>>, DType>'.
        Type 'Nhwc<32, 56, 56, 64>' is not assignable to type 'readonly [n: 32, h: 112, w: 112, c: 64]'.
          Type at position 1 in source is not compatible with type at position 1 in target.
            Type '56' is not assignable to type '112'.
      user.ts(5,32): error TS2345: Argument of type 'Tensor<Nhwc<32, 112, 112, 128>, DType>' is not assignable to parameter of type 'Tensor<NoInfer<Nhwc<32, 112, 112, 64>>, DType>'.
        Type 'Nhwc<32, 112, 112, 128>' is not assignable to type 'readonly [n: 32, h: 112, w: 112, c: 64]'.
          Type at position 3 in source is not compatible with type at position 3 in target.
            Type '128' is not assignable to type '64'.
      user.ts(6,64): error TS2345: Argument of type 'Tensor<Nhwc<32, 112, 112, 64>, DType>' is not assignable to parameter of type 'Tensor<Nhwc<32, 112, 112, 128>, DType>'.
        Type 'Nhwc<32, 112, 112, 64>' is not assignable to type 'Nhwc<32, 112, 112, 128>'.
          Type at position 3 in source is not compatible with type at position 3 in target.
            Type '64' is not assignable to type '128'.
      "
    `);
  });

  it("takes the package's declarations without any option of the project but NodeNext", async ({
    expect,
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'pathex-types-'));
    try {
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await writeFile(
        join(folder, 'user.ts'),
        `export { openDevice } from '${join(root, 'dist/index.js')}';`,
      );
      const config = {
        compilerOptions: { module: 'NodeNext', target: 'ES2022', strict: true, types: [] },
        files: ['user.ts'],
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const { text } = await compile('-p', folder);
      expect(text).toBe('');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('checks ResNet-50 at 224 in few instantiations', async ({ expect }) => {
    const instantiations = async (file: string): Promise<number> => {
      const { ok, text } = await compileFiles(
        [join(root, 'test/types/budget', file)],
        '--extendedDiagnostics',
      );
      expect(ok, text).toBe(true);
      return Number(/Instantiations:\s+(\d+)/.exec(text)![1]);
    };
    const [base, whole] = await Promise.all([instantiations('baseline.ts'), instantiations('resnet50.ts')]);
    expect(whole - base).toBeLessThan(25_000);
  });
});
