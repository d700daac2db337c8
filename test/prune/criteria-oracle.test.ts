import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { prunable } from '../../src/nn/network.js';
import { program } from '../../src/program/program.js';
import { grasp } from '../../src/prune/criteria/grasp.js';
import { logSynflow } from '../../src/prune/criteria/logsynflow.js';
import { ntkSap, stepResponse } from '../../src/prune/criteria/ntk-sap.js';
import { prospr } from '../../src/prune/criteria/prospr.js';
import { px } from '../../src/prune/criteria/px.js';
import { viewOf, type Criterion } from '../../src/prune/criterion.js';
import { unpack } from '../../src/prune/pack.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { ops } from '../../src/ops/registry.js';
import { size } from '../../src/tensor/tensor.js';
import { difference, normDifference, runOnce, scoresOf, valuesOf, type State } from './helper.js';
import { data, images, masks, net, ours, oursImages, readOracle, values, type Scores } from './oracle-network.js';

/** Agreement with test/oracle/criteria.py: PyTorch, float64, its own formulas and autodiff. */

type Tensors = Readonly<Record<string, readonly number[]>>;
interface Case {
  readonly grasp: Scores;
  readonly prospr: Scores;
  readonly logsynflow: Scores & { readonly Q: number };
  readonly 'px-release': Scores;
  readonly 'ntk-sap': Scores & { readonly loss: number };
}
interface Fixture {
  readonly settings: { readonly temperature: number; readonly epsilon: number; readonly steps: number; readonly rate: number; readonly momentum: number };
  readonly draws: { readonly images: readonly number[]; readonly weight: Tensors; readonly step: Tensors };
  readonly cases: { readonly dense: Case; readonly masked: Case };
}
const oracle = readOracle('criteria.json') as Fixture;

const agree = (found: ReadonlyMap<string, Float64Array>, { scores }: Scores): void => {
  expect([...found.keys()].sort()).toEqual(Object.keys(scores).sort());
  for (const [name, s] of found) {
    expect(difference(s, ours(name, scores[name]!)), name).toBeLessThan(1e-9);
    expect(normDifference(s, ours(name, scores[name]!)), name).toBeLessThan(1e-9);
  }
};

describe.each([
  ['dense', oracle.cases.dense, values],
  ['masked', oracle.cases.masked, new Map([...values, ...masks])],
] as const)('%s', (_, theirs, state: State) => {
  const scored = async (criterion: Criterion, expected: Scores, given = state): Promise<number> => {
    const { scores, shares, q } = await scoresOf(net, criterion, given, criterion.data === 'none' ? {} : data);
    agree(criterion.name === 'logsynflow' ? shares : scores, expected);
    return q;
  };
  test.each([true, false])('logsynflow, with exponents: %s', async (scaled) => {
    expect(Math.abs((await scored(logSynflow({ scaled }), theirs.logsynflow)) / theirs.logsynflow.Q - 1)).toBeLessThan(1e-11);
  });
  test('px-release', () => scored(px({ mode: 'px-release' }), theirs['px-release']));
  test('prospr', () => {
    const { steps, rate, momentum } = oracle.settings;
    return scored(prospr({ steps, rate, momentum }), theirs.prospr);
  });
  describe('ntk-sap at given draws', () => {
    const layers = (kind: string, tensors: Tensors): [string, Float64Array][] => Object.entries(tensors).map(([name, t]) => [`noise/${kind}/${name}`, ours(name, t)]);
    const { draws, settings: { epsilon } } = oracle;
    const given = new Map([...state, ['noise/images', oursImages(draws.images)] as const, ...layers('weight', draws.weight), ...layers('step', draws.step)]);
    test('scores', () => scored(ntkSap({ epsilon }), theirs['ntk-sap'], given));
    test('response to the step', async () => {
      const { response } = await runOnce(program('response', { outputs: { response: stepResponse(viewOf(net, data.labels.length), epsilon) } }), given, {});
      expect(Math.abs(response![0]! / theirs['ntk-sap'].loss - 1)).toBeLessThan(1e-9);
    });
  });
  test('grasp over two minibatches', async () => {
    const half = data.labels.length / 2;
    const { observe, again } = roundPrograms(net, grasp({ temperature: oracle.settings.temperature }), half);
    const device = referenceDevice();
    const store = device.store();
    for (const pass of [observe!, again!]) {
      for (const [name, leaf] of pass.state) {
        if (!store.has(name)) await store.add(name, leaf, state.get(name) ?? new Float64Array(size(leaf.shape)).fill(leaf.attributes['role'] === 'mask' ? 1 : name.endsWith('exponent') ? -1e6 : 0));
      }
      const executable = await device.compile(pass);
      for (const from of [0, half]) {
        await executable.run(store, { images: images.subarray((from * images.length) / data.labels.length, ((from + half) * images.length) / data.labels.length), labels: data.labels.slice(from, from + half) });
      }
    }
    const weights = prunable(net);
    const sum = await store.read('round/again/sum');
    const products = valuesOf(unpack(ops.literal([sum.length], [...sum]), weights), state);
    agree(new Map(weights.map((w, i) => [nameOf(w), products[i]!.map((h, k) => h * state.get(nameOf(w))![k]!)])), theirs.grasp);
  });
});
