import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathexError } from '../../src/errors.js';
import { nameOf } from '../../src/graph/graph.js';
import { linear } from '../../src/nn/layers.js';
import { network, prunable, type Network } from '../../src/nn/network.js';
import { ops } from '../../src/ops/registry.js';
import { magnitude } from '../../src/prune/criteria/magnitude.js';
import { px } from '../../src/prune/criteria/px.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import { viewOf, type Criterion } from '../../src/prune/criterion.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { prune } from '../../src/prune/prune.js';
import { fold, integers, permutation, type Key } from '../../src/random.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { size, type Tensor } from '../../src/tensor/tensor.js';
import { maskName } from '../../src/transform/mask.js';
import {
  activation,
  asWeights,
  difference,
  randomImages,
  rounded,
  scoresOf,
  squaredJacobian,
  sum,
  times,
  valuesOf,
  type State,
} from './helper.js';
import {
  anyNet,
  biasFree,
  chains,
  convNets,
  FLOWS,
  forAll,
  layersOf,
  mlp,
  mlps,
  near,
  resNets,
  setting,
  width,
  WITHOUT_BIAS,
  type Vector,
} from './random-networks.js';

/** The identities of methods.md 3.7, on random networks; conservation has a file of its own. */

describe('signs and zeros', () => {
  test.each(FLOWS)('%s: no score is negative, masked weights and zero weights score 0', (_, criterion) =>
    forAll(setting(anyNet, 0.7), async ({ net, state, images }) => {
      for (const w of prunable(net)) state.get(nameOf(w))![0] = 0;
      const { q, scores } = await scoresOf(net, criterion, state, { images });
      fc.pre(q !== 0); // without a path, shares have no meaning and prune() refuses
      for (const [name, s] of scores) {
        s.forEach((v, i) => {
          expect(v).toBeGreaterThanOrEqual(0);
          if (state.get(maskName(name))![i] === 0 || state.get(name)![i] === 0) expect(v).toBe(0);
        });
      }
    }),
  );

  test('px: a live weight scores 0 only where no live path crosses it or data activate none of the outputs it reaches', () =>
    forAll(
      setting(
        fc
          .tuple(fc.array(width, { minLength: 3, maxLength: 5 }), fc.boolean())
          .map(([w, bias]) => mlp(w, bias)),
        0.5,
      ),
      async ({ net, state, images }) => {
        const { q, scores } = await scoresOf(net, px(), state, { images });
        fc.pre(q !== 0);
        const layers = prunable(net);
        const live = layers.map((w) =>
          Array.from(state.get(nameOf(w))!, (v, i) => v * state.get(maskName(nameOf(w)))![i]! !== 0),
        );
        const columns = layers.map((w) => w.shape[1]!);
        const rows = layers.map((w) => w.shape[0]!);
        // Units reached from an input or a bias, and units from which an activated output is reached.
        const from: boolean[][] = [Array.from({ length: columns[0]! }, () => true)];
        layers.forEach((w, l) =>
          from.push(
            Array.from(
              { length: rows[l]! },
              (_, i) =>
                state.has(`${w.path}.bias`) || from[l]!.some((r, j) => r && live[l]![i * columns[l]! + j]!),
            ),
          ),
        );
        const to: boolean[][] = [Array.from(activation(net, px(), state, images), (a) => a > 0)];
        [...layers.keys()]
          .reverse()
          .forEach((l) =>
            to.unshift(
              Array.from({ length: columns[l]! }, (_, j) =>
                to[0]!.some((r, i) => r && live[l]![i * columns[l]! + j]!),
              ),
            ),
          );
        layers.forEach((w, l) =>
          scores.get(nameOf(w))!.forEach((s, at) => {
            const [i, j] = [Math.floor(at / columns[l]!), at % columns[l]!];
            expect(s > 0, `${nameOf(w)}[${i}, ${j}]`).toBe(live[l]![at]! && from[l]![j]! && to[l + 1]![i]!);
          }),
        );
      },
      { numRuns: 40 },
    ));
});

describe('the spectral bound', () => {
  test.each([
    ['perceptrons', mlps],
    ['convolutional networks', convNets],
    ['residual networks', resNets],
  ] as const)('%s: no parameter exceeds dQ/dtheta^2, nor does the trace', (_, nets) =>
    forAll(setting(nets, 0.8), async ({ net, state, images }) => {
      const { q, scores } = await scoresOf(net, px(), state, { images });
      const jacobian = squaredJacobian(net, state, images);
      if (q === 0) {
        for (const j of jacobian.values()) expect(sum(j)).toBe(0);
        return;
      }
      let [trace, bound] = [0, 0];
      for (const [name, s] of scores) {
        const theta = state.get(name)!;
        s.forEach((v, j) => {
          const slope = state.get(maskName(name))![j] === 0 || v === 0 ? 0 : v / theta[j]! ** 2;
          const squared = jacobian.get(name)![j]!;
          expect(squared, `${name} ${j}`).toBeLessThanOrEqual(slope * (1 + 1e-10) + 1e-300);
          trace += squared;
          bound += slope;
        });
      }
      expect(trace).toBeLessThanOrEqual(bound * (1 + 1e-10));
    }),
  );

  test('a network with one path per weight and output attains it', async () => {
    const net = mlp([1, 1, 1], false);
    const state = new Map([
      ['l0.weight', [0.7]],
      ['l1.weight', [-1.3]],
    ]);
    const images = Float64Array.of(0.4);
    const { scores } = await scoresOf(net, px(), state, { images });
    const jacobian = squaredJacobian(net, state, images);
    near(scores.get('l0.weight')![0]! / 0.7 ** 2, jacobian.get('l0.weight')![0]!);
    near(scores.get('l1.weight')![0]! / 1.3 ** 2, jacobian.get('l1.weight')![0]!);
  });
});

/**
 * Observes the images in minibatches and selects; what the accumulator held before, and the outputs of the
 * selection.
 */
const round = async (
  net: Network,
  criterion: Criterion,
  state: State,
  batches: readonly Float64Array[],
  keep: number,
): Promise<{ abar: Float64Array; q: number; live: number; after: readonly number[] }> => {
  const device = referenceDevice();
  const programs = roundPrograms(net, criterion, batches[0]!.length / size(net.input.shape));
  const store = device.store();
  for (const [name, leaf] of [...programs.accumulate!.state, ...programs.select.state]) {
    const init = (leaf.attributes['init'] as { readonly value?: number } | undefined)?.value ?? 0;
    if (!store.has(name))
      await store.add(name, leaf, state.get(name) ?? new Float64Array(size(leaf.shape)).fill(init));
  }
  const accumulate = await device.compile(programs.accumulate!);
  for (const images of batches) await accumulate.run(store, { images });
  const abar = times(2 ** (await store.read('round/exponent'))[0]!, await store.read('round/sum'));
  const out = await (await device.compile(programs.select)).run(store, { keep: [keep] });
  const after = [...(await store.read('round/sum')), ...(await store.read('round/exponent'))];
  return { abar, q: out['total']![0]! * 2 ** out['exponent']![0]!, live: out['live']![0]!, after };
};

describe('accumulation over minibatches', () => {
  test.each([
    ['px', px()],
    ['px-gated', px({ mode: 'px-gated' })],
  ] as const)('%s does not depend on how the images are split, nor on their order', (_, criterion) =>
    forAll(setting(anyNet), async ({ net, state, key }) => {
      const images = randomImages(net, 6, key);
      const width = size(net.input.shape);
      const keep = Math.ceil(prunable(net).reduce((s, w) => s + size(w.shape), 0) / 2);
      const split = (order: ArrayLike<number>, batch: number): Float64Array[] =>
        Array.from({ length: 6 / batch }, (_b, b) =>
          Float64Array.from(
            { length: batch * width },
            (_x, i) => images[order[b * batch + Math.floor(i / width)]! * width + (i % width)]!,
          ),
        );
      const whole = await round(net, criterion, state, [images], keep);
      for (const batch of [1, 2, 3]) {
        const parts = await round(
          net,
          criterion,
          state,
          split(permutation(fold(key, batch), 6), batch),
          keep,
        );
        expect(difference(parts.abar, whole.abar)).toBeLessThan(1e-13);
        near(parts.q, whole.q, whole.q, 1e-13);
        expect(parts.live).toBe(keep);
      }
    }),
  );

  test('a round leaves the accumulator empty, so that rounds do not add up', () =>
    forAll(
      setting(anyNet),
      async ({ net, state, images }) => {
        const { after } = await round(net, px(), state, [images], 1e9);
        expect(after.slice(0, -1).every((v) => v === 0)).toBe(true);
        expect(after.at(-1)).toBeLessThan(-1e5);
      },
      { numRuns: 3 },
    ));
});

const signsFlipped = (net: Network, state: State, key: Key): State =>
  new Map([
    ...state,
    ...prunable(net).map((w) => {
      const signs = integers(fold(key, 'sign', nameOf(w)), size(w.shape), 2);
      return [
        nameOf(w),
        Float64Array.from(state.get(nameOf(w))!, (v, i) => (signs[i] === 0 ? v : -v)),
      ] as const;
    }),
  ]);

describe('invariances', () => {
  test.each([
    ['synflow', synflow()],
    ['synflow-l2', synflowL2()],
  ] as const)('%s: signs of weights do not matter', (_, criterion) =>
    forAll(setting(anyNet), async ({ net, state, key }) => {
      const [a, b] = [
        await scoresOf(net, criterion, state),
        await scoresOf(net, criterion, signsFlipped(net, state, key)),
      ];
      expect(b.q).toBe(a.q);
      expect(b.shares).toEqual(a.shares);
    }),
  );

  test('px: signs of weights do not matter once the activation of the outputs is given', () =>
    forAll(setting(anyNet), async ({ net, state, key }) => {
      const outputs = Array.from({ length: size(net.output.shape) }, (_, k) => k + 0.5);
      const { scores } = px().score(viewOf(net, 1), {
        mantissa: ops.literal([outputs.length], outputs),
        exponent: ops.scalar(3),
      });
      expect(valuesOf(scores, signsFlipped(net, state, key))).toEqual(valuesOf(scores, state));
    }));

  test.each([
    ['px', px(), 2],
    ['px-gated', px({ mode: 'px-gated' }), 2],
    ['synflow', synflow(), 1],
    ['synflow-l2', synflowL2(), 2],
  ] as const)(
    '%s: a layer of a bias-free chain times c multiplies Q and every score by its power',
    (_, criterion, power) =>
      forAll(setting(biasFree), async ({ net, state, images, key }) => {
        const layers = prunable(net);
        const name = nameOf(layers[integers(fold(key, 'layer'), 1, layers.length)[0]!]!);
        const c = 0.1 + 3 * Math.abs(randomImages(net, 1, fold(key, 'c'))[0]!);
        const [a, b] = [
          await scoresOf(net, criterion, state, { images }),
          await scoresOf(net, criterion, new Map([...state, [name, times(c, state.get(name)!)]]), { images }),
        ];
        fc.pre(a.q !== 0);
        near(b.q, c ** power * a.q);
        for (const [layer, s] of a.scores)
          expect(difference(b.scores.get(layer)!, times(c ** power, s))).toBeLessThan(1e-11);
      }),
  );
});

describe('after pruning', () => {
  test.each(['px', 'px-gated', 'synflow', 'synflow-l2'] as const)(
    '%s: pruned weights score 0 and every cut carries the new Q',
    (name) =>
      forAll(setting(chains), async ({ net, state, images }) => {
        const values = rounded(state);
        const pixels = Float32Array.from(images);
        const method =
          name === 'px-gated'
            ? ({ method: 'px', mode: 'px-gated', biasPaths: false } as const)
            : ({ method: name, biasPaths: false } as const);
        const total = prunable(net).reduce((s, w) => s + size(w.shape), 0);
        const density = Math.max(0.6, (layersOf(net).length + 1) / total);
        const ticket = await prune(net, asWeights(net, values), referenceDevice(), {
          ...method,
          density: Math.min(density, 1),
          rounds: 4,
          data: [{ images: pixels, labels: Int32Array.of(0, 0, 0, 0) }],
        }).catch((error: unknown) => {
          if (error instanceof PathexError && error.code === 'COLLAPSE') return null;
          throw error;
        });
        if (ticket === null) return fc.pre(false);
        const after = new Map<string, ArrayLike<number>>([
          ...values,
          ...[...ticket.masks].map(([w, m]) => [maskName(w), m] as const),
        ]);
        const criterion = FLOWS.find(([n]) => n === name)![1];
        const without = WITHOUT_BIAS.find(([n]) => n === name)![1];
        const all = await scoresOf(net, criterion, after, { images: pixels });
        const cut = await scoresOf(net, without, after, { images: pixels });
        fc.pre(all.q !== 0 && cut.q !== 0);
        for (const [w, m] of ticket.masks)
          m.forEach((live, i) => {
            if (live === 0) expect(all.scores.get(w)![i]).toBe(0);
          });
        for (const w of layersOf(net)) near(sum(cut.shares.get(w)!), 1);
      }),
  );
});

describe('maximal compression of a chain, one weight a round', () => {
  /**
   * Prunes one weight at a time down to one a layer; the flows before each round and the survivors of each
   * layer at the end.
   */
  const compress = async (
    net: Network,
    criterion: Criterion,
    state: State,
    images: Float64Array,
  ): Promise<{ flows: number[]; live: number[] }> => {
    const device = referenceDevice();
    const layers = prunable(net);
    const total = layers.reduce((s, w) => s + size(w.shape), 0);
    const { accumulate, select } = roundPrograms(net, criterion, images.length / size(net.input.shape));
    const store = device.store();
    for (const [name, leaf] of [...(accumulate?.state ?? []), ...select.state]) {
      const init = (leaf.attributes['init'] as { readonly value?: number } | undefined)?.value ?? 0;
      if (!store.has(name))
        await store.add(name, leaf, state.get(name) ?? new Float64Array(size(leaf.shape)).fill(init));
    }
    const [see, choose] = [
      accumulate === null ? null : await device.compile(accumulate),
      await device.compile(select),
    ];
    const flows: number[] = [];
    for (let keep = total - 1; keep >= layers.length - 1; keep--) {
      await see?.run(store, { images });
      const out = await choose.run(store, { keep: [Math.max(keep, layers.length)] });
      flows.push(out['total']![0]!);
      if (out['total']![0] === 0) break;
    }
    return {
      flows,
      live: await Promise.all(layers.map(async (w) => sum(await store.read(maskName(nameOf(w)))))),
    };
  };
  const nets = setting(
    fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 3, maxLength: 4 }).map((w) => mlp(w, false)),
  );

  test.each([
    ['synflow', synflow()],
    ['synflow-l2', synflowL2()],
  ] as const)('%s keeps a path to the last weight of each layer', (_, criterion) =>
    forAll(nets, async ({ net, state, images }) => {
      const { flows, live } = await compress(net, criterion, state, images);
      expect(flows.every((q) => q > 0)).toBe(true);
      expect(live).toEqual(live.map(() => 1));
    }),
  );

  test('px does so while all gates are open: weights and images without negative numbers', () =>
    forAll(nets, async ({ net, state, images }) => {
      const { flows, live } = await compress(
        net,
        px(),
        new Map([...state].map(([name, v]) => [name, v.map(Math.abs)])),
        images.map(Math.abs),
      );
      expect(flows.every((q) => q > 0)).toBe(true);
      expect(live).toEqual(live.map(() => 1));
    }));

  test('px can lose its last active gate although a path is left: its scores count open gates, its data real ones', async () => {
    const net = mlp([1, 3, 1, 1], false);
    // The unit of the second layer sees 2 + 2 - 3 = 1. The first weight to go carries one of the 2s, and 2 -
    // 3 closes the gate.
    const state = new Map(
      [
        ['l0.weight', [1, 1, 1]],
        ['l1.weight', [-3, 2, 2]],
        ['l2.weight', [1]],
      ].map(([name, v]) => [name as string, Float64Array.from(v as number[])]),
    );
    const images = Float64Array.of(1);
    expect((await compress(net, synflowL2(), state, images)).live).toEqual([1, 1, 1]);
    const { flows } = await compress(net, px(), state, images);
    expect(flows).toHaveLength(2);
    expect(flows[0]).toBeGreaterThan(0);
    expect(flows[1]).toBe(0);
  });
});

describe('networks that are not sums over paths are refused', () => {
  const refusal = (net: Network, criterion: Criterion = px()): unknown => {
    try {
      roundPrograms(net, criterion, 2);
    } catch (error) {
      return error instanceof PathexError ? `${error.code} ${error.message}` : error;
    }
    return 'accepted';
  };
  const own = (name: string, shape: readonly [number, number]): Tensor =>
    ops.state(`${name}.weight`, shape, { role: 'weight' }, name);
  const dense = (x: Tensor, w: Tensor): Vector => ops.matmul(x, w, { transposeB: true }) as Vector;
  const square = (name: string, body: (h: Vector) => Tensor): Network =>
    network(name, [3], (x) => linear('fc', 3)(body(linear('first', 3)(x)) as Vector) as never);

  test('a weight used by two layers', () => {
    const w = own('twice', [3, 3]);
    expect(refusal(network('shared', [3], (x) => dense(linear('between', 3)(dense(x, w)), w)))).toBe(
      "NETWORK paths: matmul uses weight 'twice.weight' again, so that a path could cross it twice; at between; use one weight for each layer",
    );
    expect(() => network('namesakes', [3], (x) => linear('a', 3)(linear('a', 3)(x)))).toThrow(
      "network 'namesakes': two parameters are called 'a.weight'; give their layers different names",
    );
  });
  test('an exponential', () => {
    expect(refusal(square('exp', ops.exp))).toBe(
      'NETWORK paths: exp is not piecewise linear; at first; use a method that needs no paths, such as magnitude or snip',
    );
  });
  test('a softmax', () => {
    const softmax = (z: Vector): Tensor => {
      const e = ops.exp(z);
      return ops.div(e, ops.broadcast(ops.sum(e, [1]), z.shape, [0]));
    };
    expect(refusal(square('softmax', softmax))).toBe(
      'NETWORK paths: exp is not piecewise linear; at first; use a method that needs no paths, such as magnitude or snip',
    );
  });
  test('a product of two values, and a quotient', () => {
    expect(refusal(square('product', (h) => ops.mul(h, ops.relu(h))))).toBe(
      'NETWORK paths: mul multiplies two values that both depend on the input; at first; use a method that needs no paths, such as magnitude or snip',
    );
    expect(refusal(square('quotient', (h) => ops.div(ops.scalar(1), h)))).toBe(
      'NETWORK paths: div divides by a value that depends on the input; at first; use a method that needs no paths, such as magnitude or snip',
    );
  });
  test('a weight that is not a factor of its edges: transposed, added to another, of low rank, or repeated', () => {
    const through = (name: string, edge: Tensor): unknown =>
      refusal(network(name, [3], (x) => ops.matmul(x, edge) as Vector));
    expect(through('transposed', ops.transpose(own('a', [2, 3]), [1, 0]))).toBe(
      "NETWORK paths: matmul reads weight 'a.weight' through transpose; at a; use the weight as it is, or times values of its shape",
    );
    expect(through('added', ops.add(own('a', [3, 2]), own('b', [3, 2])))).toBe(
      "NETWORK paths: matmul reads weight 'a.weight' through add; at a; use the weight as it is, or times values of its shape",
    );
    expect(through('low rank', ops.matmul(own('a', [3, 1]), own('b', [1, 2])))).toBe(
      "NETWORK paths: matmul reads weight 'a.weight' through matmul; at a; use the weight as it is, or times values of its shape",
    );
    expect(
      through(
        'repeated',
        ops.mul(ops.constant([3, 2], 1), ops.state('a.weight', [2], { role: 'weight' }, 'a')),
      ),
    ).toBe(
      "NETWORK paths: matmul reads weight 'a.weight' through mul; at a; use the weight as it is, or times values of its shape",
    );
  });
  test('a weight that no path crosses', () => {
    const net = network(
      'offset',
      [3],
      (x) =>
        ops.add(linear('fc', 2)(x), ops.state('offset.weight', [2], { role: 'weight' }, 'offset')) as Vector,
    );
    expect(refusal(net, px({ biasPaths: false }))).toBe(
      "NETWORK paths: no path crosses weight 'offset.weight'; give it another role than 'weight'",
    );
    expect(refusal(net)).toBe('accepted');
  });
  test('by every criterion that counts paths, and by none that does not', () => {
    const net = square('exp', ops.exp);
    for (const [, criterion] of FLOWS)
      expect(refusal(net, criterion)).toBe(
        'NETWORK paths: exp is not piecewise linear; at first; use a method that needs no paths, such as magnitude or snip',
      );
    expect(refusal(net, magnitude())).toBe('accepted');
    expect(refusal(net, snip())).toBe('accepted');
  });
});
