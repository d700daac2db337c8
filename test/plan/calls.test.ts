import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CALLS, type CallRow } from '../../src/plan/calls.js';

const text = readFileSync(new URL('../../native/core/calls.inc', import.meta.url), 'utf8');
/** What the macros of a name are given, without line breaks. */
const rowsOf = (macro: string): string[] =>
  [...text.matchAll(new RegExp(`^${macro}\\(([^#]*?)\\)(?=\\n(?:PATHEX|\\n))`, 'gm'))].map(([, row]) =>
    row!.replace(/\s+/g, ' '),
  );

/** `real(a.n, a.h)` as `real[n,h]`. */
const operands = (list: string): string[] =>
  [...list.matchAll(/(\w+)\(([^()]*)\)/g)].map(([, type, extents]) =>
    type === 'anySize' ? 'any[...]' : `${type}[${extents!.replaceAll('a.', '').replaceAll(' ', '')}]`,
  );

const records = new Map(
  rowsOf('PATHEX_RECORD').map((row) => [
    row.slice(0, row.indexOf(',')),
    [...row.matchAll(/PATHEX_FIELD\((\w+), (\w+)\)/g)].map(([, kind, name]) => [name, kind]),
  ]),
);

describe('the table of calls', () => {
  it('is the same in TypeScript and in C++, row for row and field for field', () => {
    const rows = rowsOf('PATHEX_CALL').map((row) => {
      const [, name, record, cuda, inputs, outputs] =
        /^(\w+), (\w+), \w+, (\w+), PATHEX_OPERANDS\((.*)\), PATHEX_OPERANDS\((.*)\)$/.exec(row)!;
      return [
        name,
        {
          fields: records.get(record!),
          inputs: operands(inputs!),
          outputs: operands(outputs!),
          cuda,
        },
      ];
    });
    expect(rows).toEqual(
      Object.entries<CallRow>(CALLS).map(([name, row]) => [
        name,
        { ...row, fields: Object.entries(row.fields) },
      ]),
    );
  });

  it('has a record for every set of fields that differs', () => {
    const sets = [...records.values()].map((fields) => JSON.stringify(fields));
    expect(new Set(sets).size).toBe(sets.length);
  });
});
