import { alternate, median, openFor, option, refuse, SETTLED, startPeer } from './lib.mjs';
import { minibatch } from './subject.mjs';

/**
 * Seconds each method takes to find a ticket: ResNet-20 at 98.2 %, 100 images, 10 of each class. Rounds of
 * iterative methods cost alike, since masks do not change the work: the first few of the schedule are timed,
 * and a run is what prune() does once plus R times the median round.
 *
 * [--methods a,b] [--data FOLDER] [--turns N] and what openFor reads; --data takes the images from CIFAR-10
 * instead of noise.
 */

// Iurada et al., CVPR 2024, tables 2 and 4: seconds on a Titan Xp with an i7-9800X, ResNet-20 on CIFAR-10 at
// 98.2 %, 100 rounds where iterative.
const PAPER = {
  random: 0.0003,
  magnitude: 0.0006,
  snip: 0.17,
  grasp: 0.39,
  synflow: 13.4,
  'ntk-sap': 20.92,
  px: 14.13,
};
/** IMP is rounds of training, not of pruning. */
const LEFT_OUT = ['imp'];
/**
 * Rounds timed in each turn, after one that warms up. On a GPU the mean of more, since they do not wait for
 * the host, after those that settle the lanes.
 */
const ROUNDS = { cpu: 3, cuda: 30 };

export const run = async (args) => {
  const {
    initialise,
    loadCifar10,
    METHODS,
    paperDensity,
    procedureOf,
    prune,
    pruningSplit,
    resnetCifar,
    usualRounds,
  } = await import('../dist/index.js');
  const unknown = option(args, 'methods')
    ?.split(',')
    .find((m) => !METHODS.includes(m));
  if (unknown !== undefined) refuse(`no method '${unknown}'; choose ${METHODS.join(', ')}`);
  const chosen = option(args, 'methods')?.split(',') ?? METHODS.filter((m) => !LEFT_OUT.includes(m));
  const { device, isCuda, peer: told } = await openFor(args);
  const turns = Number(option(args, 'turns', 3));
  const net = resnetCifar({ depth: 20 });
  const weights = initialise(net, 0);
  const folder = option(args, 'data');
  const data = folder === undefined ? [minibatch(100)] : pruningSplit(await loadCifar10(folder));

  const start = (method) =>
    startPeer('methods.py', [...told, '--batch', 100, '--seconds', 60, '--method', method]);
  const first = await start('random');
  first?.close();
  console.log(
    `\nresnet20 at 98.2 %, 100 images of ${folder === undefined ? 'noise' : 'CIFAR-10'}; ${device.description}; seed 0; ${turns} turns, medians`,
  );
  if (first !== null)
    console.log(
      `torch ${first.ready.torch} ${isCuda ? 'by CUDA events, as our rounds are' : 'eager, as many threads'}, ${first.ready.processor}; on noise; the best of ${first.ready.formats.join(', ')}`,
    );
  console.log(
    '\n                 seconds of a whole run, by medians      by minima                milliseconds',
  );
  console.log(
    'method       rounds   pathex    torch   ratio   ratio    paper   pathex round   once   torch round',
  );
  const results = {};
  for (const method of chosen) {
    const total = usualRounds(procedureOf({ method }));
    const timed = Math.min(isCuda ? ROUNDS.cuda : ROUNDS.cpu, total);
    // The rounds that a run of `total` rounds begins with: another density, or other rounds, could leave no
    // path.
    const length = Math.min(total, timed + (isCuda ? SETTLED : 1));
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
      const last = seconds.slice(-timed);
      return { seconds: isCuda ? [last.reduce((a, b) => a + b, 0) / last.length] : last };
    };
    await whole();
    once.length = 0;
    const peer = first === null || !first.ready.methods.includes(method) ? null : await start(method);
    const { times } = await alternate(whole, peer, { turns, perTurn: timed });
    peer?.close();
    const { pathex: ours, ...theirs } = times;
    const best = Object.entries(theirs)
      .map(([format, xs]) => ({ format, round: median(xs) }))
      .sort((a, b) => a.round - b.round)[0];
    const least = Math.min(...Object.values(theirs).flat());
    const run = median(once) + total * median(ours);
    const torch = best && total * best.round;
    results[method] = {
      rounds: total,
      once: median(once),
      round: median(ours),
      torchRound: best?.round ?? null,
      torchFormat: best?.format ?? null,
    };
    console.log(
      [
        method.padEnd(12),
        String(total).padStart(6),
        cell(run, 9),
        cell(torch, 9),
        cell(torch && run / torch, 8),
        cell(best && (Math.min(...once) + total * Math.min(...ours)) / (total * least), 8),
        (PAPER[method] === undefined ? '-' : String(PAPER[method])).padStart(9),
        cell(1000 * median(ours), 15),
        cell(1000 * median(once), 7),
        cell(best && 1000 * best.round, 14),
        best === undefined ? '' : `  ${best.format.replace('torch ', '')} ${peer.ready.dtype}`,
      ].join(''),
    );
  }
  console.log(`
pathex: once (programs, compilation, the final check that a path is left) + rounds x median round. torch: rounds x median round, its network and masks being
there already; float64 where the first round in float32 overflows. paper: seconds on a Titan Xp, tables 2 and 4 of the PX paper (Iurada et al., CVPR 2024).`);
  const about = { device: device.description, peer: first?.ready ?? null };
  await device.dispose();
  return { ...about, seconds: results };
};

/** Three digits that mean something; a dash where there is nothing to say. */
const digitsOf = (value) => {
  const short = value.toPrecision(3);
  return short.includes('e') ? value.toFixed(0) : short;
};
const cell = (value, width) => (value === undefined ? '-' : digitsOf(value)).padStart(width);
