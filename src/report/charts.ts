import type { TopLevelSpec } from 'vega-lite';
import type { ExperimentReport, LayerDensity, RunResult } from './experiment.js';
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
  /** 'log': in percent, where 0 (a layer emptied) is drawn in a strip of its own below the smallest decade. */
  readonly y: 'linear' | 'percent' | 'log';
  /** Decimals in the table of the data. */
  readonly digits: number;
  readonly series: readonly Series[];
  /** Labels of all runs of the report, so that a run has the same colour in every chart. */
  readonly runs: readonly string[];
}

/**
 * Okabe and Ito (2008), for readers with any colour vision, without the yellow, which white paper swallows. Shapes and dashes say the same
 * again, for print in grey. Their periods 7, 6 and 4 make 84 different lines.
 */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'] as const;
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'triangle-right'] as const;
const DASHES = [
  [1, 0],
  [7, 2],
  [2, 2],
  [7, 2, 2, 2],
] as const;
const MANY = 7;
const CROSS = 'M-1,-1L1,1M-1,1L1,-1';
const cycle = <T>(values: readonly T[], count: number): T[] =>
  Array.from({ length: count }, (_, i) => values[i % values.length]!);

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

/** The charts of a report, of means over its seeds; those for which no run has data are left out. */
export const chartsOf = (report: ExperimentReport): readonly Chart[] => {
  const runs = meanOverSeeds(report.runs);
  const labels = runLabels(runs);
  const series = (points: (run: RunResult) => Series['points'] | undefined): readonly Series[] =>
    runs
      .map((run, i) => ({ run: labels[i]!, points: points(run) ?? [] }))
      .filter((s) => s.points.some(({ y }) => y !== null));
  const byLayer = (share: (layer: LayerDensity) => number): readonly Series[] =>
    series((r) => r.layerDensities.map((l) => ({ x: l.layer, y: share(l) })));
  const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

  const accuracy = series((r) => r.epochs.map((e) => ({ x: e.epoch, y: 100 * e.testAccuracy })));
  const loss = series((r) => r.epochs.map((e) => ({ x: e.epoch, y: e.trainLoss })));
  const flow = series((r) => r.log2Flow?.map((y, i) => ({ x: i + 1, y })));
  const emptied = runs
    .map(
      (r, i) =>
        `${labels[i]!} ${showNumber(r.layersEmptied, Number.isInteger(r.layersEmptied) ? 0 : 1)} of ${r.layers}`,
    )
    .join(', ');
  const alive = runs.map((r, i) => `${labels[i]!} ${showNumber(100 * r.outputUnitsAlive, 1)} %`).join(', ');

  const all: readonly Chart[] = [
    {
      title: 'Test accuracy by epoch',
      description: `Test accuracy by epoch. After the last epoch: ${lasts(accuracy, 2, ' %')}.`,
      xTitle: 'epoch',
      yTitle: 'test accuracy (%)',
      x: 'steps',
      y: 'linear',
      digits: 2,
      series: accuracy,
      runs: labels,
    },
    {
      title: 'Training loss by epoch',
      description: `Mean cross-entropy on the training images by epoch. In the last epoch: ${lasts(loss, 4, '')}.`,
      xTitle: 'epoch',
      yTitle: 'training loss (cross-entropy, nats)',
      x: 'steps',
      y: 'linear',
      digits: 4,
      series: loss,
      runs: labels,
    },
    {
      title: 'Density by layer',
      description: `Share of the weights of each layer that is live, on a logarithmic scale. Layers emptied: ${emptied}.`,
      xTitle: 'layer, from input to output',
      yTitle: 'live weights (% of the layer, log scale)',
      x: 'layers',
      y: 'log',
      digits: 3,
      series: byLayer((l) => ratio(l.live, l.weights)),
      runs: labels,
    },
    {
      title: 'Output units alive by layer',
      description: `Share of the output units of each layer with at least one live weight. Over all layers: ${alive}.`,
      xTitle: 'layer, from input to output',
      yTitle: 'output units alive (% of the layer)',
      x: 'layers',
      y: 'percent',
      digits: 1,
      series: byLayer((l) => ratio(l.unitsAlive, l.units)),
      runs: labels,
    },
    {
      title: 'Path flow by pruning round',
      description: `log2 of the flow Q, the sum over all paths, before each pruning round. In the last round: ${lasts(flow, 1, '')}.`,
      xTitle: 'pruning round',
      yTitle: 'log2 of the flow Q',
      x: 'steps',
      y: 'linear',
      digits: 2,
      series: flow,
      runs: labels,
    },
  ];
  return all.filter((chart) => chart.series.length > 0);
};

const positions = ({ series }: Chart): readonly (number | string)[] => {
  const seen = [...new Set(series.flatMap((s) => s.points.map((p) => p.x)))];
  return seen.every((x) => typeof x === 'number') ? seen.sort((a, b) => a - b) : seen;
};

/** The chart's data, a row for every place on the horizontal axis: for copying, and for readers who cannot see the chart. */
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

/** Decades that hold all positive values, and the strip below them for the zeros, if there are any. */
const logAxis = (
  values: readonly number[],
): { readonly low: number; readonly bottom: number; readonly ticks: readonly number[] } => {
  const positive = values.filter((v) => v > 0);
  const exponent = Math.min(1, Math.floor(Math.log10(Math.min(100, ...positive)) + 1e-9));
  const low = 10 ** exponent;
  const hasZero = positive.length < values.length;
  const decades = Array.from({ length: 3 - exponent }, (_, i) => 10 ** (exponent + i));
  const ticks = exponent === 1 ? [10, 20, 50, 100] : decades;
  return {
    low,
    bottom: hasZero ? low / 10 ** 0.5 : low,
    ticks: hasZero ? [low / 10 ** 0.25, ...ticks] : ticks,
  };
};

/** The range of the values, and something around a single one. */
const around = (values: readonly number[], margin: number): [number, number] => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low < high ? [low, high] : [low - margin, high + margin];
};

/** Long layer paths keep their end, which tells neighbours apart. */
const LABEL = "length(datum.label) > 26 ? '…' + slice(datum.label, -25) : datum.label";

/** Charts over layers and those of many lines take the whole page, the others half of it. */
export const isWide = (chart: Chart): boolean => chart.x === 'layers' || chart.runs.length > MANY;

/** The Vega-Lite specification of a chart. */
export const chartSpec = (chart: Chart): TopLevelSpec => {
  const { series, runs } = chart;
  const places = positions(chart);
  const values = series.flatMap((s) => s.points.map((p) => p.y)).filter((y) => y !== null);
  const log = chart.y === 'log' ? logAxis(values) : undefined;
  const rows = series.flatMap(({ run, points }, i) =>
    points.map(({ x, y }) => ({
      x,
      run,
      y: log !== undefined && y === 0 ? null : y,
      // zeros of several runs in one layer stand one above the other
      zero:
        log !== undefined && y === 0
          ? log.bottom * (log.low / log.bottom) ** ((i + 0.5) / series.length)
          : null,
    })),
  );
  const width = isWide(chart) ? 880 : 400;
  const longest = Math.max(...series.map((s) => s.run.length));
  const scaleOf = <T>(range: readonly T[]) => ({ domain: [...runs], range: cycle(range, runs.length) });
  const legend = {
    values: series.map((s) => s.run),
    columns: Math.max(1, Math.floor(width / (longest * 8.8 + 50))),
  };
  const run = { field: 'run', type: 'nominal' as const, legend };
  const dots = places.length <= 40;
  const steep = places.length > 30;
  const fontSize = places.length <= 60 ? 10 : 8;
  // without a canvas Vega takes every character for 0.8 em wide, a fifth of an em more than the widest of usual fonts
  const spare =
    chart.x === 'layers'
      ? 0.2 *
        fontSize *
        Math.min(26, Math.max(...places.map((p) => String(p).length))) *
        (steep ? 1 : Math.SQRT1_2)
      : 0;
  const x =
    chart.x === 'layers'
      ? {
          field: 'x',
          type: 'ordinal' as const,
          sort: [...places] as string[],
          title: chart.xTitle,
          scale: { type: 'point' as const, padding: 0.5 },
          axis: {
            labelAngle: steep ? -90 : -45,
            labelExpr: LABEL,
            labelLimit: 400,
            labelFontSize: fontSize,
            labelOverlap: places.length > 80,
            titlePadding: 8 - spare,
            grid: true,
          },
        }
      : {
          field: 'x',
          type: 'quantitative' as const,
          title: chart.xTitle,
          scale: { domain: around(places.map(Number), 0.5), nice: false, padding: dots ? 6 : 0 },
          // left to itself Vega puts ticks between two steps, and writes them as steps
          axis: {
            format: 'd',
            ...(places.length <= 12 ? { values: places.map(Number) } : { tickMinStep: 1, tickCount: 12 }),
            labelOverlap: true,
          },
        };
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    title: chart.yTitle,
    ...(log !== undefined
      ? {
          scale: { type: 'log' as const, domain: [log.bottom, 100], nice: false },
          axis: {
            values: [...log.ticks],
            labelExpr: `datum.value < ${log.low * 0.999} ? 'emptied' : format(datum.value, '~g')`,
            labelOverlap: false,
          },
        }
      : chart.y === 'percent'
        ? { scale: { domain: [0, 100] }, axis: { tickCount: 6 } }
        : { scale: { domain: around(values, 1), zero: false, padding: 6 }, axis: { tickCount: 6 } }),
  };
  const color = { ...run, scale: scaleOf(COLOURS) };
  const shape = { ...run, scale: scaleOf(SHAPES) };
  return {
    width,
    height: isWide(chart) ? 300 : 260,
    background: 'white',
    data: { values: rows },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 1.75 },
        encoding: {
          x,
          y,
          color,
          strokeDash: {
            ...run,
            ...(dots ? { legend: null } : {}),
            scale: scaleOf(DASHES.map((d) => [...d])),
          },
        },
      },
      ...(dots
        ? [
            {
              mark: { type: 'point' as const, filled: true, size: 34, opacity: 1 },
              encoding: { x, y, color, shape },
            },
          ]
        : []),
      ...(log !== undefined && log.bottom < log.low
        ? [
            {
              data: { values: [{ edge: log.low }] },
              mark: { type: 'rule' as const, color: '#777', strokeDash: [2, 3] },
              encoding: { y: { datum: log.low, type: 'quantitative' as const } },
            },
            {
              transform: [{ filter: 'datum.zero !== null' }],
              mark: { type: 'point' as const, shape: CROSS, size: 30, strokeWidth: 2, opacity: 1 },
              encoding: { x, y: { ...y, field: 'zero' }, color },
            },
          ]
        : []),
    ],
    ...(dots ? { resolve: { legend: { strokeDash: 'independent' as const } } } : {}),
    config: {
      font: 'system-ui, sans-serif',
      aria: false, // one text for the whole chart instead of a thousand for its points
      view: { stroke: null },
      axis: {
        labelColor: '#333',
        titleColor: '#222',
        labelFontSize: 10,
        titleFontSize: 11,
        titleFontWeight: 500,
        gridColor: '#e8e8e8',
        domainColor: '#888',
        tickColor: '#888',
        titlePadding: 8,
      },
      legend: {
        orient: 'top',
        direction: 'horizontal',
        title: null,
        labelFontSize: 11,
        labelColor: '#222',
        labelLimit: 0,
        symbolSize: 60,
        symbolStrokeWidth: 1.75,
        columnPadding: 12,
        rowPadding: 3,
      },
    },
  };
};

/** The chart as an SVG element for an HTML page, scaled to the width it is given; `id` is unique on the page. */
export const renderSvg = async (
  chart: Chart,
  id: string,
  escape: (text: string) => string,
): Promise<string> => {
  // half a second to load: only for those who draw
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new View(parse(compile(chartSpec(chart)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  const [, viewBox, body] = /^<svg [^>]*viewBox="([^"]*)"[^>]*>([^]*)<\/svg>\s*$/.exec(svg)!;
  const names = `<title id="${id}-title">${escape(chart.title)}</title><desc id="${id}-desc">${escape(chart.description)}</desc>`;
  return `<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="${viewBox!}">${names}${body!}</svg>`;
};
