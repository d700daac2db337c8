import { describe, expect, it } from 'vitest';
import { nameOf } from '../../src/graph/graph.js';
import { isLearnt, roleOf, type Role } from '../../src/graph/roles.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { lenet, mlp } from '../../src/models/mlp.js';
import { parameters, prunable, type Network } from '../../src/nn/network.js';
import { size } from '../../src/tensor/tensor.js';

const count = (net: Network, ...roles: readonly Role[]): number =>
  parameters(net)
    .filter((p) => roles.includes(roleOf(p)!))
    .reduce((n, p) => n + size(p.shape), 0);
const learnt = (net: Network): number =>
  parameters(net)
    .filter(isLearnt)
    .reduce((n, p) => n + size(p.shape), 0);

/** He et al. 2016 with 1x1 shortcuts: the weights of stem, stages, shortcuts and classifier, written out. */
const resnetWeights = (blocks: number): number => {
  const stage = (before: number, c: number): number => 9 * before * c + 9 * c * c + (blocks - 1) * 18 * c * c;
  return 27 * 16 + stage(16, 16) + stage(16, 32) + stage(32, 64) + 16 * 32 + 32 * 64 + 640;
};

describe('ResNet of CIFAR', () => {
  it('20 has 270,896 prunable weights, 10 biases, 1,568 BatchNorm parameters: 272,474 in all', () => {
    const net = resnetCifar();
    expect(prunable(net).reduce((n, p) => n + size(p.shape), 0)).toBe(270_896);
    expect(count(net, 'weight')).toBe(270_896);
    expect(count(net, 'bias')).toBe(10);
    expect(count(net, 'scale', 'shift')).toBe(1_568);
    expect(count(net, 'mean', 'variance')).toBe(1_568);
    expect(learnt(net)).toBe(272_474);
    expect(resnetWeights(3)).toBe(270_896);
  });
  it.each([
    [20, 3],
    [32, 5],
    [56, 9],
  ])('%i has %i blocks a stage', (depth, blocks) => {
    const net = resnetCifar({ depth });
    const norms = 2 * (16 * (1 + 2 * blocks) + 32 * (1 + 2 * blocks) + 64 * (1 + 2 * blocks));
    expect(prunable(net).length).toBe(1 + 6 * blocks + 2 + 1);
    expect(count(net, 'weight')).toBe(resnetWeights(blocks));
    expect(count(net, 'scale', 'shift')).toBe(norms);
    expect(learnt(net)).toBe(resnetWeights(blocks) + norms + 10);
  });
  it('names its parameters as the PyTorch model does, in its order but for the shortcut', () => {
    const norm = (at: string): string[] =>
      ['weight', 'bias', 'running_mean', 'running_var'].map((p) => `${at}.${p}`);
    const block = (i: number): string[] => [
      `blocks.${i}.conv1.weight`,
      ...norm(`blocks.${i}.bn1`),
      `blocks.${i}.conv2.weight`,
      ...norm(`blocks.${i}.bn2`),
      ...(i === 3 || i === 6 ? [`blocks.${i}.shortcut.0.weight`, ...norm(`blocks.${i}.shortcut.1`)] : []),
    ];
    const names = [
      'conv.weight',
      ...norm('bn'),
      ...Array.from({ length: 9 }, (_, i) => block(i)).flat(),
      'fc.weight',
      'fc.bias',
    ];
    expect(parameters(resnetCifar()).map(nameOf).sort()).toEqual([...names].sort());
    const weights = names.filter((n) => /(conv\d?|shortcut\.0|fc)\.weight$/.test(n));
    expect(prunable(resnetCifar()).map(nameOf)).toEqual(weights);
  });
  it('keeps weights as [out, height, width, in]', () => {
    const shapes = new Map(parameters(resnetCifar({ depth: 8, width: 4 })).map((p) => [nameOf(p), p.shape]));
    expect(shapes.get('conv.weight')).toEqual([4, 3, 3, 3]);
    expect(shapes.get('blocks.1.conv1.weight')).toEqual([8, 3, 3, 4]);
    expect(shapes.get('blocks.1.shortcut.0.weight')).toEqual([8, 1, 1, 4]);
    expect(shapes.get('fc.weight')).toEqual([10, 16]);
  });
  it('starts convolutions and classifier as Kaiming-normal by fan-in, the bias within 1/sqrt(fan-in), BatchNorm at 1 and 0', () => {
    const start = new Map(parameters(resnetCifar()).map((p) => [nameOf(p), p.attributes['init']]));
    expect(start.get('conv.weight')).toEqual({ kind: 'kaimingNormal', fanIn: 27 });
    expect(start.get('blocks.3.shortcut.0.weight')).toEqual({ kind: 'kaimingNormal', fanIn: 16 });
    expect(start.get('fc.weight')).toEqual({ kind: 'kaimingNormal', fanIn: 64 });
    expect(start.get('fc.bias')).toEqual({ kind: 'uniform', bound: 1 / 8 });
    expect(['weight', 'bias', 'running_mean', 'running_var'].map((p) => start.get(`bn.${p}`))).toEqual(
      [1, 0, 0, 1].map((value) => ({ kind: 'constant', value })),
    );
  });
  it('refuses a depth that is not 6 n + 2, and no width', () => {
    expect(() => resnetCifar({ depth: 18 })).toThrow(
      'resnetCifar: depth 18 is not 6 n + 2; choose 8, 14, 20, 32, 44, 56, ...',
    );
    expect(() => resnetCifar({ depth: 2 })).toThrow('resnetCifar: depth 2 is not 6 n + 2');
    expect(() => resnetCifar({ width: 0 })).toThrow('resnetCifar: width 0 is not a positive integer');
  });
});

describe('small models', () => {
  it('mlp has a weight and a bias a layer', () => {
    const net = mlp([28, 28, 1], { classes: 10 });
    expect(count(net, 'weight')).toBe(784 * 300 + 300 * 100 + 100 * 10);
    expect(count(net, 'bias')).toBe(410);
    expect(count(mlp([4], { hidden: [], classes: 2, bias: false }), 'weight', 'bias')).toBe(8);
  });
  it('lenet', () => {
    const net = lenet([28, 28, 1], { classes: 10 });
    expect(count(net, 'weight')).toBe(25 * 6 + 25 * 6 * 16 + 7 * 7 * 16 * 120 + 120 * 84 + 84 * 10);
    expect(count(net, 'bias')).toBe(6 + 16 + 120 + 84 + 10);
  });
});
