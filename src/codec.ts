import { isLeft } from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { fail, type ErrorCode } from './errors.js';

const showValue = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** `plan.steps[3].stride[1]: expected integer, got "2"`: the deepest failure, which is the most specific one. */
export const explain = (root: string, errors: t.Errors): string => {
  const deepest = errors.reduce((a, b) => (b.context.length > a.context.length ? b : a));
  const path = deepest.context
    .slice(1)
    .filter((c, i, all) => c.key !== '' && !isChoice(all[i - 1] ?? deepest.context[0]!));
  const where = path.reduce((s, c) => s + (/^\d+$/.test(c.key) ? `[${c.key}]` : `.${c.key}`), root);
  const last = deepest.context[deepest.context.length - 1]!;
  return `${where}: expected ${last.type.name}, got ${showValue(deepest.value)}`;
};

/** Members of unions and intersections add their index to the path; it means nothing to a reader. */
const isChoice = (entry: t.ContextEntry): boolean => {
  const tag = (entry.type as { readonly _tag?: string })._tag;
  return tag === 'UnionType' || tag === 'IntersectionType';
};

/** Decodes what came from outside, or fails with one line that names the place. */
export const decode = <A>(
  codec: t.Type<A, unknown, unknown>,
  value: unknown,
  root: string,
  code: ErrorCode,
): A => {
  const result = codec.decode(value);
  return isLeft(result) ? fail(code, explain(root, result.left)) : result.right;
};

/** Parses JSON text and decodes it. */
export const decodeJson = <A>(
  codec: t.Type<A, unknown, unknown>,
  text: string,
  root: string,
  code: ErrorCode,
): A => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(code, `${root}: not JSON: ${(error as Error).message}; is it whole, and the right file?`);
  }
  return decode(codec, value, root, code);
};
