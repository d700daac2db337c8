import type { ExecFileException } from 'node:child_process';

/** What a child process ended with; -1 where a signal or a timeout ended it. */
export const exitCodeOf = (error: ExecFileException | null): number => {
  if (error === null) return 0;
  return typeof error.code === 'number' ? error.code : -1;
};
