import { chartsOf, chartTable, isWide, renderSvg, type Chart } from './charts.js';
import type { ExperimentReport } from './experiment.js';
import { STYLE } from './style.js';
import { showNumber, table, writeTable, type Column, type Row } from './table.js';

/** Figures on generated images look like figures on CIFAR-10; whoever shows them says this first. */
const SYNTHETIC = 'generated images, not CIFAR-10';

const SUMMARY: readonly Column[] = [
  { header: 'method' },
  { header: 'sparsity', unit: '%', digits: 2 },
  { header: 'live weights' },
  { header: 'layers emptied', align: 'right' },
  { header: 'output units alive', unit: '%', digits: 1 },
  { header: 'test accuracy', unit: '%', digits: 2 },
  { header: 'pruning', unit: 's', digits: 1 },
  { header: 'training', unit: 's', digits: 1 },
];

const summaryRows = ({ runs }: ExperimentReport): readonly Row[] =>
  runs.map((r) => [
    r.method, 100 * r.sparsity, r.live, `${r.layersEmptied} of ${r.layers}`, 100 * r.outputUnitsAlive, 100 * r.testAccuracy, r.pruneSeconds, r.trainSeconds,
  ]);

/** The report's main table for a terminal, one row per run. */
export const summaryTable = (report: ExperimentReport): string =>
  `${table(SUMMARY, summaryRows(report))}${report.dataset.synthetic ? `\n(${SYNTHETIC})` : ''}`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** Control characters have no meaning in HTML and are left out. */
 
const escape = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').replace(/[&<>"']/g, (c) => ENTITIES[c]!);

const htmlTable = (columns: readonly Column[], rows: readonly Row[], caption: string): string => {
  const { headers, right, cells } = writeTable(columns, rows);
  const cell = (text: string, c: number): string => {
    const side = right[c]! ? ' class="right"' : '';
    return c === 0 ? `<th scope="row"${side}>${escape(text)}</th>` : `<td${side}>${escape(text)}</td>`;
  };
  const head = headers.map((h, c) => `<th scope="col"${right[c]! ? ' class="right"' : ''}>${escape(h)}</th>`).join('');
  const body = cells.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table aria-label="${escape(caption)}"><thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody></table></div>`;
};

const facts = (report: ExperimentReport): string => {
  const { dataset: data } = report;
  const rows: readonly (readonly [string, string])[] = [
    ['Network', `${escape(report.network)}: ${showNumber(report.parameters)} parameters, ${showNumber(report.prunable)} of them prunable`],
    ['Data', `${escape(data.name)}: ${showNumber(data.trainCount)} training and ${showNumber(data.testCount)} test images; source: ${escape(data.source)}`],
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
 * The report as one HTML page that needs no network and runs no script (its Content-Security-Policy forbids both): facts, the summary
 * table, charts as SVG with their data below. Readable in light, dark and print.
 */
export const renderHtml = async (report: ExperimentReport): Promise<string> => {
  const figures = await Promise.all(chartsOf(report).map((chart, i) => figure(chart, `chart-${i + 1}`)));
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
${htmlTable(SUMMARY, summaryRows(report), 'Summary, one row per run')}
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
