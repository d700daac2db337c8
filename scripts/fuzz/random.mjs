/** Draws that follow from a seed: mulberry32 (Tommy Ettinger, public domain). */
export const drawing = (seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, pick: (xs) => xs[below(xs.length)], chance: (p) => next() < p };
};

/** Nested text, `[[[...]]]` or `{"a":{"a":...}}`, which a careless reader follows by recursion. */
export const nested = (depth, isList) =>
  isList ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

/** JSON text of values of every kind, where something else is expected. */
export const oddValue = (draw) =>
  draw.pick([
    'null',
    'true',
    'false',
    '""',
    '"0"',
    '"[1]"',
    '"\\u0000\\n\\u001b[31m"',
    '"\\ud800"',
    '"__proto__"',
    '[]',
    '[[]]',
    '[null]',
    '["1"]',
    '[1]',
    '[2,3]',
    '[1,1]',
    '[0,0]',
    '[-1,2]',
    '[0.5,1]',
    '[1,2,3,4]',
    '[9007199254740991,9007199254740991]',
    '[94906267,94906267]',
    '[1e308,1e308]',
    '{}',
    '{"length":2}',
    '{"0":1,"1":2,"length":2}',
    '{"kind":"constant"}',
    '{"kind":"toString","value":1}',
    '{"__proto__":{"kind":"constant"}}',
    '0',
    '-0',
    '1',
    '2',
    '-1',
    '0.5',
    '1e3',
    '1.0',
    '1e400',
    '-1e400',
    '1e-400',
    '4294967296',
    '2147483648',
    '9007199254740991',
    '9007199254740992',
    '18446744073709551616',
    `"${'x'.repeat(5000)}"`,
    `[${'1,'.repeat(100)}1]`,
    nested(draw.pick([10, 64, 65, 5000, 20_000]), draw.chance(0.5)),
  ]);

/**
 * A JSON object as a list of members that may be malformed: keys may come twice, values are text. Members of
 * objects are such lists, everything else is its JSON text.
 */
export const membersOf = (object) =>
  Object.entries(object).map(([key, value]) => [
    JSON.stringify(key),
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? membersOf(value)
      : JSON.stringify(value),
  ]);
export const textOf = (members) =>
  typeof members === 'string'
    ? members
    : `{${members.map(([key, value]) => `${key}:${textOf(value)}`).join(',')}}`;

/** A few bytes of a file changed, cut, doubled or added. */
export const damage = (bytes, draw) => {
  const out = Buffer.from(bytes);
  const at = draw.below(out.length + 1);
  const to = Math.min(out.length, at + 1 + draw.below(40));
  switch (draw.below(6)) {
    case 0:
      for (let i = 0; i <= draw.below(4) && out.length > 0; i++)
        out[draw.below(out.length)] = draw.below(256);
      return out;
    case 1:
      for (let i = 0; i <= draw.below(4) && out.length > 0; i++)
        out[draw.below(out.length)] ^= 1 << draw.below(8);
      return out;
    case 2:
      return out.subarray(0, at);
    case 3:
      return Buffer.concat([out.subarray(0, at), out.subarray(to)]);
    case 4:
      return Buffer.concat([out.subarray(0, to), out.subarray(at)]);
    default:
      return Buffer.concat([
        out.subarray(0, at),
        Buffer.from(draw.pick(['{', '}', '[', ']', '"', ',', '\\', '\0', '1', '-', 'e', '\n'])),
        out.subarray(at),
      ]);
  }
};

/** What is wrong with an error; undefined for one line of reasonable length by the product's own class. */
export const faultOfError = (error, code) => {
  if (error?.name !== 'PathexError') return `not a PathexError: ${error?.stack ?? error}`;
  if (error.code !== code) return `code ${error.code}, not ${code}: ${error.message}`;
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(error.message))
    return `its message is not one line: ${JSON.stringify(error.message)}`;
  return error.message.length > 1500 ? `its message has ${error.message.length} characters` : undefined;
};
