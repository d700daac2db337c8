import { describe, expect, it } from 'vitest';
import { chartsOf } from '../../src/report/charts.js';
import {
  decodeReport,
  encodeReport,
  type ExperimentReport,
  type RunResult,
} from '../../src/report/experiment.js';
import { renderHtml, summaryTable } from '../../src/report/html.js';
import { meanOverSeeds } from '../../src/report/seeds.js';
import { sample } from './sample.js';

const [dense, px] = sample({ epochs: 3 }).runs as [RunResult, RunResult];
const seeds = [0.5, 0.6, 0.7].map((testAccuracy, seed): RunResult => ({
  ...px,
  seed,
  testAccuracy,
  layersEmptied: seed,
  pruneSeconds: seed,
  log2Flow: [seed, seed === 2 ? null : 4],
  epochs: px.epochs.map((e) => ({ ...e, trainLoss: e.epoch + seed })).slice(0, 3 - (seed % 2)),
  layerDensities: px.layerDensities.map((l) => ({ ...l, live: 10 * seed })),
}));

describe('runs of several seeds', () => {
  it('become one of means, with the sample deviation of the accuracy', () => {
    const [one] = meanOverSeeds(seeds);
    expect(one).toMatchObject({
      method: 'px',
      seeds: 3,
      layersEmptied: 1,
      pruneSeconds: 1,
      log2Flow: [1, null],
    });
    expect(one!.testAccuracy).toBeCloseTo(0.6, 12);
    expect(one!.deviation).toBeCloseTo(0.1, 12);
    expect(one!.epochs.map((e) => e.trainLoss)).toEqual([2, 3]); // as long as the shortest
    expect(new Set(one!.layerDensities.map((l) => l.live))).toEqual(new Set([10]));
  });

  it('stay apart by method and by what is live, and where no seed is told', () => {
    const other = { ...seeds[0]!, live: px.live + 1 };
    expect(
      meanOverSeeds([dense, { ...dense }, seeds[0]!, { ...seeds[1]!, method: 'snip' }, other, seeds[2]!]).map(
        (r) => [r.method, r.seeds],
      ),
    ).toEqual([
      ['dense', 1],
      ['dense', 1],
      ['px', 2],
      ['snip', 1],
      ['px', 1],
    ]);
  });

  it('are one line in the charts', () => {
    expect(
      chartsOf({ ...sample(), runs: [{ ...dense, seed: 0 }, ...seeds] }).map((c) => c.series.length),
    ).toEqual([2, 2, 2, 2, 1]);
  });
});

describe('a report of several seeds and of methods that failed', () => {
  const report: ExperimentReport = {
    ...sample({ synthetic: false }),
    runs: [{ ...dense, seed: 0 }, ...seeds],
    failures: [
      {
        method: 'synflow',
        seed: 1,
        code: 'COLLAPSE',
        message: 'prune: synflow, round 1 of 1: no path is left',
        seconds: 1.25,
      },
    ],
  };

  it('says so in the table', () => {
    expect(summaryTable(report)).toMatchInlineSnapshot(`
      "method   seeds  sparsity (%)  live weights  layers emptied  output units alive (%)  test accuracy (%)      ±  pruning (s)  training (s)  remark
      -------  -----  ------------  ------------  --------------  ----------------------  -----------------  -----  -----------  ------------  ----------------
      dense        1          0.00       270,896         0 of 22                   100.0              35.81      -          0.0       1,234.5
      px           3         98.00         6,494         1 of 22                    49.1              60.00  10.00          1.0       1,235.5
      synflow      0             -             -               -                       -                  -      -          1.3             -  COLLAPSE, seed 1
      synflow, seed 1: prune: synflow, round 1 of 1: no path is left
      Figures are means over the seeds; ± is the sample standard deviation of the test accuracy.
      3 epochs decide nothing about the methods (docs/results.md says more)."
    `);
  });

  it('says so on the page, and reads back as it was', async () => {
    const html = await renderHtml(report);
    expect(html).toContain('synflow, seed 1: prune: synflow, round 1 of 1: no path is left');
    expect(html).toContain('>COLLAPSE, seed 1</td>');
    expect(html).toContain('In the last round: px -.'); // one of its seeds has no flow there
    expect(decodeReport(encodeReport(report))).toEqual(report);
  });

  it('is a page even where nothing succeeded', async () => {
    expect(await renderHtml({ ...report, runs: [] })).toContain('No run has data to draw.');
  });
});
