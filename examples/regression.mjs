// A regression: how many points of an image are lit, and how many of its upper half.
// node examples/regression.mjs [cpu|reference|cuda]
import * as px from 'pathex';
import { lights } from './data.mjs';

const source = px.resident({
  name: 'lights',
  sample: [8, 8, 1],
  targets: { values: { kind: 'values', shape: [2] } },
  train: lights(1, 128),
  test: lights(2, 32),
});
const net = px.network('counter', [8, 8, 1], (x) =>
  px.pipe(x, px.flatten, px.linear('fc1', 16), px.relu, px.linear('fc2', 2)),
);

const device = await px.openDevice(process.argv[2] ?? 'cpu');
const trained = await px.fit(net, { weights: px.initialise(net, 0) }, source, device, {
  task: px.regression(),
  epochs: 12,
  batch: 16,
  rate: { kind: 'warmUp', epochs: 1, then: { kind: 'cosine', rate: 0.01 } },
});
console.log(JSON.stringify({ losses: trained.history.map((epoch) => epoch.trainLoss), ...trained.test }));
await device.dispose();
