import { describe, expect, test } from 'vitest';
import { checkValue, name } from '../../src/kinds.js';
import { checkKeys, checkNumber, checkWord, isPositiveInteger } from '../../src/options.js';

interface Some {
  readonly momentum?: number;
  readonly epochs?: number;
}
const KEYS = { momentum: true, epochs: true } as const;

describe('options at the public edge', () => {
  test('a misspelt key names the nearest known one', () => {
    expect(() => checkKeys<Some>('fit', { momentun: 0.9 } as Some, KEYS)).toThrow(
      "fit: there is no option 'momentun'; did you mean 'momentum'?",
    );
  });
  test('a key far from all lists what there is', () => {
    expect(() => checkKeys<Some>('fit', { zzz: 1 } as Some, KEYS)).toThrow(
      "fit: there is no option 'zzz'; its options are momentum, epochs",
    );
  });
  test('known keys pass, also when undefined', () => {
    expect(() => checkKeys<Some>('fit', { momentum: 0.9 }, KEYS)).not.toThrow();
    expect(() => checkKeys('fit', { epochs: undefined } as unknown as Some, KEYS)).not.toThrow();
  });
  test('keys of Object.prototype are not known', () => {
    expect(() => checkKeys<Some>('fit', { toString: 1 } as Some, KEYS)).toThrow("no option 'toString'");
  });
  test.each([[3], ['a'], [null], [[1]]])('%s is no options object', (given) => {
    expect(() => checkKeys<Some>('fit', given as Some, KEYS)).toThrow('fit: options must be an object');
  });
  test('a value in a message leaves it one line', () => {
    expect(() => checkValue('network: name', 'a\nb', name)).toThrow(
      /^network: name 'a\?b' has control characters, or more than 900; .*$/,
    );
    expect(() => checkValue('network: name', 'x'.repeat(901), name)).toThrow(/^network: name 'x{37}...' has/);
    checkValue('network: name', 'blocks.0/é', name);
  });
  test('words and numbers are named with what was given', () => {
    expect(() => checkWord('rate: kind', 'onecycle', ['oneCycle', 'multiStep'])).toThrow(
      "rate: kind 'onecycle' is unknown; did you mean 'oneCycle'?",
    );
    expect(() => checkNumber('fit: epochs', '3' as never, isPositiveInteger, 'a positive integer')).toThrow(
      "fit: epochs '3' is not a positive integer",
    );
  });
});
