// Starts worker threads and ends them at random moments; prints how many threads the process has before and
// after.
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const { addonPath, plan, slow, count, atOnce, end } = JSON.parse(process.argv[2]);
const threads = () => readdirSync('/proc/self/task').length;

const start = () =>
  new Worker(new URL('worker.mjs', import.meta.url), { workerData: { addonPath, plan, slow, end } });
const exits = [];
const one = async () => {
  const worker = start();
  const errors = [];
  worker.on('error', (error) => errors.push(error));
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  if (end === 'none') {
    if (Math.random() < 0.8) await new Promise((resolve) => worker.once('message', resolve));
    await sleep(Math.random() * 40);
    await worker.terminate();
  }
  const code = await exited; // 0 where it was terminated before it began
  if (end !== 'none') exits.push(errors[0]?.message ?? code);
};

await one(); // Node's own pools start with the first
exits.length = 0;
const before = threads();
for (let i = 0; i < count; i += atOnce) await Promise.all(Array.from({ length: atOnce }, one));
for (let i = 0; i < 100 && threads() > before; i++) await sleep(20); // a thread that was joined may be listed for a moment
console.log(JSON.stringify({ exits: [...new Set(exits)], leaked: threads() - before }));
