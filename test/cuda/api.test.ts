import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { needsWheels, wheels, withoutWheels } from './ask.js';

/** The names and values that we wrote out for ourselves, against NVIDIA's own headers. */

const read = (path: string): string => readFileSync(path, 'utf8');
const ours = (path: string): Map<string, number> => {
  const text = read(new URL(`../../${path}`, import.meta.url).pathname);
  const pairs = [
    ...text.matchAll(/"(CUDNN_ATTR_\w+)", (\d+)/g),
    ...text.matchAll(/\b(CU[A-Z]*_\w+)(?: = |\{)(\d+)\}?/g),
  ];
  return new Map(pairs.map(([, name, value]) => [name!, Number(value)]));
};

/** Every enumerator of a header. A value may be left to counting, or be another enumerator's. */
const theirs = (text: string): Map<string, number> => {
  const found = new Map<string, number>();
  const plain = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
  for (const [, body] of plain.matchAll(/enum\b[^{};]*\{([^}]*)\}/g)) {
    let next = 0;
    for (const item of body!.split(',')) {
      const match = /^\s*(\w+)(?:\s+\w+)?\s*(?:=\s*([-\w]+)\s*)?$/.exec(item);
      if (match === null) continue;
      const value = match[2] === undefined ? next : (found.get(match[2]) ?? Number(match[2]));
      found.set(match[1]!, value);
      next = value + 1;
    }
  }
  return found;
};

describe.skipIf(withoutWheels)(needsWheels("NVIDIA's headers give the same value to"), () => {
  const folder = 'folder' in wheels ? wheels.folder : '';
  const headers = (part: string, names: readonly string[]): Map<string, number> =>
    theirs(names.map((name) => read(join(folder, 'nvidia', part, 'include', name))).join('\n'));

  it.each([
    ['native/cuda/api/cudnn.h', 'cudnn', ['cudnn_graph.h'], 70],
    ['native/cuda/api/cublaslt.h', 'cu13', ['cublas_api.h', 'cublasLt.h'], 20],
  ] as const)('every name of %s', (path, part, names, atLeast) => {
    const known = headers(part, names);
    const used = ours(path);
    for (const name of ['CUDA_R_32F', 'CUDA_R_16BF']) used.delete(name); // of library_types.h, which comes with the CUDA runtime and not with these wheels
    expect(used.size).toBeGreaterThanOrEqual(atLeast);
    expect(Object.fromEntries([...used.keys()].map((name) => [name, known.get(name)]))).toEqual(
      Object.fromEntries(used),
    );
  });
});
