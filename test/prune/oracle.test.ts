import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { roleOf } from '../../src/graph/roles.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { parameters, prunable } from '../../src/nn/network.js';
import { program } from '../../src/program/program.js';
import { force, iterSnip } from '../../src/prune/criteria/iter-snip.js';
import { magnitude } from '../../src/prune/criteria/magnitude.js';
import { px } from '../../src/prune/criteria/px.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import { viewOf, type Criterion } from '../../src/prune/criterion.js';
import { maskName } from '../../src/transform/mask.js';
import { convFromTorch, fromTorch } from '../../src/weights/layout.js';
import { activation, constantScores, difference, normDifference, runOnce, scoresOf, sum, times, type State } from './helper.js';

/** Agreement with test/oracle/px.py: the same network and images in PyTorch, float64, its own formulas and autodiff. */

interface Scores { readonly scores: Readonly<Record<string, readonly number[]>> }
interface Flow extends Scores { readonly Q: number; readonly constants: Readonly<Record<string, readonly number[]>> }
interface Case {
  readonly logits: { readonly eval: readonly number[]; readonly train: readonly number[] };
  readonly px: Flow & { readonly Abar: readonly number[]; readonly H1: readonly number[] };
  readonly synflow: Flow;
  readonly 'synflow-l2': Flow;
  readonly snip: Scores;
  readonly 'snip-eval': Scores;
  readonly force: Scores;
  readonly magnitude: Scores;
}
interface Fixture {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly buffers: Readonly<Record<string, readonly number[]>>;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly masks: Readonly<Record<string, readonly number[]>>;
  readonly cases: { readonly dense: Case; readonly masked: Case };
}
const oracle = JSON.parse(readFileSync(new URL('../oracle/resnet8.json', import.meta.url), 'utf8')) as Fixture;

const TOLERANCE = 1e-9;
const net = resnetCifar({ depth: 8, width: 4, image: 8 });
/** A PyTorch tensor of the shape of parameter `name`, in our layout. */
const ours = (name: string, data: readonly number[]): Float64Array => fromTorch({ shape: oracle.shapes[name]!, data: Float64Array.from(data) }).data;
const values = new Map(Object.entries({ ...oracle.parameters, ...oracle.buffers }).map(([name, v]) => [name, ours(name, v)]));
const masks = new Map(Object.entries(oracle.masks).map(([name, m]) => [maskName(name), ours(name, m)]));
// NCHW -> NHWC is the same change of axes as OIHW -> OHWI.
const images = convFromTorch({ shape: oracle.shapes['images']!, data: Float64Array.from(oracle.images) }).data;
const data = { images, labels: oracle.labels };

test('the networks have the same parameters', () => {
  expect(parameters(net).map(nameOf).sort()).toEqual([...values.keys()].sort());
  expect(prunable(net).map(nameOf).sort()).toEqual(Object.keys(oracle.masks).sort());
});

describe.each([
  ['dense', oracle.cases.dense, values],
  ['masked', oracle.cases.masked, new Map([...values, ...masks])],
] as const)('%s', (_, theirs, state: State) => {
  const agree = async (criterion: Criterion, expected: Scores, q?: number): Promise<void> => {
    const found = await scoresOf(net, criterion, state, criterion.data === 'none' ? {} : data);
    if (q !== undefined) expect(Math.abs(found.q / q - 1)).toBeLessThan(TOLERANCE);
    expect([...found.scores.keys()].sort()).toEqual(Object.keys(expected.scores).sort());
    for (const [name, s] of found.scores) {
      expect(difference(s, ours(name, expected.scores[name]!)), name).toBeLessThan(TOLERANCE);
      expect(normDifference(s, ours(name, expected.scores[name]!)), name).toBeLessThan(TOLERANCE);
    }
  };

  test('logits, by stored and by batch statistics', async () => {
    const { batch, trained } = viewOf(net, oracle.labels.length);
    const out = await runOnce(program('logits', { outputs: { eval: batch.output, train: trained.output } }), state, { images });
    expect(difference(out['eval']!, theirs.logits.eval)).toBeLessThan(TOLERANCE);
    expect(difference(out['train']!, theirs.logits.train)).toBeLessThan(TOLERANCE);
  });

  describe.each([true, false])('with exponents: %s', (scaled) => {
    test('px', () => agree(px({ scaled }), theirs.px, theirs.px.Q));
    test('the activation flow of px', () => {
      expect(difference(activation(net, px({ scaled }), state, images), theirs.px.Abar)).toBeLessThan(TOLERANCE);
    });
    test('synflow', () => agree(synflow({ scaled }), theirs.synflow, theirs.synflow.Q));
    test('synflow-l2', () => agree(synflowL2({ scaled }), theirs['synflow-l2'], theirs['synflow-l2'].Q));
    test('synflow-l2 ranked by its gradient is the flow over |theta|', async () => {
      const { q, shares } = await scoresOf(net, synflowL2({ scaled, form: 'gradient' }), state);
      for (const [name, s] of shares) {
        const theta = values.get(name)!;
        expect(difference(times(q, s.map((v, i) => v * Math.abs(theta[i]!))), ours(name, theirs['synflow-l2'].scores[name]!)), name).toBeLessThan(TOLERANCE);
      }
    });
  });

  test('snip on batch statistics', () => agree(snip(), theirs.snip));
  test('snip on stored statistics', () => agree(snip({ statistics: 'stored' }), theirs['snip-eval']));
  test('itersnip, which is snip at the masked point', () => agree(iterSnip(), theirs.snip));
  test('force', () => agree(force(), theirs.force));
  test('magnitude of the live weights', async () => {
    const { scores } = await scoresOf(net, magnitude(), state);
    for (const [name, s] of scores) {
      const m = state.get(maskName(name));
      expect(s.map((v, i) => v * (m?.[i] ?? 1)), name).toEqual(ours(name, theirs.magnitude.scores[name]!));
    }
  });

  test('the constants that px counts paths from', () => {
    const found = constantScores(net, state, theirs.px.Abar);
    const layers = parameters(net).filter((p) => roleOf(p) === 'shift').map((p) => p.path);
    for (const layer of [...layers, 'fc']) {
      expect(difference(found.get(layer)!, theirs.px.constants[layer === 'fc' ? 'fc.bias' : layer]!), layer).toBeLessThan(TOLERANCE);
    }
    const all = Object.values(theirs.px.constants).reduce((s, c) => s + sum(c), sum(theirs.px.scores['conv.weight']!));
    expect(Math.abs(all / theirs.px.Q - 1)).toBeLessThan(TOLERANCE);
  });
});
