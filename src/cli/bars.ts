import { progress, type Details, type Progress } from '../report/progress.js';
import { log } from './common.js';

/** A bar for one part of a work after the other: a new label ends the bar before and begins its own. */
export interface Bars {
  readonly show: (label: string, done: number, total: number, details: Details) => void;
  /** A line that stays. */
  readonly say: (line: string) => void;
  readonly stop: () => void;
}

/** Bars on standard error; the first appears with the first thing done. */
export const bars = (): Bars => {
  let current: { readonly label: string; readonly bar: Progress } | null = null;
  const stop = (): void => {
    current?.bar.stop();
    current = null;
  };
  return {
    show: (label, done, total, details) => {
      if (current?.label !== label) {
        stop();
        const bar = progress(label, total, {
          stream: process.stderr,
          isTerminal: process.stderr.isTTY === true,
        });
        current = { label, bar };
      }
      current.bar.update(done, details);
    },
    say: (line) => {
      stop();
      log(line);
    },
    stop,
  };
};
