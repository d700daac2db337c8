import { fail } from '../errors.js';

export interface Column {
  readonly header: string;
  /** Stands in the header, as 'time (s)', so that the cells stay bare numbers. */
  readonly unit?: string;
  /** Decimals of numbers. Default: none where all numbers of the column are whole, else 2. */
  readonly digits?: number;
  /** Default: 'right' where a column holds nothing but numbers, else 'left'. */
  readonly align?: 'left' | 'right';
}

/** `null` is a value that does not exist (as the flow of a method that has none); it is shown as '-'. */
export type Cell = string | number | null;
export type Row = readonly Cell[];

/**
 * A table with every cell already written: what the terminal and HTML share, so that they show the same
 * figures.
 */
export interface WrittenTable {
  readonly headers: readonly string[];
  readonly right: readonly boolean[];
  readonly cells: readonly (readonly string[])[];
}

/** 1234567.891 as '1,234,567.89'. The same in every locale: reports are compared across machines. */
export const showNumber = (value: number, digits = 0): string =>
  new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    value,
  );

/** Line breaks and terminal control codes would tear a table apart, or repaint the reader's terminal. */

const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

/** Writes numbers and headers. Error OUTPUT for a row whose length is not the number of columns. */
export const writeTable = (columns: readonly Column[], rows: readonly Row[]): WrittenTable => {
  rows.forEach((row, i) => {
    if (row.length !== columns.length)
      fail(
        'OUTPUT',
        `table: row ${i} has ${row.length} cells, there are ${columns.length} columns; give a cell for each`,
      );
  });
  const values = columns.map((_, c) => rows.map((row) => row[c]!).filter((v) => v !== null));
  const digits = columns.map(
    (column, c) =>
      column.digits ?? (values[c]!.every((v) => typeof v === 'string' || Number.isInteger(v)) ? 0 : 2),
  );
  return {
    headers: columns.map(({ header, unit }) => oneLine(unit === undefined ? header : `${header} (${unit})`)),
    right: columns.map(
      ({ align }, c) =>
        (align ??
          (values[c]!.length > 0 && values[c]!.every((v) => typeof v === 'number') ? 'right' : 'left')) ===
        'right',
    ),
    cells: rows.map((row) =>
      row.map((v, c) => {
        if (v === null) return '-';
        return typeof v === 'number' ? showNumber(v, digits[c]!) : oneLine(v);
      }),
    ),
  };
};

/** Characters, not UTF-16 units. Wide scripts do not occur in names of methods and layers. */
const width = (text: string): number => [...text].length;

/**
 * An aligned table for a terminal or a log: header, rule, rows; no line ends in blanks, none is followed by a
 * line break.
 */
export const table = (columns: readonly Column[], rows: readonly Row[]): string => {
  const { headers, right, cells } = writeTable(columns, rows);
  const widths = headers.map((header, c) => Math.max(width(header), ...cells.map((row) => width(row[c]!))));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, c) =>
        right[c]! ? ' '.repeat(widths[c]! - width(text)) + text : text + ' '.repeat(widths[c]! - width(text)),
      )
      .join('  ')
      .trimEnd();
  return [line(headers), widths.map((w) => '-'.repeat(w)).join('  '), ...cells.map(line)].join('\n');
};
