// Whether more than half of an image is lit: a network with dropout, trained by AdamW, whose biases do not
// decay.
// node examples/dropout.mjs [cpu|reference|cuda]
import * as px from 'pathex';
import { halfLit } from './data.mjs';

const source = px.resident({
  name: 'half lit',
  sample: [8, 8, 1],
  targets: { labels: { kind: 'classes', shape: [], classes: 2 } },
  train: halfLit(1, 256),
  test: halfLit(2, 64),
});
const net = px.network('half', [8, 8, 1], (x) =>
  px.pipe(
    x,
    px.conv2d('conv', 8, { kernel: 3 }),
    px.batchNorm('bn'),
    px.relu,
    px.flatten,
    px.dropout(0.3),
    px.linear('fc', 2),
  ),
);

const device = await px.openDevice(process.argv[2] ?? 'cpu');
const trained = await px.fit(net, { weights: px.initialise(net, 0) }, source, device, {
  task: px.classification({ labelSmoothing: 0.05 }),
  optimiser: px.adamW({ weightDecay: 0.1, groups: [{ match: ['bn.*', '*.bias'], weightDecay: 0 }] }),
  clipNorm: 1,
  epochs: 6,
  batch: 32,
  rate: { kind: 'cosine', rate: 0.01 },
});
console.log(JSON.stringify({ losses: trained.history.map((epoch) => epoch.trainLoss), ...trained.test }));
await device.dispose();
