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
export const ms = (s) => (1000 * s).toFixed(1).padStart(8);

/** `--name value` and `--flag` of a benchmark's command line. */
export const option = (args, name, fallback) => {
  const i = args.indexOf(`--${name}`);
  return i < 0 ? fallback : args[i + 1];
};

/**
 * Starts a script of bench/peers with the Python of PATHEX_PYTHON (default python3). Resolves to null, after a note, where Python or torch is
 * absent. `run(n)` resolves to { format: [seconds, ...] } of n steps in each memory format.
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
  const formats = ready.formats ?? ['nchw', 'channels_last'];
  return {
    ready,
    run: async (n) => {
      child.stdin.write(`run ${n}\n`);
      const out = {};
      for (let i = 0; i < formats.length; i++) {
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

/** Prints minimum and median, and our ratio to the best format of the peer. */
export const printTimes = (title, times) => {
  console.log(`\n${title}`);
  console.log('                        min ms  median ms   n');
  for (const [name, xs] of Object.entries(times)) console.log(`${name.padEnd(20)} ${ms(Math.min(...xs))} ${ms(median(xs))} ${String(xs.length).padStart(5)}`);
  const peers = Object.entries(times).filter(([name]) => name !== 'pathex');
  if (peers.length === 0) return null;
  const best = (f) => Math.min(...peers.map(([, xs]) => f(xs)));
  const ratio = { min: Math.min(...times.pathex) / best((xs) => Math.min(...xs)), median: median(times.pathex) / best(median) };
  console.log(`ratio pathex / best torch: ${ratio.min.toFixed(3)} (min), ${ratio.median.toFixed(3)} (median)`);
  return ratio;
};
