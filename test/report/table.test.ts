import { describe, expect, it } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { showNumber, table, type Column, type Row } from '../../src/report/table.js';

const columns: readonly Column[] = [
  { header: 'method' },
  { header: 'live' },
  { header: 'time', unit: 's', digits: 1 },
  { header: 'flow' },
];
const rows: readonly Row[] = [
  ['px', 1_234_567, 3.14159, 12.5],
  ['magnitude', 89, 1200, null],
];

describe('a table', () => {
  it('aligns numbers right, words left, with thousands separated and units in the header', () => {
    expect(table(columns, rows)).toMatchInlineSnapshot(`
      "method          live  time (s)   flow
      ---------  ---------  --------  -----
      px         1,234,567       3.1  12.50
      magnitude         89   1,200.0      -"
    `);
  });

  it('is a header and a rule where there are no rows', () => {
    expect(table([{ header: 'a' }, { header: 'b', unit: '%' }], [])).toBe('a  b (%)\n-  -----');
  });

  it('counts characters, not code units, and keeps every cell on its line', () => {
    const lines = table(
      [{ header: 'name' }, { header: 'n' }],
      [
        ['µ∞𝄞', 1],
        ['two\nlines\u001b[2J', 2],
      ],
    ).split('\n');
    expect(lines.map((l) => [...l].length)).toEqual([16, 16, 16, 16]);
    expect(lines.join('')).not.toContain('\u001b');
  });

  it('refuses a row of another length', () => {
    expect(() => table(columns, [['px', 1]])).toThrow(
      new PathexError('OUTPUT', 'table: row 0 has 2 cells, there are 4 columns; give a cell for each'),
    );
  });

  it('writes numbers alike in every locale', () => {
    expect([showNumber(1234567.891, 2), showNumber(0.5), showNumber(-1000), showNumber(NaN)]).toEqual([
      '1,234,567.89',
      '1',
      '-1,000',
      'NaN',
    ]);
  });
});
