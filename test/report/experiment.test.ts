import { describe, expect, it } from 'vitest';
import { decodeReport, encodeReport, type ExperimentReport } from '../../src/report/experiment.js';
import { sample } from './sample.js';

const withRun = (change: object): ExperimentReport => {
  const report = sample({ epochs: 2 });
  return { ...report, runs: [report.runs[0]!, { ...report.runs[1]!, ...change }] };
};

describe('a saved report', () => {
  it('reads back as it was', () => {
    const report = sample();
    expect(decodeReport(encodeReport(report))).toEqual(report);
  });

  it('names the one place where a file is wrong', () => {
    const broken =
      (change: object): (() => unknown) =>
      () =>
        decodeReport(JSON.stringify(withRun(change)), 'report.json');
    expect(broken({ sparsity: 98 })).toThrow(
      'report.json.runs[1].sparsity: expected a share from 0 to 1, got 98',
    );
    expect(broken({ live: 1.5 })).toThrow(
      'report.json.runs[1].live: expected a whole number from 0 on, got 1.5',
    );
    expect(broken({ epochs: [{ ...sample().runs[0]!.epochs[0]!, trainLoss: 'low' }] })).toThrow(
      'report.json.runs[1].epochs[0].trainLoss: expected a finite number, got "low"',
    );
    expect(broken({ log2Flow: [1, '2'] })).toThrow(
      /^report\.json\.runs\[1\]\.log2Flow\[1\]: expected .*, got "2"$/,
    );
    expect(() => decodeReport('{"title":', 'report.json')).toThrow(/^report\.json: not JSON/);
    expect(broken({ method: undefined })).toThrow(expect.objectContaining({ code: 'DATA' }));
  });

  it('is not written where JSON would change it', () => {
    expect(() => encodeReport(withRun({ pruneSeconds: NaN }))).toThrow(
      expect.objectContaining({ code: 'OUTPUT' }),
    );
  });

  it('leaves out what it does not know', () => {
    expect(decodeReport(JSON.stringify({ ...withRun({ extra: 1 }), more: 2 }))).toEqual(withRun({}));
  });
});
