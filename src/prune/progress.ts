import { stepsOf } from '../train/fit.js';
import type { ImpOptions } from './criteria/imp.js';
import { usualRounds } from './method.js';
import { procedureOf } from './methods.js';
import type { PruneOptions, Ticket } from './prune.js';
import { ZERO_REMEDY } from './rounds.js';

/** How far a pruning is: `done` of `total`, in rounds, or in the steps of a method's trainings. */
export type ShowProgress = (
  label: string,
  done: number,
  total: number,
  details: Readonly<Record<string, string>>,
) => void;

/** The options of a pruning that shows how far it is. */
export const withProgress = (options: PruneOptions, show: ShowProgress): PruneOptions => {
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

/** In which rounds weights without a score were kept, and what helps: lines for people. */
export const zeroScoreLines = ({ method, rounds, zeroScores }: Ticket): readonly string[] => {
  const filled = rounds.filter((r) => (r.zeroScores ?? 0) > 0);
  if (filled.length === 0) {
    return (zeroScores ?? 0) > 0
      ? [`${method}: ${zeroScores} weights of the ticket are zero themselves, so that no score chose them`]
      : [];
  }
  const some = filled.slice(-3).map((r) => `${r.zeroScores} of ${r.live} in round ${r.round + 1}`);
  const shown = `${filled.length > some.length ? '..., ' : ''}${some.join(', ')}`;
  return [
    `${method}: in ${filled.length} of ${rounds.length} rounds weights of score zero were kept, chosen by their order alone (${shown}); ${ZERO_REMEDY}`,
  ];
};
