import { Writable } from 'node:stream';
import cliProgress from 'cli-progress';
import { showNumber } from './table.js';

export type Details = Readonly<Record<string, string>>;

export interface ProgressOptions {
  readonly stream: NodeJS.WritableStream;
  /**
   * Whether a person watches `stream`: a bar that redraws itself, or else a few plain lines. Usually
   * `stream.isTTY`.
   */
  readonly isTerminal: boolean;
  /** Milliseconds; for tests. Default Date.now. */
  readonly now?: () => number;
}

export interface Progress {
  /**
   * `done` of the total, and what to show beside it, as `{ loss: '1.24', accuracy: '61.3 %' }`. The time left
   * is added.
   */
  readonly update: (done: number, details?: Details) => void;
  /** A line that stays, above the bar. */
  readonly log: (line: string) => void;
  /**
   * Shows the last state and ends. Nothing is written afterwards. Call it in `finally`: a bar on a terminal
   * keeps the process alive.
   */
  readonly stop: () => void;
}

/** The reader went away (`pathex start | head`, a closed terminal): the work goes on, unseen. */
const GONE: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'EIO',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/**
 * The first failure of each stream. One listener per stream, however many bars: the error of a last write
 * comes after the write.
 */
const failures = new WeakMap<NodeJS.WritableStream, { first: unknown }>();

/**
 * Writes to a stream for as long as that can be done. It never throws: what is being said must not cost what
 * is being done. Whether all of it was written says `writeFailureOf`.
 */
export const writerTo = (stream: NodeJS.WritableStream): ((text: string) => void) => {
  const known = failures.get(stream) ?? { first: undefined };
  if (!failures.has(stream)) {
    failures.set(stream, known);
    stream.on('error', (error: unknown) => {
      known.first ??= error;
    });
  }
  return (text) => {
    if (known.first !== undefined) return;
    try {
      stream.write(text);
    } catch (error) {
      known.first ??= error;
    }
  };
};

/**
 * Why not everything could be written to a stream, such as a full disk; undefined where all was, or where its
 * reader went away.
 */
export const writeFailureOf = (stream: NodeJS.WritableStream): unknown => {
  const first = failures.get(stream)?.first;
  return first instanceof Error && 'code' in first && GONE.has(first.code) ? undefined : first;
};

/** 75 as '1 min 15 s'; rounded up, so that '0 s left' means done. */
export const showSeconds = (seconds: number): string => {
  const s = Math.ceil(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
};

interface State {
  readonly done: number;
  readonly details: Details;
  /** Milliseconds of the clock. */
  readonly at: number;
}

/** 'loss 1.24', 'accuracy 61.3 %', '12 s left'; at the end the time it took, since nothing is left. */
const remarks = (
  { done, details, at }: State,
  total: number,
  start: number,
  now: number,
  stopped: boolean,
): readonly string[] => {
  const said = Object.entries(details).map(([name, value]) => `${name} ${value}`);
  if (stopped) return [...said, `in ${showSeconds((now - start) / 1000)}`];
  if (done === 0) return said;
  const left = ((at - start) * (total - done)) / done - (now - at);
  return [...said, `${showSeconds(Math.max(0, left) / 1000)} left`];
};

/** Rounded down: 100 % means done. */
const percent = (done: number, total: number): number =>
  total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100;

const plain = (label: string, total: number, write: (text: string) => void, now: () => number): Progress => {
  const start = now();
  let shown: State = { done: 0, details: {}, at: start };
  let state = shown;
  let stopped = false;
  const show = (): void => {
    shown = state;
    write(
      `${label}: ${percent(state.done, total)} % (${showNumber(state.done)} of ${showNumber(total)}), ${remarks(state, total, start, now(), stopped).join(', ')}\n`,
    );
  };
  return {
    update: (done, details = {}) => {
      if (stopped) return;
      state = { done, details, at: now() };
      if (state.done - shown.done >= total / 10 && state.at - shown.at >= 5000 && done < total) show();
    },
    log: (line) => {
      if (!stopped) write(`${line}\n`);
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      if (state !== shown) show();
    },
  };
};

/**
 * What cli-progress writes, passed on to a stream that need not be a terminal itself (tests, wrappers).
 * Saving and restoring the cursor is left out: the saved place is wrong once a logged line has scrolled the
 * bar down, and the next output would overwrite the log.
 */
const terminalOver = (
  stream: NodeJS.WritableStream,
  write: (text: string) => void,
): NodeJS.WritableStream => {
  const out = new Writable({
    decodeStrings: false,
    write: (chunk: unknown, _encoding, done) => {
      const text = String(chunk);
      if (text !== '\x1B7' && text !== '\x1B8') write(text);
      done();
    },
  });
  return Object.defineProperties(out, {
    isTTY: { value: true },
    columns: { get: () => ('columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80) },
  });
};

/**
 * 'px [=====-----] 50 %  50 of 100  loss 1.24  12 s left' within `columns`; the bar gives way before the
 * figures do.
 */
const barLine = (
  label: string,
  state: State,
  total: number,
  notes: readonly string[],
  columns: number,
): string => {
  const figures = [
    `${percent(state.done, total)} %`,
    `${showNumber(state.done)} of ${showNumber(total)}`,
    ...notes,
  ].join('  ');
  const room = Math.min(30, columns - label.length - figures.length - 5);
  const full = total > 0 ? Math.round((room * Math.min(state.done, total)) / total) : room;
  return room < 6
    ? `${label}  ${figures}`
    : `${label} [${'='.repeat(full)}${'-'.repeat(room - full)}] ${figures}`;
};

const bar = (
  label: string,
  total: number,
  stream: NodeJS.WritableStream,
  write: (text: string) => void,
  now: () => number,
): Progress => {
  const start = now();
  let state: State = { done: 0, details: {}, at: start };
  let stopped = false;
  const single = new cliProgress.SingleBar({
    stream: terminalOver(stream, write),
    format: (_options, { maxWidth }) =>
      barLine(label, state, total, remarks(state, total, start, now(), stopped), maxWidth),
    fps: 5,
    forceRedraw: true, // the time left counts down between updates, and a logged line has to be followed by the bar
    linewrap: true, // cut at the terminal's width by cli-progress, instead of switching a mode that a killed process would leave behind
  });
  single.start(total, 0);
  return {
    update: (done, details = {}) => {
      if (stopped) return;
      state = { done, details, at: now() };
      single.update(done);
    },
    log: (line) => {
      if (stopped) return;
      write(`\r\x1B[K${line}\n`);
      single.render();
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      single.stop();
    },
  };
};

/**
 * Progress of `total` steps under a label. On a terminal a bar; elsewhere plain lines, at most one for every
 * tenth of the work and at most one in five seconds, and always the last state. A stream that nobody reads
 * any more is ignored.
 */
export const progress = (
  label: string,
  total: number,
  { stream, isTerminal, now = Date.now }: ProgressOptions,
): Progress => {
  const write = writerTo(stream);
  return isTerminal ? bar(label, total, stream, write, now) : plain(label, total, write, now);
};
