import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it, test } from 'vitest';
import { check } from '../../src/graph/check.js';
import { decodeGraph, encodeGraph } from '../../src/graph/codec.js';
import { kindOfState, STATE_KINDS, stateName, type StateKind } from '../../src/graph/state-names.js';
import { conv2d, flatten, linear, refine, relu } from '../../src/nn/layers.js';
import { network, networkOf, type Network } from '../../src/nn/network.js';
import { initialise } from '../../src/nn/weights.js';
import { ops } from '../../src/ops/registry.js';
import { prune } from '../../src/prune/prune.js';
import { roundPrograms } from '../../src/prune/programs.js';
import { fillStore } from '../../src/prune/store.js';
import { criterionOf, type CriterionOptions } from '../../src/prune/methods.js';
import { program } from '../../src/program/program.js';
import { withTables } from '../../src/program/tables.js';
import { referenceDevice } from '../../src/runtime/reference.js';
import { fit } from '../../src/train/fit.js';
import { trainStep } from '../../src/train/programs.js';
import { masked } from '../../src/transform/mask.js';
import { tinyData, tinyNet } from '../train/tiny.js';

const kinds = Object.keys(STATE_KINDS) as StateKind[];
const remedy = (name: string, kind: StateKind): string =>
  `parameter '${name}': names that start with '${kind}/' are kept for ${STATE_KINDS[kind]}; give the layer another name`;

/** Two linear layers, one of which is called as the caller likes. */
const named = (layer: string): Network =>
  network('odd', [4], (x) => pipe(x, linear('fc', 4), relu, linear(layer, 2)));

describe('a network shares no state with what the product keeps beside it', () => {
  test.each(kinds)('a layer under %s/ is refused where it is described', (kind) => {
    expect(() => named(`${kind}/fc`)).toThrow(
      expect.objectContaining({
        code: 'NETWORK',
        message: `network 'odd': ${remedy(`${kind}/fc.weight`, kind)}`,
      }),
    );
    expect(() =>
      network('conv', [4, 4, 3], (x) => flatten(conv2d(`${kind}/a`, 2, { kernel: 3 })(x))),
    ).toThrow(`'${kind}/a.weight'`);
  });

  test.each(kinds)('a layer under %s/ is refused where a graph is read from a file', (kind) => {
    const file = JSON.parse(JSON.stringify(encodeGraph([named('last').output], 'odd'))) as {
      nodes: { attributes: { name?: string } }[];
    };
    for (const { attributes } of file.nodes)
      if (attributes.name?.startsWith('last') === true)
        attributes.name = attributes.name.replace('last.weight', `${kind}/fc.weight`);
    const { roots } = decodeGraph(file);
    expect(() => networkOf('odd', roots)).toThrow(
      expect.objectContaining({ code: 'NETWORK', message: expect.stringContaining(`'${kind}/'`) as string }),
    );
  });

  test('names that only begin alike are free', () => {
    const net = network('free', [4], (x) =>
      pipe(x, linear('mask', 4), linear('masks/a', 4), linear('velocity.b', 4), linear('blocks/data', 2)),
    );
    expect(net.name).toBe('free');
  });

  test('a parameter with the name of a stored mask is refused', () => {
    expect(() =>
      network('stored', [4], (x) => {
        const extra = ops.broadcast(ops.state('fc.weight_mask', [4], { role: 'bias' }), [1, 4], [1]);
        return refine(ops.add(linear('fc', 4)(x), extra), [1, 4]);
      }),
    ).toThrow(
      "network 'stored': parameter 'fc.weight_mask': weights files keep this name for the mask of 'fc.weight'; give one of them another name",
    );
  });

  test('a network that was put together by hand is refused where it is masked, trained or pruned', async () => {
    const input = ops.input('images', [1, 6, 6, 3]);
    const weight = (name: string) =>
      ops.state(name, [3, 108], { role: 'weight', init: { kind: 'constant', value: 0.1 } });
    const x = ops.reshape(input, [1, 108]);
    const output = ops.add(
      ops.matmul(x, weight('fc.weight'), { transposeA: false, transposeB: true }),
      ops.matmul(x, weight('mask/fc.weight'), { transposeA: false, transposeB: true }),
    );
    const net: Network<readonly [6, 6, 3], readonly [3]> = { name: 'hand', input, output: output as never };
    const device = referenceDevice();
    const weights = initialise(net, 0);
    const refused = { code: 'NETWORK', message: `masked: ${remedy('mask/fc.weight', 'mask')}` };
    expect(() => masked(net)).toThrow(expect.objectContaining(refused));
    await expect(
      fit(net, { weights }, tinyData, device, { epochs: 1, batch: 8, rate: { kind: 'oneCycle', rate: 0.1 } }),
    ).rejects.toMatchObject(refused);
    await expect(prune(net, weights, device, { method: 'magnitude', density: 0.5 })).rejects.toMatchObject(
      refused,
    );
    await device.dispose();
  });

  test('masks do not go over masks', () => {
    expect(() => masked(masked(tinyNet))).toThrow("parameter 'mask/conv1.weight'");
  });

  test('a store is not filled from weights that are named as masks', async () => {
    const device = referenceDevice();
    const store = device.store();
    const weights = new Map([['mask/fc.weight', { shape: [1], data: new Float32Array(1) }]]);
    const p = program('p', { outputs: { y: ops.state('mask/fc.weight', [1], { role: 'mask' }) } });
    await expect(fillStore(store, p, weights, 0)).rejects.toMatchObject({ code: 'WEIGHTS' });
    await device.dispose();
  });
});

describe('every state of the programs is a parameter or of a listed kind', () => {
  const own = new Set([...initialise(tinyNet, 0).keys()]);
  const free = (names: Iterable<string>): string[] =>
    [...names].filter((name) => !own.has(name) && kindOfState(name) === undefined);

  it('in training', () => {
    const step = trainStep(tinyNet, tinyData, { split: 'train', count: 48 }, 8);
    expect(free(step.state.keys())).toEqual([]);
    expect(new Set([...step.state.keys()].map(kindOfState))).toEqual(
      new Set([undefined, 'mask', 'velocity', 'data']),
    );
  });

  it.each<CriterionOptions>([
    { method: 'px' },
    { method: 'random' },
    { method: 'ntk-sap' },
    { method: 'prospr' },
  ])('in pruning by $method', (options) => {
    const { accumulate, secondPass, select } = roundPrograms(tinyNet, criterionOf(options), 6);
    for (const p of [accumulate, secondPass].filter((q) => q !== null))
      expect(free(withTables(p, ['images', 'labels'], 2).state.keys())).toEqual([]);
    expect(free(select.state.keys())).toEqual([]);
  });

  it('names of one kind differ where what they name differs', () => {
    expect(stateName('mask', 'a')).not.toBe(stateName('velocity', 'a'));
    expect(kindOfState(stateName('noise', 'mask/a'))).toBe('noise');
  });
});

test('leaves of one name and two roles are not one value', () => {
  const leaf = (role: string) => ops.state('fc', [2], { role });
  expect(() => check([ops.add(leaf('bias'), leaf('mask'))])).toThrow(
    "'fc' is a mask here and a bias elsewhere; give one of them another name",
  );
});
