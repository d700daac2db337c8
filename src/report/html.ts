import { chartsOf, chartTable, type Chart } from './charts.js';
import { isWide, renderSvg } from './draw.js';
import type { ExperimentReport } from './experiment.js';
import { meanOverSeeds } from './seeds.js';
import { STYLE } from './style.js';
import { showNumber, table, writeTable, type Column, type Row } from './table.js';

/** Figures on generated images look like figures on CIFAR-10; whoever shows them says this first. */
const SYNTHETIC = 'generated images, not CIFAR-10';

interface Summary {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Why a row has no figures: one line each. */
  readonly reasons: readonly string[];
}

const SHORT = 20; // epochs from which on the order of tickets was not that of their first epochs

/**
 * What a reader of the figures should know before he draws conclusions from them: docs/results.md, "Tickets
 * at 98.2 %".
 */
const cautions = ({ runs, dataset }: ExperimentReport): readonly string[] => {
  const epochs = Math.max(0, ...runs.map((r) => r.epochs.length));
  if (epochs === 0 || (epochs >= SHORT && !dataset.synthetic)) return [];
  const means = meanOverSeeds(runs);
  const [px, magnitude] = ['px', 'magnitude'].map((method) => means.find((r) => r.method === method));
  const isBehind = px !== undefined && magnitude !== undefined && px.testAccuracy <= magnitude.testAccuracy;
  const emptied = isBehind && px.layersEmptied > 0 ? 'its formula empties whole layers, and ' : '';
  const why = isBehind
    ? `PX is no better than magnitude here: ${emptied}a short training favours wide tickets, which learn faster; `
    : '';
  const short = epochs < SHORT ? `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}` : '';
  const decided = [dataset.synthetic ? 'generated images' : '', short].filter((s) => s !== '').join(' and ');
  const sentence = `${why}${decided} decide${decided === '1 epoch' ? 's' : ''} nothing about the methods (docs/results.md says more).`;
  return [sentence[0]!.toUpperCase() + sentence.slice(1)];
};

/**
 * One row per method: means over the seeds where there are several, and rows of methods that failed. Columns
 * that say nothing are left out.
 */
const summaryOf = (report: ExperimentReport): Summary => {
  const { runs, failures = [] } = report;
  const means = meanOverSeeds(runs);
  const several = means.some((r) => r.seeds > 1);
  const only = <T>(show: boolean, value: T): readonly T[] => (show ? [value] : []);
  return {
    columns: [
      { header: 'method' },
      ...only(several, { header: 'seeds' }),
      { header: 'sparsity', unit: '%', digits: 2 },
      { header: 'live weights' },
      { header: 'layers emptied', align: 'right' },
      { header: 'output units alive', unit: '%', digits: 1 },
      { header: 'test accuracy', unit: '%', digits: 2 },
      ...only(several, { header: '±', digits: 2 }),
      { header: 'pruning', unit: 's', digits: 1 },
      { header: 'training', unit: 's', digits: 1 },
      ...only(failures.length > 0, { header: 'remark' }),
    ],
    rows: [
      ...means.map((r) => [
        r.method,
        ...only(several, r.seeds),
        100 * r.sparsity,
        r.live,
        `${showNumber(r.layersEmptied, Number.isInteger(r.layersEmptied) ? 0 : 1)} of ${r.layers}`,
        100 * r.outputUnitsAlive,
        100 * r.testAccuracy,
        ...only(several, r.deviation === null ? null : 100 * r.deviation),
        r.pruneSeconds,
        r.trainSeconds,
        ...only(failures.length > 0, ''),
      ]),
      ...failures.map((f) => [
        f.method,
        ...only(several, 0),
        null,
        null,
        null,
        null,
        null,
        ...only(several, null),
        f.seconds,
        null,
        `${f.code}${several ? `, seed ${f.seed}` : ''}`,
      ]),
    ],
    reasons: [
      ...failures.map((f) => `${f.method}, seed ${f.seed}: ${f.message}`),
      ...only(
        several,
        'Figures are means over the seeds; ± is the sample standard deviation of the test accuracy.',
      ),
      ...cautions(report),
    ],
  };
};

/** The report's main table for a terminal, one row per method. */
export const summaryTable = (report: ExperimentReport): string => {
  const { columns, rows, reasons } = summaryOf(report);
  return [table(columns, rows), ...(report.dataset.synthetic ? [`(${SYNTHETIC})`] : []), ...reasons].join(
    '\n',
  );
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Control characters have no meaning in HTML and are left out. */

const escape = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').replace(/[&<>"']/g, (c) => ENTITIES[c]!);

const htmlTable = (columns: readonly Column[], rows: readonly Row[], caption: string): string => {
  const { headers, right, cells } = writeTable(columns, rows);
  const cell = (text: string, c: number): string => {
    const side = right[c]! ? ' class="right"' : '';
    return c === 0 ? `<th scope="row"${side}>${escape(text)}</th>` : `<td${side}>${escape(text)}</td>`;
  };
  const head = headers
    .map((h, c) => `<th scope="col"${right[c]! ? ' class="right"' : ''}>${escape(h)}</th>`)
    .join('');
  const body = cells.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table aria-label="${escape(caption)}"><thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody></table></div>`;
};

const facts = (report: ExperimentReport): string => {
  const { dataset: data } = report;
  const rows: readonly (readonly [string, string])[] = [
    [
      'Network',
      `${escape(report.network)}: ${showNumber(report.parameters)} parameters, ${showNumber(report.prunable)} of them prunable`,
    ],
    [
      'Data',
      `${escape(data.name)}: ${showNumber(data.trainCount)} training and ${showNumber(data.testCount)} test images; source: ${escape(data.source)}`,
    ],
    ['Device', escape(report.device)],
    ['Training', escape(report.recipe)],
    ['Seed', String(report.seed)],
    ['Command', `<code>${escape(report.command)}</code>`],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('\n')}</dl>`;
};

const figure = async (chart: Chart, id: string): Promise<string> => {
  const { columns, rows } = chartTable(chart);
  return `<figure${isWide(chart) ? ' class="wide"' : ''}><figcaption>${escape(chart.title)}</figcaption>
${await renderSvg(chart, id, escape)}
<details><summary>Data</summary>${htmlTable(columns, rows, `${chart.title}: ${chart.yTitle}`)}</details></figure>`;
};

/**
 * The report as one HTML page that needs no network and runs no script (its Content-Security-Policy forbids
 * both): facts, the summary table, charts as SVG with their data below. Readable in light, dark and print.
 */
export const renderHtml = async (report: ExperimentReport): Promise<string> => {
  const figures = await Promise.all(chartsOf(report).map((chart, i) => figure(chart, `chart-${i + 1}`)));
  const summary = summaryOf(report);
  const banner = report.dataset.synthetic
    ? `<p class="banner" role="note"><strong>${SYNTHETIC}</strong>: these figures compare the methods with each other and with nothing published.</p>\n`
    : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escape(report.title)}</h1>
<p class="lead">${escape(report.date)}</p>
${banner}${facts(report)}
</header>
<section class="summary" aria-labelledby="summary">
<h2 id="summary">Summary</h2>
${htmlTable(summary.columns, summary.rows, 'Summary, one row per method')}
${summary.reasons.map((r) => `<p class="note">${escape(r)}</p>`).join('\n')}
</section>
<section aria-labelledby="charts">
<h2 id="charts">Charts</h2>
<div class="charts">
${figures.length > 0 ? figures.join('\n') : '<p>No run has data to draw.</p>'}
</div>
</section>
<footer>Written by pathex ${escape(report.version)}.</footer>
</main>
</body>
</html>
`;
};
