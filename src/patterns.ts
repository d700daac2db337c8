import { fail } from './errors.js';
import { didYouMean, showValue } from './options.js';
import type { Kind } from './kinds.js';

/** Names of parameters: a name, one with `*` for any letters, or a regular expression. */
export type NamePattern = string | RegExp;

export const namePattern: Kind = {
  expected: "a name, a pattern such as 'bn*', or a regular expression",
  test: (value) => (typeof value === 'string' && value !== '') || value instanceof RegExp,
};

const expressionOf = (pattern: NamePattern): RegExp =>
  typeof pattern === 'string'
    ? new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}$`)
    : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')); // a global one would remember where it stopped

/** Whether a name is one that the pattern means. */
export const matchesName = (pattern: NamePattern, name: string): boolean => expressionOf(pattern).test(name);

/** The names that some pattern means. Throws OPTION for a pattern that means none of them. */
export const matchingNames = (
  where: string,
  patterns: readonly NamePattern[],
  names: readonly string[],
): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const expression = expressionOf(pattern);
    const own = names.filter((name) => expression.test(name));
    if (own.length === 0) {
      const near = typeof pattern === 'string' ? didYouMean(pattern, names) : '';
      fail(
        'OPTION',
        `${where}: ${typeof pattern === 'string' ? showValue(pattern) : String(pattern)} matches none of ${names.length} names${near}; ${namesToChoose(names)}`,
      );
    }
    for (const name of own) found.add(name);
  }
  return found;
};

const namesToChoose = (names: readonly string[]): string =>
  `give names such as ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`;
