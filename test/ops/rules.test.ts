import { isLeft } from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walk } from '../../src/graph/graph.js';
import { definitionOf, ops, registry, type OpName } from '../../src/ops/registry.js';
import { attributesCodec, isCallName } from '../../src/plan/calls.js';
import { INSTRUCTIONS } from '../../src/plan/instructions.js';
import { fold, key } from '../../src/random.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { grad } from '../../src/transform/grad.js';
import { cases } from './cases.js';
import {
  curvedProbe,
  dot,
  gradientError,
  gradientProbe,
  noise,
  norm,
  probe,
  run,
  sizesAgree,
  trial,
  type Case,
  type Trial,
} from './helper.js';

const everyCase = Object.entries(cases).flatMap(([op, list]) =>
  list.map((c, i) => ({ op: op as OpName, name: `${op} ${c.label}`, c, seed: 17 + i })),
);
const ownNode = (op: OpName, y: Tensor): Tensor =>
  walk([y])
    .filter((n) => n.op === op)
    .at(-1) ?? y;

const expectAdjoint = (c: Case, { xs, y, at }: Trial, group: readonly number[], seed: number): void => {
  const wrt = group.map((i) => xs[i]!);
  const t = wrt.map((x, i) => noise(fold(key(seed), 't', i), x.shape));
  const cotangent = noise(fold(key(seed), 'probe'), y.shape); // the one that `probe` takes
  const [jt] = run([y], new Map([...at, ...wrt.map((x, i) => [x, t[i]!] as const)]));
  const jc = run(grad(probe(y, seed), wrt), at);
  const right = t.reduce((s, v, i) => s + dot(v, jc[i]!), 0);
  const scale = norm(jt!) * norm(cotangent) + t.reduce((s, v, i) => s + norm(v) * norm(jc[i]!), 0);
  expect(Math.abs(dot(jt!, cotangent) - right), `${c.label}, inputs ${group.join()}`).toBeLessThanOrEqual(
    1e-12 * scale,
  );
};

describe('every op', () => {
  it('has a case here, a doc and its own name', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(registry).sort());
    for (const [name, list] of Object.entries(cases)) {
      expect(list.length, name).toBeGreaterThan(0);
      expect(definitionOf(name)).toMatchObject({ name, doc: expect.stringMatching(/\w/) as string });
    }
  });

  it.each(everyCase)('$name: infer tells the number of elements, also of its gradients', ({ c, seed }) => {
    const { xs, y, at, reals } = trial(c, seed);
    const wrt = reals.map((i) => xs[i]!);
    expect(sizesAgree([y, ...grad(probe(y, seed), wrt)], at)).toBe(true);
  });

  it.each(everyCase.filter(({ c }) => c.cuts !== true))('$name: vjp is the derivative', ({ c, seed }) => {
    const { xs, y, at, reals } = trial(c, seed);
    for (const i of reals)
      expect(gradientError(probe(y, seed), [xs[i]!], at, seed).error, `input ${i}`).toBeLessThan(1e-6);
  });

  it.each(everyCase.filter(({ c }) => c.linear !== undefined))(
    '$name: <J t, c> = <t, Jᵀ c>',
    ({ c, seed }) => {
      const made = trial(c, seed);
      for (const i of c.linear!) expectAdjoint(c, made, i, seed);
    },
  );

  it.each(everyCase.filter(({ c }) => c.cuts !== true))(
    '$name: the gradient of the gradient is the second derivative',
    ({ c, seed }) => {
      const { xs, y, at, reals } = trial(c, seed);
      const wrt = reals.map((i) => xs[i]!);
      if (wrt.length === 0) return;
      const scalar = gradientProbe(curvedProbe(y, seed), wrt, seed);
      expect(gradientError(scalar, wrt, at, seed).error).toBeLessThan(1e-5);
      expect(sizesAgree(grad(scalar, wrt), at)).toBe(true);
    },
  );

  it.each(everyCase)('$name: costs no less than nothing', ({ op, c, seed }) => {
    const { flops } = definitionOf(op).cost(ownNode(op, trial(c, seed).y));
    expect(Number.isInteger(flops) && flops >= 0).toBe(true);
  });

  it.each(everyCase.filter(({ op }) => definitionOf(op).reading === undefined))(
    '$name: lowers to what the Plan knows',
    ({ op, c, seed }) => {
      const node = ownNode(op, trial(c, seed).y);
      const axesAreAscending = (axes: readonly number[], rank: number): boolean =>
        axes.every((a, i) => a < rank && (i === 0 || a > axes[i - 1]!));
      const lowering = definitionOf(op).lower(node);
      switch (lowering.kind) {
        case 'leaf':
        case 'constant':
          return expect(node.inputs).toEqual([]);
        case 'alias':
          return expect(size(node.shape)).toBe(size(node.inputs[0]!.shape));
        case 'elementwise':
          if (op === 'toReal') return expect(lowering.instruction).toBe('load');
          return expect(INSTRUCTIONS).toHaveProperty(`${lowering.instruction}.arity`, node.inputs.length);
        case 'broadcast':
          return expect(
            lowering.axes.length === node.inputs[0]!.shape.length &&
              axesAreAscending(lowering.axes, node.shape.length),
          ).toBe(true);
        case 'reduce':
          return expect(
            lowering.axes.length + node.shape.length === node.inputs[0]!.shape.length &&
              axesAreAscending(lowering.axes, 3),
          ).toBe(true);
        case 'call': {
          if (!isCallName(lowering.kernel)) throw new Error(`the Plan has no kernel of this name`);
          const decoded = attributesCodec(lowering.kernel).decode(lowering.attributes);
          return expect(isLeft(decoded) ? decoded.left.map((e) => e.context.map((k) => k.key)) : []).toEqual(
            [],
          );
        }
        case 'copies': {
          const writes = new Float64Array(size(node.shape));
          for (const { input, dims, srcOffset, srcStrides, dstOffset, dstStrides } of lowering.copies) {
            const source = size(node.inputs[input]!.shape);
            for (let i = 0; i < size(dims); i++) {
              const index = dims.map((d, k) => Math.floor(i / size(dims.slice(k + 1))) % d);
              const from = index.reduce((s, j, k) => s + j * srcStrides[k]!, srcOffset);
              expect(from >= 0 && from < source).toBe(true);
              writes[index.reduce((s, j, k) => s + j * dstStrides[k]!, dstOffset)]! += 1;
            }
          }
          return expect(Math.max(...writes) === 1 && (!lowering.cover || Math.min(...writes) === 1)).toBe(
            true,
          );
        }
      }
    },
  );

  it.each(everyCase.filter(({ op }) => definitionOf(op).reading !== undefined))(
    '$name: lowers to an error that says what to do',
    ({ op, c, seed }) => {
      expect(() => definitionOf(op).lower(ownNode(op, trial(c, seed).y))).toThrow(
        `${op}: the graph was not read for inference or training; apply inference() or training() first`,
      );
    },
  );
});

describe('stopGradient', () => {
  it('is the identity with zero derivative', () => {
    const { xs, y, at } = trial(cases.stopGradient[0]!, 3);
    expect(run([y], at)[0]).toEqual(at.get(xs[0]!));
    expect(run(grad(probe(ops.add(y, xs[0]!), 1), [xs[0]!]), at)).toEqual(
      run(grad(probe(xs[0]!, 1), [xs[0]!]), at),
    );
  });
});

describe('convolutions and pools of any geometry', () => {
  const side = fc.integer({ min: 1, max: 7 });
  const small = fc.integer({ min: 1, max: 3 });
  const edges = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3));
  const expectAllRules = (c: Case, seed: number): void => {
    const made = trial(c, seed);
    const wrt = made.reals.map((i) => made.xs[i]!);
    expect(sizesAgree([made.y, ...grad(probe(made.y, seed), wrt)], made.at)).toBe(true);
    expect(gradientError(probe(made.y, seed), wrt, made.at, seed).error).toBeLessThan(1e-6);
    for (const i of c.linear ?? []) expectAdjoint(c, made, i, seed);
  };

  it('conv2d and its adjoints', () => {
    fc.assert(
      fc.property(
        fc
          .record({
            h: side,
            w: side,
            kh: small,
            kw: small,
            sh: small,
            sw: small,
            dh: small,
            dw: small,
            padding: edges,
            c: small,
            f: small,
            seed: fc.nat(1000),
          })
          .filter(
            ({ h, w, kh, kw, dh, dw, padding: [t0, l, b, r] }) =>
              h + t0 + b > dh * (kh - 1) && w + l + r > dw * (kw - 1),
          ),
        ({ h, w, kh, kw, sh, sw, dh, dw, padding, c, f, seed }) => {
          const g = { stride: [sh, sw], dilation: [dh, dw], padding } as const;
          const forward: Case = {
            label: 'conv2d',
            inputs: [{ shape: [2, h, w, c] }, { shape: [f, kh, kw, c] }],
            build: ([x, k]) => ops.conv2d(x!, k!, g),
            linear: [[0], [1]],
          };
          expectAllRules(forward, seed);
          const dy = { shape: trial(forward, seed).y.shape };
          expectAllRules(
            {
              label: 'input',
              inputs: [dy, forward.inputs[1]!],
              build: ([a, b]) => ops.conv2dInputGrad(a!, b!, [h, w], g),
              linear: [[0], [1]],
            },
            seed,
          );
          expectAllRules(
            {
              label: 'weight',
              inputs: [forward.inputs[0]!, dy],
              build: ([a, b]) => ops.conv2dWeightGrad(a!, b!, [kh, kw], g),
              linear: [[0], [1]],
            },
            seed,
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('maxPool, sumPool and their adjoints', () => {
    fc.assert(
      fc.property(
        fc
          .record({
            h: side,
            w: side,
            kh: small,
            kw: small,
            sh: small,
            sw: small,
            padding: edges,
            seed: fc.nat(1000),
          })
          .filter(
            ({ h, w, kh, kw, padding: [t0, l, b, r] }) =>
              h + t0 + b >= kh && w + l + r >= kw && Math.max(t0, b) < kh && Math.max(l, r) < kw,
          ),
        ({ h, w, kh, kw, sh, sw, padding, seed }) => {
          const g = { window: [kh, kw], stride: [sh, sw], padding } as const;
          const x = { shape: [2, h, w, 2] };
          expectAllRules(
            { label: 'sum', inputs: [x], build: ([a]) => ops.sumPool(a!, g), linear: [[0]] },
            seed,
          );
          expectAllRules({ label: 'max', inputs: [x], build: ([a]) => ops.maxPool(a!, g) }, seed);
          expectAllRules(
            {
              label: 'gather',
              inputs: [x, x],
              build: ([a, v]) => ops.maxPoolGather(a!, v!, g),
              linear: [[1]],
            },
            seed,
          );
        },
      ),
      { numRuns: 30 },
    );
  });
});
