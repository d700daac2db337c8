import { alternate, median, option, startPeer } from './lib.mjs';

/**
 * Seconds each method takes to find a ticket: ResNet-20 at 98.2 %, 100 images, 10 of each class. Rounds of iterative methods cost alike, since masks
 * do not change the work: the first few of the schedule are timed, and a run is what prune() does once plus R times the median round.
 *
 * [--methods a,b] [--data FOLDER] [--turns N] [--threads N]; --data takes the images from CIFAR-10 instead of noise.
 */

// Iurada et al., CVPR 2024, tables 2 and 4: seconds on a Titan Xp with an i7-9800X, ResNet-20 on CIFAR-10 at 98.2 %, 100 rounds where iterative.
const PAPER = { random: 0.0003, magnitude: 0.0006, snip: 0.17, grasp: 0.39, synflow: 13.4, 'ntk-sap': 20.92, px: 14.13 };
/** IMP is rounds of training, not of pruning. */
const LEFT_OUT = ['imp'];
/** Rounds timed in each turn, after one that warms up. */
const ROUNDS = 3;

export const run = async (args) => {
  const { initialise, loadCifar10, METHODS, openDevice, paperDensity, procedureOf, prune, pruningSplit, resnetCifar, usualRounds } = await import('../dist/index.js');
  const unknown = option(args, 'methods')?.split(',').find((m) => !METHODS.includes(m));
  if (unknown !== undefined) throw new Error(`bench methods: no method '${unknown}'; choose ${METHODS.join(', ')}`);
  const chosen = option(args, 'methods')?.split(',') ?? METHODS.filter((m) => !LEFT_OUT.includes(m));
  const threads = Number(option(args, 'threads', 0)) || undefined;
  const device = await openDevice(option(args, 'device', 'cpu'), threads === undefined ? {} : { threads });
  const used = Number(/(\d+) threads?/.exec(device.description)?.[1] ?? 1);
  const turns = Number(option(args, 'turns', 3));
  const net = resnetCifar({ depth: 20 });
  const weights = initialise(net, 0);
  const folder = option(args, 'data');
  const data = folder === undefined ? [noise(100, 10)] : pruningSplit(await loadCifar10(folder));

  const start = (method) => startPeer('methods.py', ['--threads', used, '--batch', 100, '--seconds', 60, '--method', method]);
  const first = await start('random');
  first?.close();
  console.log(`\nresnet20 at 98.2 %, 100 images of ${folder === undefined ? 'noise' : 'CIFAR-10'}; ${device.description}; seed 0; ${turns} turns, medians`);
  if (first !== null) console.log(`torch ${first.ready.torch} eager, as many threads, ${first.ready.device}; on noise; the better of nchw and channels_last`);
  console.log('\n                 seconds of a whole run, by medians      by minima                milliseconds');
  console.log('method       rounds   pathex    torch   ratio   ratio    paper   pathex round   once   torch round');
  for (const method of chosen) {
    const total = usualRounds(procedureOf({ method }));
    const timed = Math.min(ROUNDS, total);
    // The rounds that a run of `total` rounds begins with: another density, or other rounds, could leave no path.
    const length = Math.min(total, timed + 1);
    const options = { method, density: paperDensity(9) ** (length / total), rounds: length, data };
    const once = [];
    const whole = async () => {
      const seconds = [];
      const began = performance.now();
      try {
        await prune(net, weights, device, { ...options, onRound: (r) => seconds.push(r.seconds) });
      } catch (error) {
        if (error.code !== 'COLLAPSE') throw error; // found by its last step, after the work that is timed
      }
      once.push((performance.now() - began) / 1000 - seconds.reduce((a, b) => a + b, 0));
      return seconds.slice(-timed);
    };
    await whole();
    once.length = 0;
    const peer = first === null || !first.ready.methods.includes(method) ? null : await start(method);
    const times = await alternate(whole, peer, { turns, perTurn: timed });
    peer?.close();
    const { pathex: ours, ...theirs } = times;
    const best = Object.entries(theirs).map(([format, xs]) => ({ format, round: median(xs) })).sort((a, b) => a.round - b.round)[0];
    const least = Math.min(...Object.values(theirs).flat());
    const run = median(once) + total * median(ours);
    const torch = best && total * best.round;
    console.log([
      method.padEnd(12), String(total).padStart(6), cell(run, 9), cell(torch, 9), cell(torch && run / torch, 8), cell(best && (Math.min(...once) + total * Math.min(...ours)) / (total * least), 8), (PAPER[method] === undefined ? '-' : String(PAPER[method])).padStart(9),
      cell(1000 * median(ours), 15), cell(1000 * median(once), 7), cell(best && 1000 * best.round, 14), best === undefined ? '' : `  ${best.format.replace('torch ', '')} ${peer.ready.dtype}`,
    ].join(''));
  }
  console.log(`
pathex: once (programs, compilation, the final check that a path is left) + rounds x median round. torch: rounds x median round, its network and masks being
there already; float64 where the first round in float32 overflows. paper: seconds on a Titan Xp, tables 2 and 4 of the PX paper (Iurada et al., CVPR 2024).`);
  await device.dispose();
};

/** Three digits that mean something; a dash where there is nothing to say. */
const cell = (value, width) => (value === undefined ? '-' : value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3)).padStart(width);

const noise = (count, classes) => ({
  images: Float32Array.from({ length: count * 3072 }, (_, i) => (((i * 2654435761) >>> 20) & 4095) / 1024 - 2),
  labels: Int32Array.from({ length: count }, (_, i) => i % classes),
});
