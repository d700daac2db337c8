import type { LayerDensity } from '../prune/ticket.js';
import type { ExperimentReport, RunResult } from './experiment.js';
import { meanOverSeeds } from './seeds.js';
import { showNumber, type Column, type Row } from './table.js';

/** One line of a chart. `y` is null where there is nothing to show: the line breaks there. */
export interface Series {
  readonly run: string;
  readonly points: readonly { readonly x: number | string; readonly y: number | null }[];
}

/** A chart as data: one line per run over epochs, rounds or layers. */
export interface Chart {
  readonly title: string;
  /** One sentence for readers who cannot see the lines. */
  readonly description: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Layers stand in the order in which they come; steps are numbers. */
  readonly x: 'steps' | 'layers';
  /**
   * 'log': in percent, where 0 (a layer emptied) is drawn in a strip of its own below the smallest decade.
   */
  readonly y: 'linear' | 'percent' | 'log';
  /** Decimals in the table of the data. */
  readonly digits: number;
  readonly series: readonly Series[];
  /** Labels of all runs of the report, so that a run has the same colour in every chart. */
  readonly runs: readonly string[];
}

/** The method alone where that tells the runs apart, else with its sparsity, else numbered. */
export const runLabels = (runs: readonly RunResult[]): readonly string[] => {
  const unlike = (
    labels: readonly string[],
    more: (run: RunResult, i: number) => string,
  ): readonly string[] =>
    labels.map((label, i) =>
      labels.filter((l) => l === label).length === 1 ? label : `${label} ${more(runs[i]!, i)}`,
    );
  const bySparsity = unlike(
    runs.map((r) => r.method),
    (r) => `${Number((100 * r.sparsity).toFixed(3))} %`,
  );
  return unlike(bySparsity, (_, i) => `(${i + 1})`);
};

const lasts = (series: readonly Series[], digits: number, unit: string): string =>
  series
    .map(({ run, points }) => {
      const last = points[points.length - 1]?.y ?? null;
      return `${run} ${last === null ? '-' : `${showNumber(last, digits)}${unit}`}`;
    })
    .join(', ');

/** What every chart of a report is drawn from: means over its seeds, and what they are called. */
interface Drawn {
  readonly runs: readonly RunResult[];
  readonly labels: readonly string[];
}

/** A line for each run that has data. */
const seriesOf = (
  { runs, labels }: Drawn,
  points: (run: RunResult) => Series['points'] | undefined,
): readonly Series[] =>
  runs
    .map((run, i) => ({ run: labels[i]!, points: points(run) ?? [] }))
    .filter((s) => s.points.some(({ y }) => y !== null));

const accuracyChart = (drawn: Drawn): Chart => {
  const series = seriesOf(drawn, (r) => r.epochs.map((e) => ({ x: e.epoch, y: 100 * e.testAccuracy })));
  return {
    title: 'Test accuracy by epoch',
    description: `Test accuracy by epoch. After the last epoch: ${lasts(series, 2, ' %')}.`,
    xTitle: 'epoch',
    yTitle: 'test accuracy (%)',
    x: 'steps',
    y: 'linear',
    digits: 2,
    series,
    runs: drawn.labels,
  };
};

const lossChart = (drawn: Drawn): Chart => {
  const series = seriesOf(drawn, (r) => r.epochs.map((e) => ({ x: e.epoch, y: e.trainLoss })));
  const last = lasts(series, 4, '');
  return {
    title: 'Training loss by epoch',
    description: `Mean cross-entropy on the training images by epoch. In the last epoch: ${last}.`,
    xTitle: 'epoch',
    yTitle: 'training loss (cross-entropy, nats)',
    x: 'steps',
    y: 'linear',
    digits: 4,
    series,
    runs: drawn.labels,
  };
};

const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
const layerSeries = (drawn: Drawn, percent: (layer: LayerDensity) => number): readonly Series[] =>
  seriesOf(drawn, (r) => r.layerDensities.map((l) => ({ x: l.layer, y: percent(l) })));

const densityChart = (drawn: Drawn): Chart => {
  const { runs, labels } = drawn;
  const emptied = runs.map(({ layersEmptied: n, layers }, i) => {
    return `${labels[i]!} ${showNumber(n, Number.isInteger(n) ? 0 : 1)} of ${layers}`;
  });
  const what = 'Share of the weights of each layer that is live, on a logarithmic scale.';
  return {
    title: 'Density by layer',
    description: `${what} Layers emptied: ${emptied.join(', ')}.`,
    xTitle: 'layer, from input to output',
    yTitle: 'live weights (% of the layer, log scale)',
    x: 'layers',
    y: 'log',
    digits: 3,
    series: layerSeries(drawn, (l) => percentOf(l.live, l.weights)),
    runs: labels,
  };
};

const unitsChart = (drawn: Drawn): Chart => {
  const { runs, labels } = drawn;
  const alive = runs.map((r, i) => `${labels[i]!} ${showNumber(100 * r.outputUnitsAlive, 1)} %`);
  const what = 'Share of the output units of each layer with at least one live weight.';
  return {
    title: 'Output units alive by layer',
    description: `${what} Over all layers: ${alive.join(', ')}.`,
    xTitle: 'layer, from input to output',
    yTitle: 'output units alive (% of the layer)',
    x: 'layers',
    y: 'percent',
    digits: 1,
    series: layerSeries(drawn, (l) => percentOf(l.unitsAlive, l.units)),
    runs: labels,
  };
};

const flowChart = (drawn: Drawn): Chart => {
  const series = seriesOf(drawn, (r) => r.log2Flow?.map((y, i) => ({ x: i + 1, y })));
  const what = 'log2 of the flow Q, the sum over all paths, before each pruning round.';
  return {
    title: 'Path flow by pruning round',
    description: `${what} In the last round: ${lasts(series, 1, '')}.`,
    xTitle: 'pruning round',
    yTitle: 'log2 of the flow Q',
    x: 'steps',
    y: 'linear',
    digits: 2,
    series,
    runs: drawn.labels,
  };
};

/** The charts of a report, of means over its seeds; those for which no run has data are left out. */
export const chartsOf = (report: ExperimentReport): readonly Chart[] => {
  const runs = meanOverSeeds(report.runs);
  const drawn = { runs, labels: runLabels(runs) };
  return [accuracyChart, lossChart, densityChart, unitsChart, flowChart]
    .map((chart) => chart(drawn))
    .filter((chart) => chart.series.length > 0);
};

/** The places on the horizontal axis, in order. */
export const positions = ({ series }: Chart): readonly (number | string)[] => {
  const seen = [...new Set(series.flatMap((s) => s.points.map((p) => p.x)))];
  return seen.every((x) => typeof x === 'number') ? seen.sort((a, b) => a - b) : seen;
};

/**
 * The chart's data, a row for every place on the horizontal axis: for copying, and for readers who cannot see
 * the chart.
 */
export const chartTable = (
  chart: Chart,
): { readonly columns: readonly Column[]; readonly rows: readonly Row[] } => {
  const values = chart.series.map((s) => new Map(s.points.map((p) => [p.x, p.y])));
  return {
    columns: [
      { header: chart.xTitle },
      ...chart.series.map((s) => ({ header: s.run, digits: chart.digits, align: 'right' as const })),
    ],
    rows: positions(chart).map((x) => [x, ...values.map((v) => v.get(x) ?? null)]),
  };
};
