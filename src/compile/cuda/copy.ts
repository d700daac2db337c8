import type { CallAttributes } from '../../plan/calls.js';
import type { Plan } from '../../plan/plan.js';
import { joinedAxes, type CopyAxes } from '../copy-axes.js';
import {
  ALONE,
  elementsOf,
  floatLiteral,
  guarded,
  indent,
  indexType,
  operands,
  sumOf,
  type Draft,
  type Frame,
  type IndexType,
} from './kernel.js';
import { ceilDiv, THREADS } from './gpu.js';

/**
 * A thread for each of n elements, or packs of `pack` neighbouring ones, of which e is the first's number:
 * the first lines, and the launch.
 */
export const perElement = (
  n: number,
  index: IndexType,
  body: readonly string[],
  frame: Frame = ALONE,
  pack = 1,
): Pick<Draft, 'grid' | 'block' | 'body' | 'count'> => {
  const threads = frame.threads ?? Math.min(THREADS, Math.max(32, ceilDiv(n, 32) * 32));
  const thread = `${index.type === 'unsigned' ? frame.block : `(unsigned long long)${frame.block}`} * ${threads} + threadIdx.x`;
  return {
    grid: [ceilDiv(n, threads), 1, 1],
    block: threads,
    count: n * pack,
    body: indent([
      `const ${index.type} e = ${pack === 1 ? thread : `(${thread}) * ${pack}`};`,
      ...guarded(frame, ['e', frame.count ?? index.of(n * pack)], body),
    ]),
  };
};

export const copyDrafts = (
  plan: Plan,
  input: number,
  output: number,
  attributes: CallAttributes<'copy'>,
  frame = ALONE,
): Draft[] => {
  const axes = joinedAxes(attributes);
  const n = axes.reduce((p, a) => p * a.extent, 1);
  if (n === 0) return [];
  const last = axes[axes.length - 1];
  const rest = axes.slice(0, -1);
  const places = [attributes.srcOffset, attributes.dstOffset, ...rest.flatMap((a) => [a.from, a.to])];
  const converts = plan.buffers[input]!.dtype !== plan.buffers[output]!.dtype;
  const width =
    !converts && last?.from === 1 && last.to === 1 && n >= 4 * THREADS
      ? (([4, 2] as const).find((w) => last.extent % w === 0 && places.every((p) => p % w === 0)) ?? 1)
      : 1;
  // the last axis in packs
  const packed =
    last === undefined
      ? []
      : [...rest, { extent: last.extent / width, from: last.from * width, to: last.to * width }];
  const reach = Math.max(elementsOf(plan.buffers[input]!), elementsOf(plan.buffers[output]!), n);
  const index = indexType(reach + THREADS * width);
  // strides may be negative: offsets are then signed
  const isSigned = places.concat(last === undefined ? [] : [last.from, last.to]).some((p) => p < 0);
  const number: IndexType = isSigned
    ? {
        type: index.type === 'unsigned' ? 'int' : 'long long',
        of: (k) => (index.type === 'unsigned' ? `${k}` : `${k}ll`),
      }
    : index;
  const names = packed.map((_, k) => `i${k}`);
  const decode = packed.map((a, k): string => {
    const inner = packed.slice(k + 1).reduce((p, b) => p * b.extent, 1);
    const value = `${inner === 1 ? 'e' : `e / ${index.of(inner)}`}${k === 0 ? '' : ` % ${index.of(a.extent)}`}`;
    return `const ${number.type} ${names[k]!} = ${isSigned ? `(${number.type})(${value})` : value};`;
  });
  const address = (offset: number, stride: (a: CopyAxes[number]) => number): string => {
    const terms = sumOf(
      packed.map((a, k) => [names[k]!, stride(a)] as const),
      number,
    );
    if (offset === 0) return terms;
    return terms === number.of(0) ? number.of(offset) : `${number.of(offset)} + ${terms}`;
  };
  const [from, to] = [
    address(attributes.srcOffset, (a) => a.from),
    address(attributes.dstOffset, (a) => a.to),
  ];
  const move =
    width === 1 ? `y[${to}] = x[${from}];` : `store(y + (${to}), packAt<${width}>(x + (${from})));`;
  return [
    {
      doc: `${n} elements${width === 1 ? '' : `, ${width} a thread`}`,
      parameters: operands(plan, [['x', input]], [['y', output]]),
      ...perElement(n / width, index, [...decode, move], frame),
    },
  ];
};

export const fillDrafts = (plan: Plan, output: number, value: number, frame = ALONE): Draft[] => {
  const buffer = plan.buffers[output]!;
  const n = elementsOf(buffer);
  if (n === 0) return [];
  const literal =
    buffer.dtype === 'f32' || buffer.dtype === 'bf16' ? floatLiteral(value) : String(Math.trunc(value));
  return [
    {
      doc: `${n} elements`,
      parameters: operands(plan, [], [['y', output]]),
      ...perElement(n, indexType(n + THREADS), [`y[e] = ${literal};`], frame),
    },
  ];
};
