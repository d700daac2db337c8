import { describe, expect, it } from 'vitest';
import { definitionOf, type OpName } from '../../src/ops/registry.js';
import { unitCount, type UnitRule } from '../../src/ops/units.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { walk } from '../../src/graph/graph.js';
import { cases } from './cases.js';
import { run, trial } from './helper.js';

/** Every op's `units` against its own values: what a change of one unit of an input reaches. */

/** The output units that unit `unit` of input `i` may reach, as the rule says it. */
const reached = (rule: UnitRule, node: Tensor, i: number, unit: number): ReadonlySet<number> => {
  const all = Array.from({ length: unitCount(node) }, (_, k) => k);
  const stays = (): number[] => (unitCount(node.inputs[i]!) === 1 ? all : [unit]);
  switch (rule.kind) {
    case 'stay':
      return new Set(stays());
    case 'moved':
      return new Set(all.filter((k) => rule.from[k] === unit));
    case 'parts': {
      const before = node.inputs.slice(0, i).reduce((n, x) => n + unitCount(x), 0);
      return new Set(rule.along === 'places' ? stays() : [before + unit]);
    }
    case 'layer':
    case 'mixed':
      return new Set(all);
  }
};

const everyCase = Object.entries(cases).flatMap(([op, list]) =>
  list.map((c, i) => ({ op: op as OpName, name: `${op} ${c.label}`, c, seed: 31 + i })),
);

describe('a changed unit of an input reaches what the rule says and nothing else', () => {
  it.each(everyCase)('$name', ({ op, c, seed }) => {
    const { xs, y, at } = trial(c, seed);
    const node =
      walk([y])
        .filter((n) => n.op === op)
        .at(-1) ?? y; // leaves are cases of themselves
    const rule = definitionOf(node.op).units(node);
    const [before] = run([node], at);
    node.inputs.forEach((x, i) => {
      if (!xs.includes(x) || x.dtype !== 'f32') return;
      for (let unit = 0; unit < unitCount(x); unit++) {
        const values = at.get(x)!.map((v, j) => (j % unitCount(x) === unit ? v + 0.37 : v));
        const [after] = run([node], new Map([...at, [x, values]]));
        const found = new Set(
          [...after!.keys()].filter((j) => after![j] !== before![j]).map((j) => j % unitCount(node)),
        );
        // a tensor that stands in two places reaches what either says
        const allowed = node.inputs.flatMap((other, k) =>
          other === x ? [...reached(rule, node, k, unit)] : [],
        );
        expect(allowed, `input ${i}, unit ${unit}`).toEqual(expect.arrayContaining([...found]));
        const isExact = rule.kind === 'moved' || rule.kind === 'parts';
        if (isExact)
          expect([...found].sort(), `input ${i}, unit ${unit}`).toEqual([...new Set(allowed)].sort());
      }
    });
  });
});

describe('a layer says where the weight of two units is', () => {
  const layers = everyCase.filter(({ op, c, seed }) => {
    const { y } = trial(c, seed);
    return y.op === op && definitionOf(op).units(y).kind === 'layer';
  });
  it.each(layers)('$name', ({ op, c, seed }) => {
    const { xs, y, at } = trial(c, seed);
    const rule = definitionOf(op).units(y);
    if (rule.kind !== 'layer') throw new Error(`${op} is no layer`);
    const { outputs, inputs, taps, strides } = rule;
    const places = rule.places ?? Array.from({ length: outputs * inputs * taps }, (_, k) => k);
    const [x, w] = [xs[0]!, xs[1]!];
    expect([outputs, inputs]).toEqual([unitCount(y), unitCount(x)]);
    expect(places).toHaveLength(at.get(w)!.length);
    expect(outputs * inputs * taps).toBeGreaterThan(Math.max(...places));
    const ones = at.get(x)!.map(() => 1);
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++) {
        const all = new Float64Array(outputs * inputs * taps);
        for (let t = 0; t < taps; t++) all[o * strides[0] + i * strides[1] + t * strides[2]] = 1;
        expect(all.reduce((n, v) => n + v, 0)).toBe(taps);
        const only = Float64Array.from(places, (place) => all[place]!);
        const at1 = new Map([...at, [w, only], [x, ones.map((_, j) => (j % inputs === i ? 1 : 0))]]);
        const [through] = run([y], at1);
        const units = new Set([...through!.keys()].filter((j) => through![j] !== 0).map((j) => j % outputs));
        expect([...units]).toEqual(only.includes(1) ? [o] : []);
        const [beside] = run([y], new Map([...at1, [x, ones.map((_, j) => (j % inputs === i ? 0 : 1))]]));
        expect(beside!.every((v) => v === 0)).toBe(true);
      }
  });
  it('in convolutions, their transposes and products', () =>
    expect(new Set(layers.map(({ op }) => op))).toEqual(
      new Set(['conv2d', 'conv2dInputGrad', 'sparseConv2d', 'sparseConv2dInputGrad', 'matmul']),
    ));
});
