import { alternate, option, printTimes, startPeer } from './lib.mjs';

/**
 * One PX round on 100 images of ResNet-20: observe, score, rank, new masks; against the same formula in PyTorch with H1 on the full
 * batch, as it is usually written, and with H1 on one image, which separates the algebra from the implementation.
 */
export const run = async (args) => {
  const { openDevice, resnetCifar, initialise, prune } = await import('../dist/index.js');
  const threads = Number(option(args, 'threads', 0)) || undefined;
  const device = await openDevice(option(args, 'device', 'cpu'), threads === undefined ? {} : { threads });
  const used = Number(/(\d+) threads?/.exec(device.description)?.[1] ?? 1);
  console.log(`\nresnet20 PX round, 100 images; ${device.description}; seed 0; the first 2 rounds of each turn are warm-up`);
  const net = resnetCifar({ depth: 20 });
  const weights = initialise(net, 0);
  const images = Float32Array.from({ length: 100 * 3072 }, (_, i) => (((i * 2654435761) >>> 20) & 4095) / 1024 - 2);
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 10);
  const ours = async (n) => {
    const ticket = await prune(net, weights, device, { method: 'px', density: 0.018, rounds: n + 2, data: [{ images, labels }] });
    return ticket.rounds.slice(2).map((r) => r.seconds);
  };
  const ratios = {};
  for (const [what, extra] of [['H1 on the full batch', []], ['H1 on one image', ['--h1-batch', 1]]]) {
    const peer = await startPeer('px_round.py', ['--threads', used, '--batch', 100, '--seconds', 60, ...extra]);
    const times = await alternate(ours, peer, { turns: Number(option(args, 'turns', 4)), perTurn: 4 });
    peer?.close();
    ratios[what] = printTimes(`PX round; PyTorch with ${what} (its float32 scores overflow, ours are finite)`, times);
    if (peer === null) break;
  }
  await device.dispose();
  return ratios;
};
