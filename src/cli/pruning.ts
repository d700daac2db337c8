import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import type { ImpOptions } from '../prune/criteria/imp.js';
import { usualRounds } from '../prune/method.js';
import { procedureOf } from '../prune/methods.js';
import { prune, type PruneOptions, type Ticket } from '../prune/prune.js';
import { ZERO_REMEDY } from '../prune/rounds.js';
import { progress, type Progress } from '../report/progress.js';
import type { Device } from '../runtime/device.js';
import { stepsOf } from '../train/fit.js';
import { log } from './common.js';

/** What progress is measured in: rounds, or the steps of a method's trainings. */
const meter = (
  options: PruneOptions,
  show: (label: string, done: number, total: number, details: Readonly<Record<string, string>>) => void,
): PruneOptions => {
  if (options.method !== 'imp') {
    const name = options.method ?? options.criterion.name;
    return {
      ...options,
      onRound: (r) => show(`pruning with ${name}`, r.round + 1, r.rounds, { live: String(r.live) }),
    };
  }
  const { training, dataset } = options;
  const total = stepsOf(dataset, training);
  const rounds = options.rounds ?? usualRounds(procedureOf(options));
  let round = 0;
  const shown: ImpOptions['training'] = {
    ...training,
    onStep: ({ epoch, step, steps, loss }) =>
      show('pruning with imp', round * total + epoch * steps + step + 1, rounds * total, {
        round: `${round + 1}/${rounds}`,
        epoch: `${epoch + 1}/${training.epochs}`,
        loss: loss.toFixed(3),
      }),
  };
  return {
    ...options,
    onRound: (r) => {
      round = r.round + 1;
    },
    training: shown,
  };
};

/** Says in which rounds weights without a score were kept, and what helps. */
const sayZeroScores = ({ method, rounds, zeroScores }: Ticket): void => {
  const filled = rounds.filter((r) => (r.zeroScores ?? 0) > 0);
  if (filled.length === 0) {
    if ((zeroScores ?? 0) > 0)
      log(`${method}: ${zeroScores} weights of the ticket are zero themselves, so that no score chose them`);
    return;
  }
  const some = filled.slice(-3).map((r) => `${r.zeroScores} of ${r.live} in round ${r.round + 1}`);
  const shown = `${filled.length > some.length ? '..., ' : ''}${some.join(', ')}`;
  log(
    `${method}: in ${filled.length} of ${rounds.length} rounds weights of score zero were kept, chosen by their order alone (${shown}); ${ZERO_REMEDY}`,
  );
};

/** prune() with a progress bar, which appears with the first thing done. */
export const pruneShowing = async (
  net: Network,
  weights: Weights,
  device: Device,
  options: PruneOptions,
): Promise<Ticket> => {
  let bar: Progress | null = null;
  try {
    const ticket = await prune(
      net,
      weights,
      device,
      meter(options, (label, done, total, details) => {
        bar ??= progress(label, total, { stream: process.stderr, isTerminal: process.stderr.isTTY === true });
        bar.update(done, details);
      }),
    );
    (bar as Progress | null)?.stop();
    sayZeroScores(ticket);
    return ticket;
  } finally {
    (bar as Progress | null)?.stop(); // TypeScript does not see that the callback sets it
  }
};
