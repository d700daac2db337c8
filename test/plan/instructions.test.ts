import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../src/plan/instructions.js';

describe('the table of instructions', () => {
  it('is the same in TypeScript and in C++, row for row', () => {
    const text = readFileSync(new URL('../../native/core/instructions.inc', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^PATHEX_INSTRUCTION\("(\w+)", (\w+), (\d),/gm)];
    expect(rows.map(([, name, , arity]) => [name, Number(arity)])).toEqual(
      Object.entries(INSTRUCTIONS).map(([name, { arity }]) => [name, arity]),
    );
    // `const` is a word of C++; every other enumerator is the name in the plan
    expect(rows.filter(([, name, enumerator]) => name !== enumerator).map((row) => row.slice(1, 3))).toEqual([
      ['const', 'constant'],
    ]);
  });
});
