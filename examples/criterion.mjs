// Prunes by a criterion of its own, each layer to a density of Erdős-Rényi-Kernel, and trains what is left.
// node examples/criterion.mjs [cpu|reference|cuda]
import * as px from 'pathex';
import { lights } from './data.mjs';

const train = lights(1, 128);
const targets = { values: { kind: 'values', shape: [2] } };
const source = px.resident({ name: 'lights', sample: [8, 8, 1], targets, train, test: lights(2, 32) });
const net = px.network('counter', [8, 8, 1], (x) =>
  px.pipe(x, px.flatten, px.linear('fc1', 16), px.relu, px.linear('fc2', 2)),
);

/** How far the answers to a minibatch move without a weight, to first order, squared. */
const movement = {
  kind: 'criterion',
  name: 'movement',
  doc: 'how far the answers move without the weight',
  data: 'images',
  rounds: { kind: 'any', usual: 4 },
  cost: { perMinibatch: { forward: 1, backward: 1 } },
  monotone: true,
  accumulate: ({ evalBatch, effective }) => {
    const answers = px.ops.sum(evalBatch.output, [0, 1]);
    const change = px.ops.mul(px.pack(effective), px.pack(px.grad(answers, effective)));
    return { mantissa: px.ops.mul(change, change), exponent: null };
  },
  score: ({ weights }, sum) => ({ scores: px.unpack(sum.mantissa, weights), total: null }),
};

const device = await px.openDevice(process.argv[2] ?? 'cpu');
const data = await px.minibatches(source, device);
const pruning = { criterion: movement, density: 0.5, scope: 'erk', data };
const ticket = await px.prune(net, px.initialise(net, 0), device, pruning);
const training = { task: px.regression(), epochs: 12, batch: 16, rate: { kind: 'oneCycle', rate: 0.05 } };
const trained = await px.fit(net, ticket, source, device, training);
const layers = px.layerDensities(net, ticket.masks).map(({ live }) => live);
console.log(JSON.stringify({ losses: trained.history.map((epoch) => epoch.trainLoss), layers }));
await device.dispose();
