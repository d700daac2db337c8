import type { Command } from 'commander';
import { checkValue } from '../kinds.js';
import { table } from '../report/table.js';
import { executionKind, shareLeft, type ExecutionChoice, type ExecutionReport } from '../train/execution.js';
import type { Form } from '../transform/compact/layers.js';
import { log } from './common.js';

/** How tickets are computed: what the commands that train or evaluate them share. */
export interface ExecutionOption {
  readonly execution: string;
}

export const withExecution = (command: Command): Command =>
  command.option(
    '--execution <how>',
    'of tickets: dense, as the whole network behind masks; sparse, as what is left of it; auto, the faster',
    'auto',
  );

export const executionOption = ({ execution }: ExecutionOption): ExecutionChoice => {
  checkValue('execution', execution, executionKind);
  return execution as ExecutionChoice; // checked
};

const countOf = ({ layers }: ExecutionReport, form: Form): number =>
  layers.filter((layer) => layer.form === form).length;

/** What became of each layer, and a line about them all. */
export const printExecution = (report: ExecutionReport): void => {
  const { layers } = report;
  if (report.kind === 'dense') return;
  log(
    table(
      [
        { header: 'layer' },
        { header: 'computed' },
        { header: 'weights' },
        { header: 'live' },
        { header: 'used' },
        { header: 'multiply-adds' },
        { header: 'left %', digits: 2 },
      ],
      layers.map(({ name, form, weights, multiplyAdds: { dense, left } }) => [
        name.replace(/\.weight$/, ''),
        form,
        weights.all,
        weights.live,
        weights.used,
        dense,
        (100 * left) / dense,
      ]),
    ),
  );
  const forms = (['removed', 'sparse', 'dense'] as const).map((form) => `${countOf(report, form)} ${form}`);
  log(
    `sparse execution: layers ${forms.join(', ')}; ${(100 * shareLeft(layers)).toFixed(2)} % of the multiply-adds`,
  );
};
