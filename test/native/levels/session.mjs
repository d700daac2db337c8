// A small training of the library of this checkout on the device named: prints what there is to compare, as
// one line.
import { pathToFileURL } from 'node:url';

const [library, kind] = process.argv.slice(2);
const px = await import(pathToFileURL(library).href);
const { add, batchNorm, conv2d, globalAveragePool, initialise, linear, network, pipe, relu } = px;

// Channels in multiples of 16 and 8, and 5: kernels of our own, and those of the library.
const block = (x) => relu(add(x, pipe(x, conv2d('conv', 16, { kernel: 3 }), batchNorm('conv_bn'))));
const net = network('small', [32, 32, 3], (x) =>
  pipe(
    x,
    conv2d('stem', 16, { kernel: 3, stride: 4 }),
    batchNorm('stem_bn'),
    relu,
    block,
    conv2d('odd', 5, { kernel: 1 }),
    globalAveragePool,
    linear('fc', 10),
  ),
);
const data = px.synthetic({ seed: 3, train: 32, test: 20 });
const options = { epochs: 2, batch: 8, rate: { kind: 'oneCycle', rate: 0.02 }, augment: null };

let device;
try {
  device = await px.openDevice(kind, kind === 'cpu' ? { threads: 1 } : {});
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
  process.exit(0);
}
const trained = await px.fit(net, { weights: initialise(net, 1) }, data, device, options);
const { loss } = await px.evaluate(net, trained, data, device);
console.log(
  JSON.stringify({
    losses: [...trained.history.map((epoch) => epoch.trainLoss), loss],
    device: device.description,
  }),
);
await device.dispose();
