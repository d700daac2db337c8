import * as kinds from '../kinds.js';
import { checkOptions, checkValue } from '../kinds.js';
import { fail } from '../errors.js';
import { checkWeights, type Weights } from '../nn/weights.js';
import { prunable, type Network } from '../nn/network.js';
import { program } from '../program/program.js';
import type { Device } from '../runtime/device.js';
import { size } from '../tensor/tensor.js';
import type { Masks } from '../transform/mask.js';
import { checkImp, IMP_OPTIONS, impTrainings } from './criteria/imp.js';
import { synflowL2 } from './criteria/synflow.js';
import { COMMON_OPTIONS, type CommonOptions } from './common-options.js';
import { viewOf } from './criterion.js';
import { usualRounds, type MethodFacts, type Minibatch, type RoundReport } from './method.js';
import { checkMethod, METHOD_OPTIONS, procedureOf, type MethodOptions } from './methods.js';
import { rankInRounds } from './rounds.js';
import { keepCounts } from './schedule.js';
import { fillStore } from './store.js';

export type { Minibatch, RoundReport } from './method.js';

export type PruneOptions = MethodOptions & CommonOptions;

/** The options that all methods have, and the names of the chosen one's; their values are the method's own concern. */
const checkPruneOptions = (options: PruneOptions): void => {
  checkMethod('prune', options);
  const own = options.method === 'imp' ? IMP_OPTIONS : METHOD_OPTIONS[options.method];
  const named = Object.keys(own).map((name) => [name, kinds.anything] as const);
  checkOptions<Readonly<Record<string, unknown>>>(
    'prune',
    { ...options },
    {
      ...COMMON_OPTIONS,
      method: kinds.text,
      ...Object.fromEntries(named),
    },
  );
  if (options.method === 'imp') checkImp(options);
};

export interface Ticket {
  readonly masks: Masks;
  /** What the ticket's training starts from: the given weights, or IMP's rewind point. So `fit(net, ticket, ...)` trains it. */
  readonly weights: Weights;
  readonly method: string;
  readonly density: number;
  readonly rounds: readonly RoundReport[];
  readonly seconds: number;
}

/**
 * Finds the mask of a lottery ticket: global ranking over all conv and linear weights, exactly N - trunc((1 - d) N) survivors; `phew`, which does
 * not rank, keeps what its walks cross. Weights and statistics are read, never written (IMP trains copies). Errors: OPTION for impossible settings, WEIGHTS for
 * weights that do not fit, NON_FINITE for NaN or infinite scores, COLLAPSE when no path is left.
 */
export const prune = async (
  net: Network,
  weights: Weights,
  device: Device,
  options: PruneOptions,
): Promise<Ticket> => {
  const start = performance.now();
  checkValue('prune: network', net, kinds.networkKind);
  checkValue('prune: weights', weights, kinds.weightsMap);
  checkValue('prune: device', device, kinds.deviceKind);
  checkPruneOptions(options);
  const method = procedureOf(options);
  checkWeights(net, weights);
  const { density, seed = 0, schedule = 'exponential', allowCollapse = false, signal = null } = options;
  const total = prunable(net).reduce((s, w) => s + size(w.shape), 0);
  const keeps = keepCounts(total, density, roundsOf(method, options.rounds), schedule);
  const data = dataOf(net, method, options.data ?? []);
  signal?.throwIfAborted();
  const reports: RoundReport[] = [];
  const onRound = (report: RoundReport): void => {
    reports.push(report);
    options.onRound?.(report);
  };

  const trainings =
    options.method === 'imp' ? await impTrainings(net, weights, device, options, seed, options.signal) : null;
  const from = trainings?.start ?? weights;
  const find = async (): Promise<Masks> => {
    switch (method.kind) {
      case 'criterion':
        return rankInRounds(net, from, device, method, { keeps, data, trainings, seed, signal, onRound });
      case 'host': {
        const masks = await method.choose(net, weights, { density, seed, signal });
        const live = [...masks.values()].reduce((n, mask) => mask.reduce((m, bit) => m + bit, n), 0);
        onRound({ round: 0, rounds: 1, live, log2Flow: null, seconds: (performance.now() - start) / 1000 });
        return masks;
      }
    }
  };
  const masks = await find();
  if (!allowCollapse && (await flowLeft(device, net, from, masks)) === 0) {
    fail(
      'COLLAPSE',
      `prune: ${method.name}: the ticket has no path from input to output; use more rounds or a lower sparsity, or allow it with allowCollapse`,
    );
  }
  return {
    masks,
    weights: from,
    method: method.name,
    density,
    rounds: reports,
    seconds: (performance.now() - start) / 1000,
  };
};

const roundsOf = (facts: MethodFacts, given: number | undefined): number => {
  const { name, rounds } = facts;
  const count = given ?? usualRounds(facts);
  return rounds.kind === 'any' || count === 1
    ? count
    : fail('OPTION', `prune: ${name} is single-shot, rounds ${count}: ${rounds.why}; use 1`);
};

/** The minibatches that a method reads, of one size. */
const dataOf = (
  net: Network,
  { name, data: reads }: MethodFacts,
  data: readonly Minibatch[],
): readonly Minibatch[] => {
  if (reads === 'none') return [];
  const sample = size(net.input.shape.slice(1));
  const batch = data[0]?.labels.length ?? fail('OPTION', `prune: ${name} reads ${reads}; give it data`);
  data.forEach((d, i) => {
    if (d.labels.length !== batch || d.images.length !== batch * sample) {
      fail(
        'DATA',
        `prune: minibatch ${i} has ${d.images.length} pixel values and ${d.labels.length} labels; all need ${batch} images of ${sample} values`,
      );
    }
  });
  return data;
};

/** Flow of squared weights through the ticket on one all-ones image, whatever the method: zero when no path is left. */
const flowLeft = async (device: Device, net: Network, weights: Weights, masks: Masks): Promise<number> => {
  const { total } = synflowL2({ biasPaths: false }).score(viewOf(net, 1), null);
  const left = program('flow', { outputs: { total: total!.mantissa } });
  const executable = await device.compile(left);
  const store = device.store();
  try {
    await fillStore(store, left, weights, 0, masks);
    return (await executable.run(store))['total']![0]!;
  } finally {
    executable.dispose();
    store.dispose();
  }
};
