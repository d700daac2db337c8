import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** The last words of every error say what to do: messages read "where: what differs; remedy". */

const src = fileURLToPath(new URL('../../src/', import.meta.url));

/** Messages that need no remedy of their own, by file and a part of their text, and why. */
const WITHOUT: readonly (readonly [file: string, part: string, why: string])[] = [
  ['compile/', 'compile:', 'a fault of the compiler, which no user can cause'],
  ['codec.ts', 'explain(', 'names the place and what was expected there'],
  ['graph/check.ts', 'invalid graph', 'shows the faulty node in context'],
  ['graph/codec.ts', '${where}: ${what}', "the op's own message, which ends with its remedy"],
  ['train/checkpoint.ts', '${reasonOf(error)}', 'passes another message on'],
  ['transform/paths.ts', 'paths: ${node.op} ${why}', 'the rule of the op says what to use instead'],
  ['datasets/cifar10.ts', '${other}', 'says what was found and what is needed'],
  ['options.ts', 'there is no option', 'the nearest option is the remedy'],
  ['options.ts', 'is unknown', 'the nearest word is the remedy'],
  ['weights/', '', "readers say what is wrong with a file, which the reader's caller names"],
  ['graph/codec.ts', '${reasonOf(error)}', "the op's own message, which ends with its remedy"],
  ['io/', 'cannot be read', 'the reason of the system says what is wrong with the file'],
  ['io/', '${whatOf(cause)}', 'says what is wrong with the archive, which its caller fetches'],
  ['runtime/', 'noValue(', 'names the nearest value, or says to add it'],
];

/** Texts without what is put into them, so that a semicolon there does not count. */
const bare = (text: string): string => text.replace(/\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, '...');

test('messages end with what to do next', () => {
  const lacking: string[] = [];
  let seen = 0;
  for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((n) =>
    n.endsWith('.ts'),
  )) {
    const file = ts.createSourceFile(
      name,
      readFileSync(join(src, name), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      if (
        ts.isCallExpression(node) &&
        node.expression.getText(file) === 'fail' &&
        node.arguments.length >= 2
      ) {
        seen++;
        const message = node.arguments[1]!.getText(file);
        const isExplained = WITHOUT.some(([start, part]) => name.startsWith(start) && message.includes(part));
        if (!ts.isIdentifier(node.arguments[1]!) && !bare(message).includes(';') && !isExplained)
          lacking.push(`${name}: ${message}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  expect(seen).toBeGreaterThan(100);
  expect(lacking).toEqual([]);
});
