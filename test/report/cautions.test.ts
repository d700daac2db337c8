import { expect, test } from 'vitest';
import type { ExperimentReport } from '../../src/report/experiment.js';
import { renderHtml, summaryTable } from '../../src/report/html.js';
import { sample } from './sample.js';

const base = sample();
/** PX and magnitude with these accuracies after so many epochs. */
const report = (px: number, magnitude: number, epochs: number, synthetic: boolean): ExperimentReport => {
  const one = base.runs[0]!;
  const run = (method: string, testAccuracy: number) => ({
    ...one,
    method,
    seed: 0,
    testAccuracy,
    layersEmptied: method === 'px' ? 6 : 0,
    epochs: Array.from({ length: epochs }, (_, i) => ({ ...one.epochs[0]!, epoch: i + 1 })),
  });
  return {
    ...base,
    dataset: { ...base.dataset, synthetic },
    runs: [run('px', px), run('magnitude', magnitude)],
  };
};
const WHY =
  'PX is no better than magnitude here: its formula empties whole layers, and a short training favours wide tickets, which learn faster; ';

test('a short comparison says why PX is not ahead, and that it decides nothing', async () => {
  const short = report(0.52, 0.53, 4, true);
  const sentence = `${WHY}generated images and 4 epochs decide nothing about the methods (docs/results.md says more).`;
  expect(summaryTable(short).split('\n')).toContain(sentence);
  expect(await renderHtml(short)).toContain(`<p class="note">${sentence}</p>`);
});
test('nothing is explained that did not happen', () => {
  expect(summaryTable(report(0.6, 0.5, 1, false)).split('\n')).toContain(
    '1 epoch decides nothing about the methods (docs/results.md says more).',
  );
  expect(summaryTable(report(0.6, 0.5, 160, false))).not.toContain('nothing about the methods');
});
