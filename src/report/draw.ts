import type { TopLevelSpec } from 'vega-lite';
import { positions, type Chart } from './charts.js';

/** How charts are drawn: as Vega-Lite specifications, and from them as SVG. */

/**
 * Okabe and Ito (2008), for readers with any colour vision, without the yellow, which white paper swallows.
 * Shapes and dashes say the same again, for print in grey. Their periods 7, 6 and 4 make 84 different lines.
 */
const COLOURS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'] as const;
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'triangle-right'] as const;
const DASHES = [
  [1, 0],
  [7, 2],
  [2, 2],
  [7, 2, 2, 2],
] as const;
/** More lines than these need the whole page. */
const MANY = 7;
const CROSS = 'M-1,-1L1,1M-1,1L1,-1';
const cycle = <T>(values: readonly T[], count: number): T[] =>
  Array.from({ length: count }, (_, i) => values[i % values.length]!);

/** Charts over layers and those of many lines take the whole page, the others half of it. */
export const isWide = (chart: Chart): boolean => chart.x === 'layers' || chart.runs.length > MANY;

/** Charts of many places have no dots, and their labels stand upright. */
const hasDots = (places: readonly unknown[]): boolean => places.length <= 40;
const isSteep = (places: readonly unknown[]): boolean => places.length > 30;

interface LogAxis {
  /** The smallest decade. */
  readonly low: number;
  /** Where the strip of zeros begins; `low` where there are none. */
  readonly bottom: number;
  readonly ticks: readonly number[];
}

/** Decades that hold all positive values, and the strip below them for the zeros, if there are any. */
const logAxis = (values: readonly number[]): LogAxis => {
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

/**
 * A row for every point. A zero of a logarithmic chart stands in the strip, those of several runs one above
 * the other.
 */
const rowsOf = ({ series }: Chart, log: LogAxis | null) =>
  series.flatMap(({ run, points }, i) =>
    points.map(({ x, y }) => {
      if (log === null || y !== 0) return { x, run, y, zero: null };
      return { x, run, y: null, zero: log.bottom * (log.low / log.bottom) ** ((i + 0.5) / series.length) };
    }),
  );

/** The range of the values, and something around a single one. */
const around = (values: readonly number[], margin: number): [number, number] => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low < high ? [low, high] : [low - margin, high + margin];
};

/** Long layer paths keep their end, which tells neighbours apart. */
const LABEL = "length(datum.label) > 26 ? '…' + slice(datum.label, -25) : datum.label";

const layerAxis = (title: string, places: readonly (number | string)[]) => {
  const fontSize = places.length <= 60 ? 10 : 8;
  const longest = Math.min(26, Math.max(...places.map((p) => String(p).length)));
  // without a canvas Vega takes every character for 0.8 em wide, a fifth of an em more than the widest of
  // usual fonts
  const spare = 0.2 * fontSize * longest * (isSteep(places) ? 1 : Math.SQRT1_2);
  return {
    field: 'x',
    type: 'ordinal' as const,
    sort: places.map(String),
    title,
    scale: { type: 'point' as const, padding: 0.5 },
    axis: {
      labelAngle: isSteep(places) ? -90 : -45,
      labelExpr: LABEL,
      labelLimit: 400,
      labelFontSize: fontSize,
      labelOverlap: places.length > 80,
      titlePadding: 8 - spare,
      grid: true,
    },
  };
};

const stepAxis = (title: string, places: readonly (number | string)[]) => {
  const steps = places.map(Number);
  // left to itself Vega puts ticks between two steps, and writes them as steps
  const ticks = steps.length <= 12 ? { values: steps } : { tickMinStep: 1, tickCount: 12 };
  return {
    field: 'x',
    type: 'quantitative' as const,
    title,
    scale: { domain: around(steps, 0.5), nice: false, padding: hasDots(places) ? 6 : 0 },
    axis: { format: 'd', ...ticks, labelOverlap: true },
  };
};

const valueAxis = ({ y, yTitle }: Chart, values: readonly number[], log: LogAxis | null) => {
  const axis = { field: 'y', type: 'quantitative' as const, title: yTitle };
  if (log !== null)
    return {
      ...axis,
      scale: { type: 'log' as const, domain: [log.bottom, 100], nice: false },
      axis: {
        values: [...log.ticks],
        labelExpr: `datum.value < ${log.low * 0.999} ? 'emptied' : format(datum.value, '~g')`,
        labelOverlap: false,
      },
    };
  if (y === 'percent') return { ...axis, scale: { domain: [0, 100] }, axis: { tickCount: 6 } };
  return { ...axis, scale: { domain: around(values, 1), zero: false, padding: 6 }, axis: { tickCount: 6 } };
};

const CONFIG = {
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
} as const;

/** The Vega-Lite specification of a chart. */
const chartSpec = (chart: Chart): TopLevelSpec => {
  const { series, runs } = chart;
  const places = positions(chart);
  const values = series.flatMap((s) => s.points.map((p) => p.y)).filter((y) => y !== null);
  const log = chart.y === 'log' ? logAxis(values) : null;
  const width = isWide(chart) ? 880 : 400;
  const longest = Math.max(...series.map((s) => s.run.length));
  const legend = {
    values: series.map((s) => s.run),
    columns: Math.max(1, Math.floor(width / (longest * 8.8 + 50))),
  };
  const run = { field: 'run', type: 'nominal' as const, legend };
  const scaleOf = <T>(range: readonly T[]) => ({ domain: [...runs], range: cycle(range, runs.length) });
  const x = chart.x === 'layers' ? layerAxis(chart.xTitle, places) : stepAxis(chart.xTitle, places);
  const y = valueAxis(chart, values, log);
  const color = { ...run, scale: scaleOf(COLOURS) };
  const shape = { ...run, scale: scaleOf(SHAPES) };
  const dashes = {
    ...run,
    ...(hasDots(places) ? { legend: null } : {}),
    scale: scaleOf(DASHES.map((d) => [...d])),
  };
  const lines = {
    mark: { type: 'line' as const, strokeWidth: 1.75 },
    encoding: { x, y, color, strokeDash: dashes },
  };
  const dots = {
    mark: { type: 'point' as const, filled: true, size: 34, opacity: 1 },
    encoding: { x, y, color, shape },
  };
  const edge = {
    data: { values: [{ edge: log?.low }] },
    mark: { type: 'rule' as const, color: '#777', strokeDash: [2, 3] },
    encoding: { y: { datum: log?.low, type: 'quantitative' as const } },
  };
  const zeros = {
    transform: [{ filter: 'datum.zero !== null' }],
    mark: { type: 'point' as const, shape: CROSS, size: 30, strokeWidth: 2, opacity: 1 },
    encoding: { x, y: { ...y, field: 'zero' }, color },
  };
  const hasStrip = log !== null && log.bottom < log.low;
  return {
    width,
    height: isWide(chart) ? 300 : 260,
    background: 'white',
    data: { values: rowsOf(chart, log) },
    layer: [lines, ...(hasDots(places) ? [dots] : []), ...(hasStrip ? [edge, zeros] : [])],
    ...(hasDots(places) ? { resolve: { legend: { strokeDash: 'independent' as const } } } : {}),
    config: CONFIG,
  };
};

/**
 * The chart as an SVG element for an HTML page, scaled to the width it is given; `id` is unique on the page.
 */
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
