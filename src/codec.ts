import { isLeft } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { fail, type ErrorCode } from './errors.js';

/** Text from outside in a message: quoted, short, and on one line whatever it holds. */
export const showText = (text: string): string => {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  // JSON escapes what would break or colour the line, but not the other control characters and line
  // separators.
  const quoted = JSON.stringify(short)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `'${quoted}'`;
};

/** The front of a value as JSON writes it, without going through all of a large one. */
const front = (value: unknown, room: number): string => {
  if (room <= 0) return '...';
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room));
  if (typeof value === 'bigint') return `${value}n`.slice(0, room + 1);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  const isList = Array.isArray(value);
  let text = isList ? '[' : '{';
  const add = (name: string, member: unknown): void => {
    // A chain of single members ends here as well: each level takes at least one character of the room.
    text += `${text.length > 1 ? ',' : ''}${name}`;
    text += front(member, Math.max(0, room - text.length));
  };
  if (isList) for (let i = 0; i < value.length && text.length <= room; i++) add('', value[i]);
  else
    for (const [key, member] of Object.entries(value)) {
      if (text.length > room) break;
      add(`${JSON.stringify(key.slice(0, 60))}:`, member);
    }
  return text + (isList ? ']' : '}');
};

/** A value from outside in a message: as JSON, short, and on one line. */
export const showJson = (value: unknown): string => {
  const text = front(value, 60);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** A member of something, as it is written after its name: `.key`, `[3]`, or `['an odd key']`. */
export const showStep = (key: string): string => {
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[\w$]{1,60}$/.test(key) ? `.${key}` : `[${showText(key)}]`;
};

/**
 * `plan.steps[3].stride[1]: expected integer, got "2"`: the deepest failure, which is the most specific one.
 */
const explain = (root: string, errors: t.Errors): string => {
  const deepest = errors.reduce((a, b) => (b.context.length > a.context.length ? b : a));
  const path = deepest.context
    .slice(1)
    .filter((c, i, all) => c.key !== '' && !isChoice(all[i - 1] ?? deepest.context[0]!));
  const where = path.reduce((s, c) => s + showStep(c.key), root);
  const last = deepest.context[deepest.context.length - 1]!;
  return `${where}: expected ${last.type.name}, got ${showJson(deepest.value)}`;
};

/** Members of unions and intersections add their index to the path; it means nothing to a reader. */
const isChoice = (entry: t.ContextEntry): boolean => {
  const tag = (entry.type as { readonly _tag?: string })._tag;
  return tag === 'UnionType' || tag === 'IntersectionType';
};

/**
 * A list whose first wrong member ends its decoding: t.readonlyArray collects the failures of all, which are
 * gigabytes where a hostile file has millions.
 */
export const list = <A, O>(
  member: t.Type<A, O, unknown>,
  {
    name = `Array<${member.name}>`,
    most = Infinity,
  }: { readonly name?: string; readonly most?: number } = {},
): t.Type<readonly A[], readonly O[], unknown> =>
  new t.Type<readonly A[], readonly O[], unknown>(
    name,
    (u): u is readonly A[] => Array.isArray(u) && u.length <= most && u.every(member.is),
    (u, context) => {
      if (!Array.isArray(u) || u.length > most) return t.failure(u, context);
      const decoded: A[] = [];
      for (let i = 0; i < u.length; i++) {
        const result = member.validate(u[i], t.appendContext(context, String(i), member, u[i]));
        if (isLeft(result)) return result;
        decoded.push(result.right);
      }
      return t.success(decoded);
    },
    (members) => members.map(member.encode),
  );

/** A number of a file, which must hold. */
export const numberThat = (
  name: string,
  holds: (value: number) => boolean,
): t.Type<number, number, unknown> => {
  const is = (value: unknown): value is number => typeof value === 'number' && holds(value);
  return new t.Type(
    name,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity,
  );
};
/** JSON writes NaN and Infinity as null, and reads 1e999 as Infinity: a file must not hold them. */
export const Finite = numberThat('a finite number', Number.isFinite);
export const Share = numberThat('a share from 0 to 1', (x) => x >= 0 && x <= 1);
export const Count = numberThat('a whole number from 0 on', (x) => Number.isSafeInteger(x) && x >= 0);

/** No file of ours or of safetensors nests deeper than ten levels; JSON.parse and its readers recurse. */
const MAX_DEPTH = 64;
/**
 * The longest JSON text, in UTF-16 units: the cap of the reference implementation of safetensors on its
 * header.
 */
export const MAX_JSON = 100_000_000;
/** The most members of lists and objects in all: each that is wrong costs a description of its place. */
export const MAX_MEMBERS = 2_000_000;

/**
 * Fails for a value that nests too deep, or in itself, or has too many members: decoders recurse over all of
 * it.
 */
const checkExtent = (value: unknown, root: string, code: ErrorCode): void => {
  let members = 0;
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { value: here, depth } = next;
    if (typeof here !== 'object' || here === null || ArrayBuffer.isView(here)) continue;
    if (depth >= MAX_DEPTH)
      fail(code, `${root}: nested deeper than ${MAX_DEPTH} levels; is it the right file?`);
    const inside: readonly unknown[] = Array.isArray(here) ? here : Object.values(here);
    members += inside.length;
    if (members > MAX_MEMBERS)
      fail(code, `${root}: more than ${MAX_MEMBERS} members of lists and objects; is it the right file?`);
    for (const member of inside)
      if (typeof member === 'object' && member !== null) stack.push({ value: member, depth: depth + 1 });
  }
};

/** Decodes what came from outside, or fails with one line that names the place. */
export const decode = <A>(
  codec: t.Type<A, unknown, unknown>,
  value: unknown,
  root: string,
  code: ErrorCode,
): A => {
  checkExtent(value, root, code);
  const result = codec.decode(value);
  return isLeft(result) ? fail(code, explain(root, result.left)) : result.right;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * What of a JSON text is too much to parse it, found without recursion; brackets and commas in strings do not
 * count.
 */
const excess = (text: string): string | undefined => {
  if (text.length > MAX_JSON) return `JSON of ${text.length} characters, at most ${MAX_JSON} are read`;
  let depth = 0;
  let commas = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (isString) {
      if (c === BACKSLASH) i++;
      else if (c === QUOTE) isString = false;
    } else if (c === QUOTE) isString = true;
    else if (c === COMMA) commas++;
    else if (c === OPEN_LIST || c === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) return `JSON nested deeper than ${MAX_DEPTH} levels at character ${i}`;
    } else if (c === CLOSE_LIST || c === CLOSE_OBJECT) depth--;
  }
  return commas < MAX_MEMBERS ? undefined : `JSON of more than ${MAX_MEMBERS} members`;
};

/** V8 quotes the text around the place, line breaks and all. */
const showSyntax = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/\s+/g, ' ')
    .replace(/[^\u0020-\u007e]/g, '?')
    .slice(0, 200);
};

/**
 * A key that an object of a JSON text has twice, of which JSON.parse would silently take the last. The text
 * must have been
 * parsed: this follows strings and brackets alone.
 */
const repeatedKey = (text: string): string | undefined => {
  const objects: (Set<string> | undefined)[] = []; // the keys of each open object; undefined for a list
  let isKeyNext = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === OPEN_OBJECT) {
      objects.push(new Set());
      isKeyNext = true;
    } else if (c === OPEN_LIST) {
      objects.push(undefined);
      isKeyNext = false;
    } else if (c === CLOSE_OBJECT || c === CLOSE_LIST) objects.pop();
    else if (c === COMMA) isKeyNext = objects.at(-1) !== undefined;
    else if (c === QUOTE) {
      const start = i;
      let isPlain = true;
      for (i++; text.charCodeAt(i) !== QUOTE; i++)
        if (text.charCodeAt(i) === BACKSLASH) {
          isPlain = false;
          i++;
        }
      const keys = objects.at(-1);
      if (!isKeyNext || keys === undefined) continue;
      isKeyNext = false;
      const key = isPlain ? text.slice(start + 1, i) : String(JSON.parse(text.slice(start, i + 1)));
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
};

/**
 * Parses JSON text from outside. An error of the given code for text that is not JSON, longer than 100
 * million characters, nested deeper than 64 levels, of more than two million members, or with a key twice.
 * Every JSON that the product reads goes through here.
 */
const parseJson = (text: string, root: string, code: ErrorCode): unknown => {
  const much = excess(text);
  if (much !== undefined) return fail(code, `${root}: ${much}; is it the right file?`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(code, `${root}: not JSON: ${showSyntax(error)}; is it whole, and the right file?`);
  }
  const repeated = repeatedKey(text);
  return repeated === undefined
    ? value
    : fail(code, `${root}: ${showText(repeated)} is there twice; which of the two is meant?`);
};

/** Parses JSON text and decodes it; see {@link parseJson}. */
export const decodeJson = <A>(
  codec: t.Type<A, unknown, unknown>,
  text: string,
  root: string,
  code: ErrorCode,
): A => decode(codec, parseJson(text, root, code), root, code);
