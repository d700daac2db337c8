import { alternate, openFor, option, printTimes, SETTLED, startPeer } from './lib.mjs';
import { minibatch } from './subject.mjs';

/**
 * One PX round on 100 images (or --batch) of ResNet-20: accumulate, score, rank, new masks; against the same
 * formula in PyTorch with H1 on the full batch, as it is usually written, and with H1 on one image, which
 * separates the algebra from the implementation. On a GPU 100 rounds (or --rounds) are timed as one, since
 * ours follow each other without waiting for the host; both between CUDA events.
 */
export const run = async (args) => {
  const { resnetCifar, initialise, prune } = await import('../dist/index.js');
  const { device, isCuda, peer: told } = await openFor(args);
  const images = Number(option(args, 'batch', 100));
  const warm = isCuda ? SETTLED : 2;
  console.log(
    `\nresnet20 PX round, ${images} images; ${device.description}; seed 0; the first ${warm} rounds of each turn are warm-up`,
  );
  const net = resnetCifar({ depth: 20 });
  const weights = initialise(net, 0);
  const data = [minibatch(images)];
  const ours = async (n) => {
    const ends = []; // of rounds, by the host's clock
    const ticket = await prune(net, weights, device, {
      method: 'px',
      density: 0.018,
      rounds: n + warm,
      data,
      onRound: () => ends.push(performance.now()),
    });
    const seconds = ticket.rounds.slice(warm).map((r) => r.seconds);
    // A round begins where the one before ends, so their sum is the time from the last end of the warm-up to
    // the last of all: both of a round's plans, n times.
    return isCuda
      ? {
          seconds: [seconds.reduce((a, b) => a + b, 0) / n],
          host: [(ends.at(-1) - ends[warm - 1]) / 1000 / n],
        }
      : { seconds };
  };
  const results = {};
  for (const [what, extra] of [
    ['H1 on the full batch', []],
    ['H1 on one image', ['--h1-batch', 1]],
  ]) {
    const peer = await startPeer('px_round.py', [...told, '--batch', images, '--seconds', 60, ...extra]);
    const times = await alternate(ours, peer, {
      turns: Number(option(args, 'turns', 4)),
      perTurn: Number(option(args, 'rounds', isCuda ? 100 : 4)),
    });
    peer?.close();
    results[what] = {
      ...printTimes(`PX round; PyTorch with ${what} (its float32 scores overflow, ours are finite)`, times),
      peer: peer?.ready ?? null,
    };
    if (peer === null) break;
  }
  const about = { images, device: device.description, clock: isCuda ? 'CUDA events' : 'host' };
  await device.dispose();
  return { ...about, ...results };
};
