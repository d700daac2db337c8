import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// taken before pathex is loaded, which sets how its own OpenMP threads wait: a peer keeps its defaults
const environment = { ...process.env };

/** What the benchmarks share: a PyTorch peer driven in turns with ours, and honest statistics. */

export const median = (xs) => {
  const sorted = [...xs].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
export const ms = (s) => (1000 * s).toFixed(s < 0.01 ? 3 : 1).padStart(8);

/** `--name value` and `--flag` of a benchmark's command line. */
export const option = (args, name, fallback) => {
  const i = args.indexOf(`--${name}`);
  return i < 0 ? fallback : args[i + 1];
};

/** What a user can cause, shown as one line. */
export const refuse = (message) => {
  throw Object.assign(new Error(message), { code: 'OPTION' });
};

const PRECISIONS = ['strict', 'tf32', 'bf16'];

/**
 * The device that a benchmark's command line names, and what a peer has to be told to run on it too. In bf16 ours scores weights in strict
 * float32, where a peer may use tf32.
 */
export const openFor = async (args, options = {}) => {
  const { deviceKindOf, openDevice } = await import('../dist/runtime/open.js');
  const kind = deviceKindOf(option(args, 'device', 'cpu'));
  const isCuda = kind === 'cuda';
  const precision = option(args, 'precision', 'strict');
  if (!PRECISIONS.includes(precision)) refuse(`no precision '${precision}'; choose ${PRECISIONS.join(', ')}`);
  if (!isCuda && precision !== 'strict') refuse(`precision ${precision} is of the cuda device; add --device cuda`);
  const isPlain = args.includes('--no-epilogues');
  if (isPlain && !isCuda) refuse('--no-epilogues is of the cuda device; add --device cuda');
  const threads = Number(option(args, 'threads', 0)) || undefined;
  const device = await openDevice(kind, { ...(isPlain ? { epilogues: false } : {}), ...options, precision, ...(threads === undefined ? {} : { threads }) });
  const used = Number(/(\d+) threads?/.exec(device.description)?.[1] ?? 1);
  const modes = option(args, 'modes');
  return { device, isCuda, peer: ['--threads', used, '--device', isCuda ? 'cuda' : 'cpu', '--precision', precision, ...(modes === undefined ? [] : ['--modes', modes])] };
};

/**
 * Seconds of each of `n` runs, one after the other; or, `isQueued`, one figure: a run's share of n that are given to the device at once, as a
 * training gives them, by the clock from the first call to the last result. That is what a peer's CUDA events span, and the host's part besides.
 */
export const timeRuns = async (run, n, isQueued) => {
  if (isQueued) {
    const start = performance.now();
    await Promise.all(Array.from({ length: n }, run));
    return [(performance.now() - start) / 1000 / n];
  }
  const seconds = [];
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
};

/**
 * Starts a script of bench/peers with the Python of PATHEX_PYTHON (default python3). Resolves to null, after a note, where Python or torch is
 * absent. `run(n)` resolves to { format: [seconds, ...] } of n steps in each format of the peer that works.
 */
export const startPeer = async (script, args) => {
  const python = process.env.PATHEX_PYTHON ?? 'python3';
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
  const child = spawn(python, [path, ...args.map(String)], { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
  let stderr = '';
  child.stderr.on('data', (d) => (stderr += d));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? null : JSON.parse(value);
  };
  const failed = new Promise((resolve) => child.once('error', (e) => resolve({ error: e.message })));
  const ready = await Promise.race([next(), failed]);
  if (ready === null || ready.error !== undefined) {
    const reason = ready?.error ?? stderr.trim().split('\n').pop();
    console.log(`peer skipped: ${python} ${script}: ${reason} (set PATHEX_PYTHON to a Python with torch)`);
    child.kill();
    return null;
  }
  for (const [format, reason] of Object.entries(ready.skipped)) console.log(`peer ${script}: ${format} left out: ${reason}`);
  return {
    ready,
    run: async (n) => {
      child.stdin.write(`run ${n}\n`);
      const out = {};
      for (let i = 0; i < ready.formats.length; i++) {
        const line = await next();
        if (line === null || line.error !== undefined) throw new Error(`peer ${script}: ${line?.error ?? stderr}`);
        out[line.format] = line.seconds;
      }
      return out;
    },
    close: () => {
      child.stdin.end('quit\n');
    },
  };
};

/** Alternates ours and the peer for `turns`, so that a machine whose speed drifts is fair to both. */
export const alternate = async (ours, peer, { turns, perTurn }) => {
  const times = { pathex: [] };
  for (let t = 0; t < turns; t++) {
    times.pathex.push(...(await ours(perTurn)));
    if (peer !== null) for (const [format, seconds] of Object.entries(await peer.run(perTurn))) (times[`torch ${format}`] ??= []).push(...seconds);
  }
  return times;
};

/** Prints minimum and median of each row of seconds; returns them. */
export const printRows = (title, times) => {
  const width = Math.max(20, ...Object.keys(times).map((name) => name.length));
  console.log(`\n${title}`);
  console.log(`${' '.repeat(width)}   min ms  median ms   n`);
  const rows = Object.fromEntries(Object.entries(times).map(([name, xs]) => [name, { min: Math.min(...xs), median: median(xs), count: xs.length }]));
  for (const [name, { min, median: middle, count }] of Object.entries(rows)) console.log(`${name.padEnd(width)} ${ms(min)} ${ms(middle)} ${String(count).padStart(5)}`);
  return rows;
};

/** The same, and our ratio to the best format of the peer. */
export const printTimes = (title, times) => {
  const rows = printRows(title, times);
  const { pathex, ...peers } = rows;
  if (Object.keys(peers).length === 0) return { seconds: rows, ratio: null };
  const ratioOf = (f) => pathex[f] / Math.min(...Object.values(peers).map((row) => row[f]));
  const ratio = { min: ratioOf('min'), median: ratioOf('median') };
  console.log(`ratio pathex / best torch: ${ratio.min.toFixed(3)} (min), ${ratio.median.toFixed(3)} (median)`);
  return { seconds: rows, ratio };
};
