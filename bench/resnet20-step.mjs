import { alternate, option, printTimes, startPeer } from './lib.mjs';

/** Whole training step of ResNet-20, batch 128, against PyTorch eager with the same threads. */
export const run = async (args) => {
  const { openDevice, resnetCifar, initialise, trainStep } = await import('../dist/index.js');
  const batch = Number(option(args, 'batch', 128));
  const threads = Number(option(args, 'threads', 0)) || undefined;
  const device = await openDevice(option(args, 'device', 'cpu'), threads === undefined ? {} : { threads });
  const used = Number(/(\d+) threads?/.exec(device.description)?.[1] ?? 1);
  console.log(`resnet20 training step, batch ${batch}; ${device.description}; seed 0; 3 warm-up steps`);
  const count = 1024;
  const data = { name: 'noise', height: 32, width: 32, channels: 3, classes: 10, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const net = resnetCifar({ depth: 20 });
  const p = trainStep(net, data, { split: 'train', count }, batch);
  const step = await device.compile(p);
  const store = device.store();
  const weights = initialise(net, 0);
  for (const [name, leaf] of p.state) {
    const n = leaf.shape.reduce((a, d) => a * d, 1);
    const value = weights.get(name)?.data
      ?? (name === 'data/train/images' ? Uint8Array.from({ length: n }, (_, i) => (i * 2654435761) >>> 24)
        : name === 'data/train/labels' ? Int32Array.from({ length: n }, (_, i) => i % 10)
          : new Float32Array(n).fill(name.startsWith('mask/') ? 1 : 0));
    await store.add(name, leaf, value);
  }
  const index = Int32Array.from({ length: batch }, (_, i) => (i * 7) % count);
  const shift = new Int32Array(3 * batch);
  const ours = async (n) => {
    const seconds = [];
    for (let i = 0; i < n; i++) {
      const start = performance.now();
      await step.run(store, { index, shift, rate: [0.01] });
      seconds.push((performance.now() - start) / 1000);
    }
    return seconds;
  };
  await ours(3);
  const peer = await startPeer('train_step.py', ['--threads', used, '--batch', batch, '--seconds', 60]);
  const times = await alternate(ours, peer, { turns: Number(option(args, 'turns', 6)), perTurn: 4 });
  peer?.close();
  const ratio = printTimes('training step', times);
  await device.dispose();
  return ratio;
};
