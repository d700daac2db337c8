import { describe, expect, test } from 'vitest';
import { make, ops, registry, type OpName, type Ops } from '../../src/ops/registry.js';
import type { Attributes, Tensor } from '../../src/tensor/tensor.js';

/**
 * Geometry travels whole: a field that a geometry type gains later reaches every adjoint, path rule and
 * kernel without another edit.
 */

const x = ops.state('x', [2, 6, 6, 3]);
const w = ops.state('w', [4, 3, 3, 3]);
const conv = { stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1] } as const;
const pool = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
const y = ops.conv2d(x, w, conv);
const sparse = { ...conv, kernel: [3, 3] } as const;
const values = ops.state('values', [4]);
const index = ops.literal([4], [0, 7, 50, 107], 'i32');
const p = ops.sumPool(x, pool);

const nodes: readonly Tensor[] = [
  y,
  ops.conv2dInputGrad(y, w, [6, 6], conv),
  ops.conv2dWeightGrad(x, y, [3, 3], conv),
  ops.sparseConv2d(x, values, index, 4, sparse),
  ops.sparseConv2dInputGrad(y, values, index, [6, 6, 3], sparse),
  ops.sparseConv2dWeightGrad(x, y, index, sparse),
  ops.maxPool(x, pool),
  ops.maxPoolGather(x, x, pool),
  ops.maxPoolScatter(x, p, pool),
  p,
  ops.sumPoolGrad(p, [6, 6], pool),
];
const LATER = { groups: 3 };

/**
 * Builders that keep the attributes they are called with beside the nodes, which are those of today's
 * geometry.
 */
const recording = (seen: Attributes[]): Ops => {
  const own =
    (op: OpName) =>
    (...args: readonly unknown[]) => {
      const given = args.at(-1) as Attributes; // geometry is the last argument of each
      seen.push(given);
      const { groups: _, ...known } = given;
      const build = ops[op as 'conv2d'] as (...all: readonly unknown[]) => Tensor;
      return build(...args.slice(0, -1), known);
    };
  const recorded = nodes.map(({ op }) => [op, own(op as OpName)] as const);
  return { ...ops, ...Object.fromEntries(recorded) };
};

describe.each(nodes.map((node) => [node.op, node] as const))('%s', (op, node) => {
  const definition = registry[op as 'conv2d'];
  const later: Tensor = { ...node, attributes: { ...node.attributes, ...LATER } };

  test('its cotangents have the whole geometry', () => {
    const seen: Attributes[] = [];
    const dy = make('state', [], { name: 'dy', shape: node.shape });
    const cotangents = definition.vjp(recording(seen), later, dy).filter((g) => g !== null);
    expect(seen).toHaveLength(cotangents.length);
    const { size: _size, kernel, filters: _filters, ...rest } = later.attributes;
    // sparse ones have the kernel in their geometry, since no operand has its size
    const geometry = op.startsWith('sparse') ? { ...rest, kernel } : rest;
    for (const given of seen) expect(given).toEqual(geometry);
  });
  test('its kernel has the whole geometry', () =>
    expect(definition.lower(later)).toMatchObject({ attributes: LATER }));
});

test('the path rule of a pool has the whole geometry', () => {
  const rule = registry.maxPool.paths;
  if (rule.kind !== 'selection') throw new Error(`maxPool is a ${rule.kind}`);
  const node = ops.maxPool(x, pool);
  const later: Tensor = { ...node, attributes: { ...node.attributes, ...LATER } };
  const seen: Attributes[] = [];
  rule.open(recording(seen), later, x);
  rule.chosen(recording(seen), later, x, x);
  expect(seen).toEqual([later.attributes, later.attributes]);
});
