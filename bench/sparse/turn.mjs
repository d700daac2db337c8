import { inTurns, summaryOf } from '../lib.mjs';
import { nameOfTicket, prepare } from './subject.mjs';
import { printTable, ratioOf, shareLeft, showForms, showMs, showPercent, showRatio } from './table.mjs';

/** Shares of live weights, of random tickets. */
const DENSITIES = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7];
const SOME = [0.1, 0.3, 0.5];
const BATCH = 128;

/**
 * Where a ratio that grows with the density crosses `level`, straight between two measured densities by the
 * logarithm of the density; null where it does not.
 */
export const crossing = (densities, ratios, level = 1) => {
  for (let i = 1; i < densities.length; i++) {
    const [a, b] = [ratios[i - 1], ratios[i]];
    if (a >= level || b < level) continue;
    const [p, q] = [Math.log(densities[i - 1]), Math.log(densities[i])];
    return Math.exp(p + ((level - a) / (b - a)) * (q - p));
  }
  return null;
};

/** In words: a density in percent, or on which side of the measured ones it lies. */
export const showCrossing = (densities, ratios) => {
  const at = crossing(densities, ratios);
  if (at !== null) return `${(100 * at).toFixed(0)} %`;
  const [low, high] = [densities[0], densities.at(-1)].map((d) => `${Number((100 * d).toFixed(1))} %`);
  return ratios.at(-1) < 1 ? `above ${high}` : `below ${low}`;
};

/**
 * The density at which a whole network turns from sparse faster to dense faster, and what `auto` chooses on
 * either side: random tickets, which empty no channel until few weights are left, so that nothing but sparse
 * layers helps.
 */
export const runTurn = async (device, net, { turns, isQuick }) => {
  const { initialise, prune } = await import('../../dist/index.js');
  const { executionOf } = await import('../../dist/train/execution.js');
  const weights = initialise(net, 0);
  const densities = isQuick ? SOME : DENSITIES;
  const cases = [];
  for (const density of densities) {
    const { masks } = await prune(net, weights, device, { method: 'random', density });
    const ticket = { method: 'random', density, masks, weights };
    const sparse = executionOf('bench', net, masks, 'sparse', device);
    cases.push({ ...ticket, sparse, auto: executionOf('bench', net, masks, 'auto', device).kind });
  }
  const dense = await prepare(device, 'step', net, cases[0], BATCH);
  const made = [];
  for (const c of cases) made.push(await prepare(device, 'step', c.sparse.trainable, c, BATCH));
  const ours = { dense: dense.run };
  cases.forEach((c, i) => (ours[nameOfTicket(c)] = made[i].run));
  await inTurns(ours, [], { turns: 1, perTurn: 2 }); // warm-up
  const times = await inTurns(ours, [], { turns, perTurn: 3 });
  for (const each of [dense, ...made]) each.dispose();
  const whole = summaryOf(times.dense);
  const rows = cases.map((c) => {
    const seconds = summaryOf(times[nameOfTicket(c)]);
    const toDense = ratioOf(seconds, whole);
    return { density: c.density, layers: c.sparse.layers, auto: c.auto, seconds, toDense };
  });
  printTable(
    `${net.name}: where auto turns; training step, batch ${BATCH}, of random tickets; dense ${showMs(whole.median)} ms`,
    [
      'live weights %',
      'multiply-adds left %',
      'layers removed / sparse / dense',
      'compact ms',
      'compact of dense',
      'auto takes',
    ],
    rows.map((r) => [
      showPercent(r.density),
      showPercent(shareLeft(r.layers)),
      showForms(r.layers),
      showMs(r.seconds.median),
      showRatio(r.toDense),
      r.auto,
    ]),
  );
  const turn = showCrossing(
    densities,
    rows.map((r) => r.toDense.median),
  );
  const medians = (kind) => rows.filter((r) => r.auto === kind).map((r) => r.toDense.median.toFixed(2));
  const [taken, left] = [medians('sparse'), medians('dense')];
  console.log(`\nThe compact network is as fast as the dense one at ${turn} live weights (medians).`);
  console.log(
    `Ratios where auto takes it: ${taken.join(', ') || 'none'}; where it leaves it: ${left.join(', ') || 'none'}.`,
  );
  return { batch: BATCH, dense: whole, rows, turn };
};
