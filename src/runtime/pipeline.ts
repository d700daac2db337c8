import { setImmediate } from 'node:timers/promises';

/**
 * Work that runs ahead of its results: runs of a device follow each other without waiting for the host to
 * look at each. Failures are met in the order of the work, and none goes unheard.
 */
export interface Pipeline {
  /**
   * Takes work that was started; waits for the oldest once `depth` pieces are under way, and throws what it
   * threw. Signals and timers get their turn each time, also where the work was done at once.
   */
  readonly add: (work: Promise<void>) => Promise<void>;
  /** Waits for all; throws the first failure. */
  readonly drain: () => Promise<void>;
  /**
   * Waits until nothing is under way any more, whatever became of it: before what the work uses is disposed
   * of.
   */
  readonly settle: () => Promise<void>;
}

export const pipeline = (depth: number): Pipeline => {
  const underWay: Promise<void>[] = [];
  return {
    add: async (work) => {
      work.catch(() => undefined); // an earlier failure is thrown first
      underWay.push(work);
      await setImmediate();
      if (underWay.length >= depth) await underWay.shift();
    },
    drain: async () => {
      while (underWay.length > 0) await underWay.shift();
    },
    settle: async () => void (await Promise.allSettled(underWay)),
  };
};
