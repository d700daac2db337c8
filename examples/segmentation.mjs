// A tiny segmentation network: which pixels belong to a bright square, whose rim counts for nothing.
// node examples/segmentation.mjs [cpu|reference|cuda]
import * as px from 'pathex';
import { IGNORE, squares } from './data.mjs';

const source = px.resident({
  name: 'squares',
  sample: [12, 12, 1],
  targets: { labels: { kind: 'classes', shape: [12, 12], classes: 2, ignore: IGNORE } },
  train: squares(1, 64),
  test: squares(2, 16),
  augment: { pad: 2, flip: true },
});
const net = px.network('segmenter', [12, 12, 1], (x) =>
  px.pipe(
    x,
    px.conv2d('conv1', 8, { kernel: 3 }),
    px.batchNorm('bn1'),
    px.relu,
    px.conv2d('conv2', 2, { kernel: 3, dilation: 2 }),
  ),
);

const device = await px.openDevice(process.argv[2] ?? 'cpu');
const trained = await px.fit(net, { weights: px.initialise(net, 0) }, source, device, {
  task: px.segmentation({ ignore: IGNORE }),
  epochs: 6,
  batch: 16,
  rate: { kind: 'poly', rate: 0.2 },
});
console.log(JSON.stringify({ losses: trained.history.map((epoch) => epoch.trainLoss), ...trained.test }));
await device.dispose();
