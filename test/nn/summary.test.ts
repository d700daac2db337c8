import { pipe } from 'fp-ts/lib/function.js';
import { expect, test } from 'vitest';
import { batchNorm, conv2d, globalAveragePool, linear, maxPool2, relu } from '../../src/nn/layers.js';
import { network } from '../../src/nn/network.js';
import { summary } from '../../src/nn/summary.js';

const net = network('small', [8, 8, 3], (x) =>
  pipe(
    x,
    conv2d('conv', 4, { kernel: 3 }),
    maxPool2,
    relu,
    batchNorm('bn'),
    relu,
    globalAveragePool,
    linear('fc', 5),
  ),
);
const outputs = (rows: ReturnType<typeof summary>['layers']): readonly string[] =>
  rows.map((l) => `${l.layer} ${l.output.join('x')}`);

test('a layer shows its own output, not that of the pooling behind it', () =>
  expect(outputs(summary(net).layers)).toEqual(['conv 8x8x4', 'bn 4x4x4', 'fc 5']));

test('multiply-adds of masked weights count as nothing, all other work as before', () => {
  const dense = summary(net);
  expect(dense.liveFlops).toBe(dense.flops);
  const mask = (weights: number, live: number): Uint8Array => new Uint8Array(weights).fill(1, 0, live);
  const masks = new Map([
    ['conv.weight', mask(108, 27)],
    ['fc.weight', mask(20, 0)],
  ]);
  const ticket = summary(net, masks);
  const of = (s: typeof ticket, layer: string): (typeof ticket.layers)[number] =>
    s.layers.find((l) => l.layer === layer)!;
  const convolution = 2 * 8 * 8 * 108; // of each weight at each position
  expect(of(ticket, 'conv').flops - of(ticket, 'conv').liveFlops).toBe(0.75 * convolution);
  expect(of(ticket, 'fc').flops - of(ticket, 'fc').liveFlops).toBe(2 * 20);
  expect(of(ticket, 'bn').liveFlops).toBe(of(ticket, 'bn').flops);
  expect(ticket.flops).toBe(dense.flops);
  expect(ticket.flops - ticket.liveFlops).toBe(0.75 * convolution + 2 * 20);
});

test('masks that are none of the network are refused', () => {
  const masks = new Map([
    ['conv.weight', new Uint8Array(108).fill(7)],
    ['fc.weight', new Uint8Array(20)],
  ]);
  expect(() => summary(net, masks)).toThrow("masks: 'conv.weight' holds 7 at 0");
  expect(() => summary(net, new Map())).toThrow("masks: 'conv.weight' of network 'small' is missing");
});
