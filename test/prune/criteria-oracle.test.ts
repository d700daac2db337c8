import { describe, expect, test } from 'vitest';
import { program } from '../../src/program/program.js';
import { grasp } from '../../src/prune/criteria/grasp.js';
import { force, iterSnip } from '../../src/prune/criteria/iter-snip.js';
import { logSynflow } from '../../src/prune/criteria/logsynflow.js';
import { ntkSap, stepResponse } from '../../src/prune/criteria/ntk-sap.js';
import { prospr } from '../../src/prune/criteria/prospr.js';
import { px } from '../../src/prune/criteria/px.js';
import { snip } from '../../src/prune/criteria/snip.js';
import { synflow, synflowL2 } from '../../src/prune/criteria/synflow.js';
import { viewOf, type Criterion } from '../../src/prune/criterion.js';
import {
  difference,
  normDifference,
  runOnce,
  scoresOf,
  scoresOver,
  type Part,
  type State,
} from './helper.js';
import {
  data,
  images,
  masks,
  net,
  ours,
  oursImages,
  readOracle,
  values,
  type Scores,
} from './oracle-network.js';

/** Agreement with test/oracle/criteria.py: PyTorch, float64, its own formulas and autodiff. */

type Tensors = Readonly<Record<string, readonly number[]>>;
type WithFlow = Scores & { readonly Q: number };
interface Case {
  readonly grasp: Scores;
  readonly prospr: Scores;
  readonly logsynflow: WithFlow;
  readonly 'px-gated': WithFlow;
  readonly 'px-release': Scores;
  readonly 'ntk-sap': Scores & { readonly loss: number };
}
interface Fixture {
  readonly settings: {
    readonly temperature: number;
    readonly epsilon: number;
    readonly steps: number;
    readonly rate: number;
    readonly momentum: number;
  };
  readonly draws: { readonly images: readonly number[]; readonly weight: Tensors; readonly step: Tensors };
  readonly cases: { readonly dense: Case; readonly masked: Case };
  readonly 'without-bias': Readonly<Record<'px' | 'px-gated' | 'synflow' | 'synflow-l2', WithFlow>>;
  readonly halves: Readonly<Record<'snip' | 'force' | 'px-release' | 'ntk-sap', Scores>>;
}
const oracle = readOracle('criteria.json') as Fixture;
const masked: State = new Map([...values, ...masks]);

const HALF = data.labels.length / 2;
const halvesOf = (xs: Float64Array): readonly Float64Array[] => [
  xs.subarray(0, xs.length / 2),
  xs.subarray(xs.length / 2),
];
const halves: readonly Part[] = halvesOf(images).map((own, i) => ({
  images: own,
  labels: data.labels.slice(i * HALF, (i + 1) * HALF),
}));
const layers = (kind: string, tensors: Tensors): [string, Float64Array][] =>
  Object.entries(tensors).map(([name, t]) => [`noise/${kind}/${name}`, ours(name, t)]);

const agree = (found: ReadonlyMap<string, Float64Array>, { scores }: Scores): void => {
  expect([...found.keys()].sort()).toEqual(Object.keys(scores).sort());
  for (const [name, s] of found) {
    expect(difference(s, ours(name, scores[name]!)), name).toBeLessThan(1e-9);
    expect(normDifference(s, ours(name, scores[name]!)), name).toBeLessThan(1e-9);
  }
};

describe.each([
  ['dense', oracle.cases.dense, values],
  ['masked', oracle.cases.masked, masked],
] as const)('%s', (_, theirs, state: State) => {
  const scored = async (criterion: Criterion, expected: Scores, given = state): Promise<number> => {
    const { scores, shares, q } = await scoresOf(
      net,
      criterion,
      given,
      criterion.data === 'none' ? {} : data,
    );
    agree(criterion.name === 'logsynflow' ? shares : scores, expected);
    return q;
  };
  test.each([true, false])('logsynflow, with exponents: %s', async (scaled) => {
    expect(
      Math.abs((await scored(logSynflow({ scaled }), theirs.logsynflow)) / theirs.logsynflow.Q - 1),
    ).toBeLessThan(1e-11);
  });
  test.each([true, false])('px-gated, with exponents: %s', async (scaled) => {
    expect(
      Math.abs(
        (await scored(px({ mode: 'px-gated', scaled }), theirs['px-gated'])) / theirs['px-gated'].Q - 1,
      ),
    ).toBeLessThan(1e-9);
  });
  test('px-release', () => scored(px({ mode: 'px-release' }), theirs['px-release']));
  test('prospr', () => {
    const { steps, rate, momentum } = oracle.settings;
    return scored(prospr({ steps, rate, momentum }), theirs.prospr);
  });
  describe('ntk-sap at given draws', () => {
    const {
      draws,
      settings: { epsilon },
    } = oracle;
    const given = new Map([
      ...state,
      ['noise/images', oursImages(draws.images)] as const,
      ...layers('weight', draws.weight),
      ...layers('step', draws.step),
    ]);
    test('scores', () => scored(ntkSap({ epsilon }), theirs['ntk-sap'], given));
    test('response to the step', async () => {
      const { response } = await runOnce(
        program('response', {
          outputs: { response: stepResponse(viewOf(net, data.labels.length), epsilon) },
        }),
        given,
        {},
      );
      expect(Math.abs(response![0]! / theirs['ntk-sap'].loss - 1)).toBeLessThan(1e-9);
    });
  });
  test('grasp over two minibatches', async () => {
    agree(
      await scoresOver(net, grasp({ temperature: oracle.settings.temperature }), state, HALF, halves),
      theirs.grasp,
    );
  });
});

describe('masked, over two minibatches: slopes add up first, magnitudes come last', () => {
  const {
    draws,
    settings: { epsilon },
  } = oracle;
  const noise = halvesOf(oursImages(draws.images)).map(
    (own, i) =>
      new Map([
        ['noise/images', own],
        ...layers('weight', i === 0 ? draws.weight : draws.step),
        ...layers('step', i === 0 ? draws.step : draws.weight),
      ]),
  );
  test.each([
    ['snip', snip()],
    ['itersnip', iterSnip()],
    ['force', force()],
    ['px-release', px({ mode: 'px-release' })],
    ['ntk-sap', ntkSap({ epsilon })],
  ] as const)('%s', async (name, criterion) => {
    const parts = name === 'ntk-sap' ? halves.map((part, i) => ({ ...part, noise: noise[i]! })) : halves;
    const given = name === 'ntk-sap' ? new Map([...masked, ...noise[0]!]) : masked;
    agree(
      await scoresOver(net, criterion, given, HALF, parts),
      oracle.halves[name === 'itersnip' ? 'snip' : name],
    );
  });
});

describe.each([true, false])('masked, without paths from biases, with exponents: %s', (scaled) => {
  const options = { biasPaths: false, scaled };
  test.each([
    ['px', px(options)],
    ['px-gated', px({ mode: 'px-gated', ...options })],
    ['synflow', synflow(options)],
    ['synflow-l2', synflowL2(options)],
  ] as const)('%s', async (name, criterion) => {
    const { scores, q } = await scoresOf(net, criterion, masked, criterion.data === 'none' ? {} : data);
    expect(Math.abs(q / oracle['without-bias'][name].Q - 1)).toBeLessThan(1e-9);
    agree(scores, oracle['without-bias'][name]);
  });
});
