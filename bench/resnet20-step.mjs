import { alternate, openFor, option, printTimes, startPeer, timeEach, timeQueued } from './lib.mjs';
import { noise, stepStore } from './subject.mjs';

/**
 * Whole training step of ResNet-20, batch 128 or --batch, against PyTorch. On a CPU, steps one by one against
 * eager with the same threads. On a GPU, --queued steps at once (default 200), augmentation included, against
 * eager, torch.compile and CUDA graphs; both between CUDA events.
 */
export const run = async (args) => {
  const { resnetCifar, trainStep } = await import('../dist/index.js');
  const batch = Number(option(args, 'batch', 128));
  const { device, isCuda, peer: told } = await openFor(args);
  const queued = Number(option(args, 'queued', 200));
  console.log(
    `resnet20 training step, batch ${batch}; ${device.description}; seed 0; ${isCuda ? `${queued} steps queued at once, after as many` : '3 warm-up steps'}`,
  );
  const net = resnetCifar({ depth: 20 });
  const p = trainStep(net, noise, { split: 'train', count: noise.train.count }, batch);
  const step = await device.compile(p);
  const { store, inputs } = await stepStore(device, net, p);
  const once = () => step.run(store, inputs);
  const ours = (n) => (isCuda ? timeQueued(device, once, n) : timeEach(once, n));
  await ours(isCuda ? queued : 3);
  const peer = await startPeer('train_step.py', [...told, '--batch', batch, '--seconds', 60]);
  const times = await alternate(ours, peer, {
    turns: Number(option(args, 'turns', 6)),
    perTurn: isCuda ? queued : 4,
  });
  peer?.close();
  const result = printTimes(`training step${isCuda ? '; all by CUDA events' : ''}`, times);
  const { implementationsOf } = await import('../dist/runtime/native-device.js');
  const streams = implementationsOf(step).some((s) => s.implementation.endsWith('beside the steps after it'))
    ? 'two'
    : 'one';
  if (isCuda)
    console.log(
      `gradients of weights ran ${streams === 'two' ? 'beside the other steps' : 'among the other steps'}`,
    );
  const about = {
    batch,
    device: device.description,
    clock: isCuda ? 'CUDA events' : 'host',
    ...(isCuda ? { streams } : {}),
    peer: peer?.ready ?? null,
  };
  await device.dispose();
  return { ...about, ...result };
};
