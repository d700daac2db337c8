import type { RunResult } from './experiment.js';

/** A run, or the mean of runs of one method and sparsity over several seeds. */
export interface MeanRun extends RunResult {
  readonly seeds: number;
  /** Sample standard deviation of the test accuracy over the seeds, a share; null of a single run. */
  readonly deviation: number | null;
}

const mean = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0) / values.length;

/** Means of lists item by item; as long as the shortest. */
const zip = <T, U>(lists: readonly (readonly T[])[], join: (items: readonly T[]) => U): readonly U[] =>
  lists[0]!.slice(0, Math.min(...lists.map((l) => l.length))).map((_, i) => join(lists.map((l) => l[i]!)));

const meanOf = (runs: readonly RunResult[]): MeanRun => {
  const first = runs[0]!;
  if (runs.length === 1) return { ...first, seeds: 1, deviation: null };
  const of = <T>(items: readonly T[], value: (item: T) => number): number => mean(items.map(value));
  const accuracy = of(runs, (r) => r.testAccuracy);
  const flows = runs.map((r) => r.log2Flow ?? []);
  const log2Flow = zip(flows, (values) => (values.every((v) => v !== null) ? mean(values) : null));
  return {
    ...first,
    layersEmptied: of(runs, (r) => r.layersEmptied),
    outputUnitsAlive: of(runs, (r) => r.outputUnitsAlive),
    pruneSeconds: of(runs, (r) => r.pruneSeconds),
    trainSeconds: of(runs, (r) => r.trainSeconds),
    testAccuracy: accuracy,
    epochs: zip(
      runs.map((r) => r.epochs),
      (es) => ({
        ...es[0]!,
        trainLoss: of(es, (e) => e.trainLoss),
        trainAccuracy: of(es, (e) => e.trainAccuracy),
        testAccuracy: of(es, (e) => e.testAccuracy),
        seconds: of(es, (e) => e.seconds),
      }),
    ),
    layerDensities: zip(
      runs.map((r) => r.layerDensities),
      (ls) => ({ ...ls[0]!, live: of(ls, (l) => l.live), unitsAlive: of(ls, (l) => l.unitsAlive) }),
    ),
    ...(log2Flow.length > 0 ? { log2Flow } : {}),
    seeds: runs.length,
    deviation: Math.sqrt(runs.reduce((s, r) => s + (r.testAccuracy - accuracy) ** 2, 0) / (runs.length - 1)),
  };
};

/** Runs that differ in nothing but their seed become one, of means; in the order of their first. */
export const meanOverSeeds = (runs: readonly RunResult[]): readonly MeanRun[] => {
  const groups = new Map<string, RunResult[]>();
  runs.forEach((run, i) => {
    const key = run.seed === undefined ? `run ${i}` : `${run.method} ${run.live} ${run.total}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  });
  return [...groups.values()].map(meanOf);
};
