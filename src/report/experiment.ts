import * as t from 'io-ts';
import { Count, decode, decodeJson, Finite, list, Share } from '../codec.js';
import type { LayerDensity } from '../prune/ticket.js';

const Epoch = t.strict(
  {
    /** From 1. */
    epoch: Count,
    /** Mean cross-entropy in nats. */
    trainLoss: Finite,
    trainAccuracy: Share,
    testAccuracy: Share,
    /** The learning rate in use. */
    rate: Finite,
    seconds: Finite,
  },
  'an epoch',
);

/** One method at one sparsity from one seed: how it pruned and how the ticket trained. */
export interface RunResult {
  readonly method: string;
  /** Absent in reports of one seed that were written before there could be several. */
  readonly seed?: number;
  /** Share of the prunable weights that are gone, 0 to 1. */
  readonly sparsity: number;
  /** Live prunable weights, of `total`. */
  readonly live: number;
  readonly total: number;
  /** Layers without a live weight, of `layers`. */
  readonly layersEmptied: number;
  readonly layers: number;
  /** Share of output units alive over all layers, 0 to 1. */
  readonly outputUnitsAlive: number;
  readonly pruneSeconds: number;
  readonly trainSeconds: number;
  /** Share, 0 to 1, after the last epoch. */
  readonly testAccuracy: number;
  readonly epochs: readonly t.TypeOf<typeof Epoch>[];
  /** In network order. */
  readonly layerDensities: readonly LayerDensity[];
  /** log2 of the flow Q before each round; null where a round has none. Absent for methods without a flow. */
  readonly log2Flow?: readonly (number | null)[];
}

/** A method that gave no result, and why. */
export interface FailedRun {
  readonly method: string;
  readonly seed: number;
  /** Of the error, as COLLAPSE. */
  readonly code: string;
  readonly message: string;
  /** Until it failed. */
  readonly seconds: number;
}

/**
 * Everything an experiment's page shows, as plain data: saved as JSON beside the page, so that figures can be
 * drawn anew.
 */
export interface ExperimentReport {
  readonly title: string;
  readonly network: string;
  readonly parameters: number;
  readonly prunable: number;
  readonly dataset: {
    readonly name: string;
    /** Drawn by a program: the page says so, loudly. */
    readonly synthetic: boolean;
    readonly source: string;
    readonly trainCount: number;
    readonly testCount: number;
  };
  readonly device: string;
  readonly seed: number;
  /** How the tickets were trained, in one line. */
  readonly recipe: string;
  /** The command that repeats the experiment. */
  readonly command: string;
  readonly date: string;
  /** Of pathex. */
  readonly version: string;
  readonly runs: readonly RunResult[];
  readonly failures?: readonly FailedRun[];
  /**
   * Everything that decides the figures of a row, for continuing a report: rows of other settings must not
   * stand beside.
   */
  readonly settings?: string;
}

const Layer = t.strict(
  { layer: t.string, weights: Count, live: Count, unitsAlive: Count, units: Count },
  'a layer',
);
const Run = t.intersection(
  [
    t.strict({
      method: t.string,
      sparsity: Share,
      live: Count,
      total: Count,
      layersEmptied: Count,
      layers: Count,
      outputUnitsAlive: Share,
      pruneSeconds: Finite,
      trainSeconds: Finite,
      testAccuracy: Share,
      epochs: list(Epoch, { name: 'a list of epochs' }),
      layerDensities: list(Layer, { name: 'a list of layers' }),
    }),
    t.exact(
      t.partial({
        seed: Count,
        log2Flow: list(t.union([Finite, t.null], 'a finite number or null'), { name: 'a list of numbers' }),
      }),
    ),
  ],
  'a run',
);

const Failed = t.strict(
  { method: t.string, seed: Count, code: t.string, message: t.string, seconds: Finite },
  'a failed run',
);

export const ExperimentReport: t.Type<ExperimentReport, unknown, unknown> = t.intersection(
  [
    t.strict({
      title: t.string,
      network: t.string,
      parameters: Count,
      prunable: Count,
      dataset: t.strict(
        { name: t.string, synthetic: t.boolean, source: t.string, trainCount: Count, testCount: Count },
        'a data set',
      ),
      device: t.string,
      seed: Finite,
      recipe: t.string,
      command: t.string,
      date: t.string,
      version: t.string,
      runs: list(Run, { name: 'a list of runs' }),
    }),
    t.exact(t.partial({ failures: list(Failed, { name: 'a list of failed runs' }), settings: t.string })),
  ],
  'an experiment report',
);

/** JSON text. Error OUTPUT for what a file cannot hold, as a loss of NaN. */
export const encodeReport = (report: ExperimentReport): string =>
  `${JSON.stringify(ExperimentReport.encode(decode(ExperimentReport, report, 'report', 'OUTPUT')), null, 2)}\n`;

/**
 * Reads {@link encodeReport}'s text. Error DATA, one line that names the place:
 * `report.json.runs[0].sparsity: expected ..., got ...`.
 */
export const decodeReport = (text: string, source = 'report'): ExperimentReport =>
  decodeJson(ExperimentReport, text, source, 'DATA');
