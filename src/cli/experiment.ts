import { join } from 'node:path';
import type { Experiment } from '../experiment/experiment.js';
import { runExperiment } from '../experiment/run.js';
import type { ExperimentReport } from '../report/experiment.js';
import { summaryTable } from '../report/html.js';
import type { Device } from '../runtime/device.js';
import { bars } from './bars.js';
import { log } from './common.js';

/** runExperiment() with progress bars, and its table at the end. */
export const experimentShowing = async (
  experiment: Experiment,
  device: Device,
  folder: string,
  signal: AbortSignal,
): Promise<ExperimentReport> => {
  const shown = bars();
  try {
    const report = await runExperiment(experiment, device, folder, {
      onProgress: ({ label, done, total, details }) => shown.show(label, done, total, details),
      onMessage: shown.say,
      signal,
    });
    shown.stop();
    log('');
    log(summaryTable(report));
    log(`report: ${join(folder, 'report.html')}`);
    return report;
  } finally {
    shown.stop();
  }
};
