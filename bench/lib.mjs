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
const STREAMS = ['measured', 'one', 'two'];

/**
 * The device that a benchmark's command line names, and what a peer has to be told to run on it too. In bf16
 * ours scores weights in strict float32, where a peer may use tf32.
 */
export const openFor = async (args, options = {}) => {
  const { deviceKindOf, openDevice } = await import('../dist/runtime/open.js');
  const kind = deviceKindOf(option(args, 'device', 'cpu'));
  const isCuda = kind === 'cuda';
  const precision = option(args, 'precision', 'strict');
  if (!PRECISIONS.includes(precision)) refuse(`no precision '${precision}'; choose ${PRECISIONS.join(', ')}`);
  if (!isCuda && precision !== 'strict')
    refuse(`precision ${precision} is of the cuda device; add --device cuda`);
  const isPlain = args.includes('--no-epilogues');
  if (isPlain && !isCuda) refuse('--no-epilogues is of the cuda device; add --device cuda');
  const streams = option(args, 'streams');
  if (streams !== undefined && !(isCuda && STREAMS.includes(streams)))
    refuse(`--streams is ${STREAMS.join(', ')}, of the cuda device; got ${streams} for ${kind}`);
  const threads = Number(option(args, 'threads', 0)) || undefined;
  const device = await openDevice(kind, {
    ...(streams === undefined ? {} : { streams }),
    ...(isPlain ? { epilogues: false } : {}),
    ...options,
    ...(isCuda ? { precision } : {}),
    ...(threads === undefined ? {} : { threads }),
  });
  const used = Number(/(\d+)(?: of \d+)? threads?/.exec(device.description)?.[1] ?? 1);
  const modes = option(args, 'modes');
  return {
    device,
    isCuda,
    peer: [
      '--threads',
      used,
      '--device',
      isCuda ? 'cuda' : 'cpu',
      '--precision',
      precision,
      ...(modes === undefined ? [] : ['--modes', modes]),
    ],
  };
};

/**
 * Runs after which a program on a GPU has captured its graphs and chosen its streams, those included that
 * were queued meanwhile.
 */
export const SETTLED = 48;

/** Seconds of each of `n` runs, one after the other, by the host's clock. */
export const timeEach = async (run, n) => {
  const seconds = [];
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    await run();
    seconds.push((performance.now() - start) / 1000);
  }
  return { seconds };
};

/**
 * A run's share of `n` that are given to the device at once, as a training gives them: one figure between two
 * marks of the device, which on a GPU are CUDA events on its stream like a peer's; and `host`, by the clock
 * from the first call to the last result.
 */
export const timeQueued = async (device, run, n) => {
  const { secondsBetween } = await import('../dist/index.js');
  const start = performance.now();
  const done = await Promise.all([device.mark(), ...Array.from({ length: n }, run), device.mark()]);
  return {
    seconds: [secondsBetween(done[0], done.at(-1)) / n],
    host: [(performance.now() - start) / 1000 / n],
  };
};

/**
 * Starts a script of bench/peers with the Python of PATHEX_PYTHON (default python3). Resolves to null, after
 * a note, where Python or torch is absent. `run(n)` resolves to { format: [seconds, ...] } of n steps in each
 * format of the peer that works.
 */
export const startPeer = async (script, args) => {
  const python = process.env.PATHEX_PYTHON ?? 'python3';
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
  const child = spawn(python, [path, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment,
  });
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
  for (const [format, reason] of Object.entries(ready.skipped))
    console.log(`peer ${script}: ${format} left out: ${reason}`);
  return {
    ready,
    run: async (n) => {
      child.stdin.write(`run ${n}\n`);
      const out = {};
      for (let i = 0; i < ready.formats.length; i++) {
        const line = await next();
        if (line === null || line.error !== undefined)
          throw new Error(`peer ${script}: ${line?.error ?? stderr}`);
        out[line.format] = line.seconds;
      }
      return out;
    },
    close: () => {
      child.stdin.end('quit\n');
    },
  };
};

/**
 * Alternates ours and the peer for `turns`, so that a machine whose speed drifts is fair to both. `ours(n)`
 * resolves to { seconds, host }, of which `host`, where there is any, is the same work by the host's clock.
 */
export const alternate = async (ours, peer, { turns, perTurn }) => {
  const [times, host] = [{ pathex: [] }, []];
  for (let t = 0; t < turns; t++) {
    const own = await ours(perTurn);
    times.pathex.push(...own.seconds);
    host.push(...(own.host ?? []));
    if (peer !== null)
      for (const [format, seconds] of Object.entries(await peer.run(perTurn)))
        (times[`torch ${format}`] ??= []).push(...seconds);
  }
  return { times, host };
};

/**
 * The same for many of ours: `ours` has a function by name that runs once, `n` runs of each of which make a
 * turn, and `peers` is a list of which some may be null. Resolves to { name: [seconds, ...] }.
 */
export const inTurns = async (ours, peers, { turns, perTurn }) => {
  const times = {};
  for (let t = 0; t < turns; t++) {
    for (const [name, run] of Object.entries(ours))
      (times[name] ??= []).push(...(await timeEach(run, perTurn)).seconds);
    for (const peer of peers.filter((p) => p !== null))
      for (const [format, seconds] of Object.entries(await peer.run(perTurn)))
        (times[`torch ${format}`] ??= []).push(...seconds);
  }
  return times;
};

export const summaryOf = (xs) => ({ min: Math.min(...xs), median: median(xs) });

/**
 * Prints minimum and median of each row of seconds, pathex' by the host's clock beside them; returns them.
 */
export const printRows = (title, { times, host = [] }) => {
  const width = Math.max(20, ...Object.keys(times).map((name) => name.length));
  console.log(`\n${title}`);
  const hasHost = host.length > 0;
  console.log(`${' '.repeat(width)}   min ms  median ms   n${hasHost ? '   host min, median ms' : ''}`);
  const rows = Object.fromEntries(
    Object.entries(times).map(([name, xs]) => [name, { ...summaryOf(xs), count: xs.length }]),
  );
  if (hasHost) rows.pathex.host = summaryOf(host);
  for (const [name, { min, median: middle, count, host: by }] of Object.entries(rows)) {
    console.log(
      `${name.padEnd(width)} ${ms(min)} ${ms(middle)} ${String(count).padStart(5)}${by === undefined ? '' : `     ${ms(by.min)} ${ms(by.median)}`}`,
    );
  }
  return rows;
};

/** The same, and our ratio to the best format of the peer. */
export const printTimes = (title, measured) => {
  const rows = printRows(title, measured);
  const { pathex, ...peers } = rows;
  if (Object.keys(peers).length === 0) return { seconds: rows, ratio: null };
  const ratioOf = (f) => pathex[f] / Math.min(...Object.values(peers).map((row) => row[f]));
  const ratio = { min: ratioOf('min'), median: ratioOf('median') };
  console.log(
    `ratio pathex / best torch: ${ratio.min.toFixed(3)} (min), ${ratio.median.toFixed(3)} (median)`,
  );
  return { seconds: rows, ratio };
};
