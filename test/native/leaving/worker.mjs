// What a worker thread does until somebody ends it: opens, loads, writes, runs, reads, disposes, drops,
// fails.
import { createRequire } from 'node:module';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';

const { addonPath, plan, slow, end } = workerData;
const { Device, setErrorClass } = createRequire(import.meta.url)(addonPath);
setErrorClass(
  class extends Error {
    constructor(code, message) {
      super(message);
      this.code = code;
    }
  },
);

const ends = {
  none: () => undefined,
  throw: () => {
    throw new Error('nobody catches this');
  },
  reject: () => void Promise.reject(new Error('nobody catches this')),
  exit: () => process.exit(3),
};

const once = async () => {
  const device = new Device({ threads: 1 + Math.floor(Math.random() * 2) });
  const state = device.allocate(400);
  const [executable, long] = await Promise.all([device.load(plan), device.load(slow)]);
  const [x, y] = [new Float32Array(100).fill(1), new Float32Array(100)];
  for (let i = 0; i < 20; i++) {
    const work = [
      device.write(state, x),
      device.run(executable, [state], [x], [y]),
      device.run(long, [], [], []),
      device.read(state, y),
      device.mark(),
      device.load({ ...plan, arenaBytes: 0 }).catch((error) => error.code),
    ];
    if (i % 2 === 0) await Promise.all(work);
    else for (const each of work) each.catch(() => undefined);
  }
  if (Math.random() < 0.5) await device.dispose();
  else if (Math.random() < 0.5) void device.dispose();
};

parentPort.postMessage('busy');
setTimeout(ends[end], 5 + Math.random() * 40);
for (;;) await Promise.all([once(), once()]);
