import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest';
import { Interrupted, report, thenContinue } from '../../src/cli/common.js';
import { PathexError, type ErrorCode } from '../../src/errors.js';

/** What a user reads last after a failure, and the exit code that scripts see. */
let write: MockInstance;
beforeEach(() => {
  write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => write.mockRestore());
const said = (): readonly string[] =>
  write.mock.calls
    .map(([text]) => String(text))
    .join('')
    .trimEnd()
    .split('\n');

test('an error that names its remedy is printed as it is', () => {
  expect(report(new PathexError('OUTPUT', 'a: exists already; give another name'))).toBe(1);
  expect(said()).toEqual(['pathex: OUTPUT: a: exists already; give another name']);
});

const codes: readonly ErrorCode[] = [
  'SHAPE', 'GRAPH', 'PLAN', 'NETWORK', 'DEVICE', 'NATIVE', 'DATA', 'WEIGHTS', 'CHECKPOINT', 'OPTION', 'NON_FINITE',
  'COLLAPSE', 'OUTPUT',
]; // prettier-ignore
test.each(codes)('%s without a remedy gets one', (code) => {
  expect(report(new PathexError(code, 'x: is wrong'))).toBe(1);
  expect(said()).toEqual([expect.stringMatching(new RegExp(`^pathex: ${code}: x: is wrong; \\w.{15}`))]);
});

test('an error with several lines is one', () => {
  report(new PathexError('GRAPH', 'invalid graph: x; correct it\n%1 = add'));
  expect(said()).toEqual(['pathex: GRAPH: invalid graph: x; correct it']);
});

test('a fault of pathex says that it is one, after what there is to report', () => {
  expect(report(new TypeError('x is not a function'))).toBe(70);
  expect(said()[0]).toBe('pathex: internal error: TypeError: x is not a function');
  expect(said().at(-1)).toMatch(
    /^pathex: this is a fault of pathex, not of yours: please report the lines above and your command \(pathex \d.*, Node\.js v\d.*, \w+ \w+\)$/,
  );
});

test('memory that is not there is no fault of pathex', () => {
  let error: unknown;
  try {
    new Uint8Array(2 ** 53 - 1);
  } catch (thrown) {
    error = thrown;
  }
  expect(report(error)).toBe(1);
  expect(said()).toEqual([
    expect.stringMatching(/^pathex: out of memory: .*; take a smaller batch or network, fewer images/),
  ]);
});

test.each([
  [new Interrupted(), 130, 'pathex: interrupted; run the same command again'],
  [new Interrupted(143), 143, 'pathex: interrupted; run the same command again'],
  [thenContinue(new Interrupted(143), 'continue with: x'), 143, 'pathex: interrupted; continue with: x'],
])('an interruption says what to do next', (error, code, line) => {
  expect(report(error)).toBe(code);
  expect(said()).toEqual([line]);
});

test('another error in interruptible work stays itself', () => {
  const error = new PathexError('DATA', 'x; y');
  expect(thenContinue(error, 'continue')).toBe(error);
});
