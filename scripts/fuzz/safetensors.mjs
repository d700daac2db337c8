import { damage, drawing, faultOfError, membersOf, nested, oddValue, textOf } from './random.mjs';

/** Safetensors files, sound and mutated, and whether what a reader makes of them is right. */

const BYTES = { F32: 4, F64: 8, I32: 4, I64: 8, U8: 1, F16: 2, BF16: 2 };
const NAMES = [
  'x',
  'conv1.weight',
  'fc.bias',
  '0',
  '',
  'fc.weight_mask',
  'ü',
  '__proto__',
  'constructor',
  'a b',
];

/** The members of a header and the data behind it. */
const base = (draw) => {
  const header = [];
  const parts = [];
  let end = 0;
  const names = new Set(Array.from({ length: draw.below(5) }, () => draw.pick(NAMES)));
  for (const name of names) {
    const dtype = draw.pick(Object.keys(BYTES));
    const shape = Array.from({ length: draw.below(4) }, () => draw.pick([0, 1, 2, 3, 5]));
    const bytes = shape.reduce((n, d) => n * d, BYTES[dtype]);
    parts.push(Buffer.from(Array.from({ length: bytes }, () => draw.below(256))));
    header.push([JSON.stringify(name), membersOf({ dtype, shape, data_offsets: [end, (end += bytes)] })]);
  }
  if (draw.chance(0.3))
    header.splice(draw.below(header.length + 1), 0, ['"__metadata__"', membersOf({ format: 'pt', a: '1' })]);
  return { header, data: Buffer.concat(parts) };
};

const fileOf = (header, data, length = BigInt(Buffer.byteLength(header))) => {
  const front = Buffer.alloc(8);
  front.writeBigUInt64LE(BigInt.asUintN(64, length));
  return Buffer.concat([front, Buffer.from(header), data]);
};

/** One edit of a header's members. */
const edit = (header, data, draw) => {
  const entry = header.length === 0 ? undefined : draw.pick(header);
  const field = Array.isArray(entry?.[1]) && entry[1].length > 0 ? draw.pick(entry[1]) : undefined;
  switch (draw.below(10)) {
    case 0:
      if (field !== undefined) field[1] = oddValue(draw);
      return;
    case 1:
      if (entry !== undefined) entry[1] = oddValue(draw);
      return;
    case 2:
      if (entry !== undefined)
        entry[0] = draw.pick([
          '"__metadata__"',
          '"x"',
          '"\\u0078"',
          '"a\\nb"',
          '"\\u001b[31m"',
          `"${'n'.repeat(3000)}"`,
          '"\\ud800"',
          'x',
          '""',
        ]);
      return;
    case 3: // twice
      if (entry !== undefined)
        header.splice(draw.below(header.length + 1), 0, [
          entry[0],
          draw.chance(0.5) ? entry[1] : oddValue(draw),
        ]);
      return;
    case 4:
      if (field !== undefined)
        entry[1].push(draw.chance(0.5) ? [field[0], oddValue(draw)] : ['"more"', oddValue(draw)]);
      return;
    case 5:
      if (field !== undefined) entry[1].splice(entry[1].indexOf(field), 1);
      return;
    case 6: // offsets that are near the truth
      if (field?.[0] === '"data_offsets"') {
        const offsets = JSON.parse(
          typeof field[1] === 'string' && /^\[\d+,\d+\]$/.test(field[1]) ? field[1] : '[0,0]',
        );
        offsets[draw.below(2)] += draw.pick([-8, -4, -1, 1, 4, 8, data.length, 2 ** 32, 2 ** 53]);
        field[1] = JSON.stringify(draw.chance(0.2) ? offsets.reverse() : offsets);
      }
      return;
    case 7:
      header.splice(draw.below(header.length + 1), 0, [
        JSON.stringify(draw.pick([...NAMES, '__metadata__'])),
        draw.chance(0.5)
          ? oddValue(draw)
          : membersOf({
              dtype: draw.pick(['F32', 'BOOL', 'F8_E4M3', 'toString', 'U8']),
              shape: [draw.below(3)],
              data_offsets: [data.length, data.length],
            }),
      ]);
      return;
    case 8:
      if (field?.[0] === '"dtype"')
        field[1] = JSON.stringify(
          draw.pick([
            ...Object.keys(BYTES),
            'U64',
            'I16',
            'BOOL',
            'f32',
            'constructor',
            '__proto__',
            'F32\n',
          ]),
        );
      return;
    default:
      if (field?.[0] === '"shape"')
        field[1] = `[${Array.from({ length: draw.below(70) }, () => draw.pick([0, 1, 1, 1, 2, 2 ** 31, 2 ** 53 - 1])).join(',')}]`;
  }
};

/** The bytes of case `seed`; `isSound` where nothing was changed. */
export const safetensorsCase = (seed) => {
  const draw = drawing(seed);
  const { header, data } = base(draw);
  const kind = draw.below(10);
  if (kind === 0) return { bytes: fileOf(textOf(header), data), isSound: true };
  if (kind <= 6) {
    for (let i = 0; i <= draw.below(3); i++) edit(header, data, draw);
    return { bytes: fileOf(textOf(header), data), isSound: false };
  }
  const text = textOf(header);
  if (kind === 7) {
    const length = draw.pick([
      0n,
      1n,
      -1n,
      2n ** 63n,
      2n ** 53n,
      100_000_001n,
      BigInt(text.length) + BigInt(draw.below(20)) - 10n,
    ]);
    return { bytes: fileOf(text, data, length), isSound: false };
  }
  if (kind === 8) {
    const odd = draw.pick([
      oddValue(draw),
      `${' '.repeat(draw.below(9))}${text}${' '.repeat(draw.below(9))}`,
      `\ufeff${text}`,
      `${text}{}`,
      nested(20_000, true),
      `{"__metadata__":${oddValue(draw)}}`,
    ]);
    return { bytes: fileOf(odd, draw.chance(0.5) ? data : Buffer.alloc(0)), isSound: false };
  }
  let bytes = fileOf(text, data);
  for (let i = 0; i <= draw.below(3); i++) bytes = damage(bytes, draw);
  return { bytes, isSound: false };
};

/** Whether the tensors that were read are those of the file, by a reader that trusts the file. */
const faultOfRead = (bytes, { tensors, metadata }) => {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  const { __metadata__: said = {}, ...entries } = header;
  if (JSON.stringify(Object.entries(said)) !== JSON.stringify(Object.entries(metadata)))
    return 'other metadata';
  const names = Object.keys(entries);
  if (names.length !== Object.keys(tensors).length) return 'another number of tensors';
  let covered = 0;
  for (const name of names) {
    const { dtype, shape, data_offsets: offsets } = entries[name];
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor === undefined) return `tensor ${JSON.stringify(name)} is missing`;
    const own = bytes.subarray(start + offsets[0], start + offsets[1]);
    const count = shape.reduce((n, d) => n * BigInt(d), 1n);
    if (count !== BigInt(tensor.data.length)) return 'another number of elements';
    if (count * BigInt(BYTES[dtype]) !== BigInt(own.length)) return 'its bytes are not those of its shape';
    if (JSON.stringify(shape) !== JSON.stringify(tensor.shape)) return 'another shape';
    covered += own.length;
    if (dtype === 'F16' || dtype === 'BF16') continue; // converted; there are tests of their values
    if (dtype !== tensor.dtype) return 'another type';
    if (!own.equals(Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)))
      return 'other data';
  }
  return covered === bytes.length - start ? undefined : 'bytes that belong to no tensor, or to two';
};

/** What is wrong with how `decode` and `encode` take a case; undefined where all is as it must be. */
export const faultOfSafetensors = ({ bytes, isSound }, { decode, encode }) => {
  let read;
  try {
    read = decode(new Uint8Array(bytes), 'w.safetensors');
  } catch (error) {
    return isSound ? `a sound file is refused: ${error}` : faultOfError(error, 'WEIGHTS');
  }
  try {
    const fault = faultOfRead(bytes, read);
    if (fault !== undefined) return fault;
    const written = encode(read.tensors, read.metadata);
    const again = decode(written, 'again');
    return Buffer.from(encode(again.tensors, again.metadata)).equals(Buffer.from(written))
      ? undefined
      : 'reads back as something else';
  } catch (error) {
    return `what was read cannot be used: ${error?.stack ?? error}`;
  }
};

/** Compact weights files of a small network, sound and mutated. */

const bytesOf = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const COMPACT = 'pathex-compact';

/** A network with a convolution and columns of a flattened image, and what reads and writes its files. */
export const compactApi = ({
  network,
  pipe,
  conv2d,
  flatten,
  linear,
  initialise,
  masksOfZeros,
  ...codecs
}) => {
  const { decode, encode, decodeWeights, encodeWeights } = codecs;
  const net = network('small', [3, 4, 2], (x) =>
    pipe(x, conv2d('conv', 5, { kernel: 3 }), flatten, linear('fc', 12)),
  );
  const weights = initialise(net, 0);
  const prunable = [...masksOfZeros(net, weights).keys()];
  return { net, weights, prunable, decode, encode, decodeWeights, encodeWeights };
};

/** A network's sound compact file, as `encodeWeights` writes it, with masks of the seed. */
const compactBase = (draw, { net, prunable, weights, decode, encodeWeights }) => {
  const density = draw.pick([0, 0.01, 0.1, 0.5, 1]);
  const masks = new Map(
    prunable.map((name) => [name, weights.get(name).data.map(() => (draw.chance(density) ? 1 : 0))]),
  );
  const bytes = encodeWeights(net, {
    weights,
    masks: new Map([...masks].map(([name, mask]) => [name, Uint8Array.from(mask)])),
    metadata: { network: net.name },
    form: 'compact',
  });
  return { bytes, ...decode(bytes, 'sound') };
};

/** One edit of what stands for a weight: its gaps, its values, or its shape. */
const editCompact = (tensors, metadata, { prunable, weights }, draw) => {
  const name = draw.pick(prunable);
  const [gapsKey, valuesKey] = [`${name}_gaps`, `${name}_values`];
  const gaps = tensors[gapsKey];
  const key = draw.pick([gapsKey, valuesKey]);
  switch (draw.below(10)) {
    case 0: // other gaps, as many
      if (gaps?.dtype === 'U8' && gaps.data.length > 0)
        gaps.data[draw.below(gaps.data.length)] = draw.pick([0, 1, 254, 255, draw.below(256)]);
      return;
    case 1: // more or fewer
      if (gaps?.dtype === 'U8') {
        const data = [...gaps.data];
        data.splice(
          draw.below(data.length + 1),
          draw.below(2),
          ...Array.from({ length: draw.pick([0, 1, 2, 300]) }, () => draw.pick([0, 1, 255])),
        );
        tensors[gapsKey] = { dtype: 'U8', shape: [data.length], data: Uint8Array.from(data) };
      }
      return;
    case 2:
      return void Reflect.deleteProperty(tensors, key);
    case 3:
      tensors[key] = draw.pick([
        { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 3) },
        { dtype: 'F64', shape: [1], data: Float64Array.of(0.5) },
        { dtype: 'F32', shape: [1], data: Float32Array.of(NaN) },
        { dtype: 'F32', shape: [], data: Float32Array.of(1) },
        { dtype: 'U8', shape: [1, 1], data: Uint8Array.of(1) },
        { dtype: 'U8', shape: [0], data: new Uint8Array(0) },
      ]);
      return;
    case 4: // the dense form beside it
      tensors[draw.pick([name, `${name}_mask`, `${name}_`, 'x_gaps'])] = {
        dtype: 'U8',
        shape: [1],
        data: Uint8Array.of(1),
      };
      return;
    case 5:
      metadata[COMPACT] = draw.chance(0.5)
        ? oddValue(draw)
        : `{"version":${draw.chance(0.5) ? 1 : oddValue(draw)},"shapes":${oddValue(draw)}}`;
      return;
    case 6: {
      // a shape of the same file
      const text = metadata[COMPACT] ?? '';
      const found = [...text.matchAll(/\[[\d,]*\]/g)];
      if (found.length === 0) return;
      const { index, 0: shape } = draw.pick(found);
      const other = draw.chance(0.5) ? oddValue(draw) : draw.pick(['[65536,65536]', '[1]', '[]', '[0]']);
      metadata[COMPACT] = text.slice(0, index) + other + text.slice(index + shape.length);
      return;
    }
    case 7:
      metadata[COMPACT] = damage(Buffer.from(metadata[COMPACT] ?? ''), draw).toString('utf8');
      return;
    case 8: {
      // one more place, about the end
      const values = tensors[valuesKey];
      if (gaps?.dtype !== 'U8' || values?.dtype !== 'F32') return;
      const last = gaps.data.reduce((sum, gap) => sum + gap, 0);
      const gap = Math.max(0, weights.get(name).data.length - last + draw.pick([-1, 0, 1]));
      const more = [...Array.from({ length: Math.floor(gap / 255) }, () => 255), gap % 255];
      const [data, live] = [Uint8Array.of(...gaps.data, ...more), Float32Array.of(...values.data, 1)];
      tensors[gapsKey] = { dtype: 'U8', shape: [data.length], data };
      tensors[valuesKey] = { dtype: 'F32', shape: [live.length], data: live };
      return;
    }
    default:
      return void Reflect.deleteProperty(metadata, draw.pick([COMPACT, 'network']));
  }
};

/** The bytes of case `seed`, of a network, the names of its prunable weights and weights for it. */
export const compactCase = (seed, api) => {
  const draw = drawing(seed);
  const { bytes, tensors, metadata } = compactBase(draw, api);
  const kind = draw.below(10);
  if (kind === 0) return { bytes: Buffer.from(bytes), isSound: true };
  if (kind <= 7) {
    const [own, said] = [{ ...tensors }, { ...metadata }];
    for (let i = 0; i <= draw.below(2); i++) editCompact(own, said, api, draw);
    return { bytes: Buffer.from(api.encode(own, said)), isSound: false };
  }
  let damaged = Buffer.from(bytes);
  for (let i = 0; i <= draw.below(2); i++) damaged = damage(damaged, draw);
  return { bytes: damaged, isSound: false };
};

/** Whether what was read is live where the gaps say so and nowhere else, in the order of a dense file. */
const faultOfCompact = (bytes, { net, prunable, decode, encodeWeights }, read) => {
  const { tensors } = decode(new Uint8Array(bytes), 'again');
  const dense = decode(encodeWeights(net, { ...read, form: 'dense' }), 'dense').tensors;
  for (const name of prunable) {
    const [values, gaps] = [tensors[`${name}_values`].data, tensors[`${name}_gaps`].data];
    const expected = new Map();
    let [place, next] = [0, 0];
    for (const gap of gaps) {
      place += gap;
      if (gap !== 255) expected.set(place, values[next++]);
    }
    if (expected.size !== values.length) return 'places that are not as many as values';
    const [data, mask] = [dense[name].data, dense[`${name}_mask`].data];
    if (Math.max(-1, ...expected.keys()) >= data.length) return 'a place beyond the end';
    for (let i = 0; i < data.length; i++) {
      if (!Object.is(data[i], expected.get(i) ?? 0)) return `${name}: another value at ${i}`;
      if (mask[i] !== (expected.has(i) ? 1 : 0)) return `${name}: another mask at ${i}`;
    }
  }
  return undefined;
};

/** What is wrong with how `decodeWeights` and `encodeWeights` take a case; undefined where nothing is. */
export const faultOfCompactFile = ({ bytes, isSound }, api) => {
  const { net, decodeWeights, encodeWeights, decode } = api;
  let read;
  try {
    read = decodeWeights(new Uint8Array(bytes), net, 'w.safetensors');
  } catch (error) {
    return isSound ? `a sound file is refused: ${error}` : faultOfError(error, 'WEIGHTS');
  }
  try {
    if (read.form !== 'compact') return 'read as a dense file';
    const fault = faultOfCompact(bytes, api, read);
    if (fault !== undefined) return fault;
    const written = decode(encodeWeights(net, read), 'written');
    const found = decode(new Uint8Array(bytes), 'again').tensors;
    // what a file may hold besides has no place in another
    const other = Object.entries(written.tensors).find(
      ([name, tensor]) => found[name] === undefined || !bytesOf(found[name]).equals(bytesOf(tensor)),
    );
    return other === undefined ? undefined : `${other[0]} is written otherwise than it was read`;
  } catch (error) {
    return `what was read cannot be used: ${error?.stack ?? error}`;
  }
};
