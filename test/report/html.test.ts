import { afterEach, describe, expect, it, vi } from 'vitest';
import { chartsOf, chartTable, runLabels } from '../../src/report/charts.js';
import type { ExperimentReport } from '../../src/report/experiment.js';
import { renderHtml, summaryTable } from '../../src/report/html.js';
import { sample } from './sample.js';

const NASTY = `<script>alert("1")</script>&'`;
const svgs = (html: string): readonly string[] => html.match(/<svg [^]*?<\/svg>/g) ?? [];
const without = (report: ExperimentReport, change: object): ExperimentReport => ({
  ...report,
  runs: report.runs.map((r) => ({ ...r, ...change })),
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the page', () => {
  it('shows the figures of every run', async () => {
    const html = await renderHtml(sample());
    for (const text of [
      'resnet20: 272,474 parameters',
      '50,000 training',
      '98.00',
      '6,494',
      '3 of 22',
      '49.1',
      '86.91',
      '1,235.5',
      'pathex start --network',
    ]) {
      expect(html).toContain(text);
    }
    expect(html.length).toBeLessThan(1_000_000);
  });

  it('draws a titled and described chart for each question, and keeps the data below it', async () => {
    const html = await renderHtml(sample());
    expect(svgs(html)).toHaveLength(5);
    for (const svg of svgs(html)) {
      expect(svg).toMatch(/^<svg role="img" aria-labelledby="[^"]+" viewBox="0 0 \d+ \d+"><title /);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
    expect(html.match(/<details>/g)).toHaveLength(5);
    for (const title of [
      'test accuracy (%)',
      'training loss (cross-entropy, nats)',
      'live weights (% of the layer, log scale)',
      'output units alive (% of the layer)',
      'log2 of the flow Q',
      'blocks.6.shortcut.0',
      'emptied',
    ]) {
      expect(svgs(html).join('')).toContain(`>${title}</text>`);
    }
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((m) => m[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('needs nothing from elsewhere and runs nothing', async () => {
    const html = await renderHtml(sample());
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\s(href|src|on\w+)=|url\(|@import/i);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('takes text for text, wherever it comes from', async () => {
    const plain = sample({ epochs: 1 });
    const html = await renderHtml({
      ...plain,
      title: NASTY,
      network: NASTY,
      device: NASTY,
      recipe: NASTY,
      command: NASTY,
      date: NASTY,
      version: NASTY,
      dataset: { ...plain.dataset, name: NASTY, source: NASTY },
      runs: [
        {
          ...plain.runs[1]!,
          method: NASTY,
          layerDensities: plain.runs[1]!.layerDensities.map((l, i) => ({ ...l, layer: `${NASTY}${i}` })),
        },
      ],
    });
    expect(html).not.toContain('<script');
    expect(html).toContain('<h1>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;</h1>');
  });

  it('warns of generated images, and of nothing else', async () => {
    expect(await renderHtml(sample())).toContain('<strong>generated images, not CIFAR-10</strong>');
    expect(await renderHtml(sample({ synthetic: false }))).not.toContain('generated images');
    expect(summaryTable(sample())).toContain('generated images, not CIFAR-10');
    expect(summaryTable(sample({ synthetic: false }))).not.toContain('generated');
  });

  it('stands for experiments of every size', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const report = sample({ epochs: 1 });
    const one: ExperimentReport = {
      ...report,
      runs: [
        { ...report.runs[1]!, layerDensities: report.runs[1]!.layerDensities.slice(0, 1), log2Flow: [3] },
      ],
    };
    const untrained = without(sample({ epochs: 0 }), { layerDensities: [] });
    const dead = without(report, {
      layerDensities: [{ layer: 'fc', weights: 10, live: 0, units: 2, unitsAlive: 0 }],
      log2Flow: [null],
    });
    const long = without(sample({ epochs: 200 }), {});
    const counts = await Promise.all(
      [one, untrained, dead, long, { ...report, runs: [] }].map(async (r) => svgs(await renderHtml(r))),
    );
    expect(counts.map((c) => c.length)).toEqual([5, 1, 4, 5, 0]);
    expect(counts.flat().join('')).not.toMatch(/NaN|Infinity/);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('the charts', () => {
  it('tell runs apart by sparsity, then by number, only where the method does not', () => {
    const [dense, px] = sample().runs;
    expect(runLabels([dense!, px!])).toEqual(['dense', 'px']);
    expect(runLabels([dense!, px!, { ...px!, sparsity: 0.9995 }, px!])).toEqual([
      'dense',
      'px 98 % (2)',
      'px 99.95 %',
      'px 98 % (4)',
    ]);
  });

  it('keep the order of the network, and a place for every layer of every run', () => {
    const density = chartsOf(sample()).find((c) => c.y === 'log')!;
    const { rows } = chartTable(density);
    expect(rows.map((r) => r[0])).toEqual(sample().runs[0]!.layerDensities.map((l) => l.layer));
    expect(rows[18]![5]).toBe(0);
  });

  it('leave out runs without data', () => {
    expect(
      chartsOf(sample())
        .find((c) => c.title.includes('flow'))!
        .series.map((s) => s.run),
    ).toEqual(['px', 'synflow']);
  });
});

it('the summary is the same table on a terminal', () => {
  expect(summaryTable(sample({ synthetic: false }))).toMatchInlineSnapshot(`
    "method     sparsity (%)  live weights  layers emptied  output units alive (%)  test accuracy (%)  pruning (s)  training (s)
    ---------  ------------  ------------  --------------  ----------------------  -----------------  -----------  ------------
    dense              0.00       270,896         0 of 22                   100.0              90.39          0.0       1,234.5
    px                98.00         6,494         0 of 22                    49.1              86.91          1.2       1,235.5
    synflow           98.00         5,163         0 of 22                    45.1              83.43          2.5       1,236.5
    snip              98.00         4,202         0 of 22                    36.1              79.96          3.7       1,237.5
    magnitude         98.00         1,510         3 of 22                    19.0              76.48          4.9       1,238.5"
  `);
});
