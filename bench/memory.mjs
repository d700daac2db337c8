import { spawnSync } from 'node:child_process';
import { openFor, option, refuse } from './lib.mjs';
import { noise, stepStore } from './subject.mjs';

/**
 * Whether memory stays flat over --steps training steps of ResNet-20 (default 10,000): what the device
 * counts, what the GPU says, what the process has.
 */

const SAMPLES = 10;
/** MB that the process may grow by in the second half: its heap breathes. */
const SLACK = 32;

export const run = async (args) => {
  const { resnetCifar, trainStep } = await import('../dist/index.js');
  const [batch, steps] = [Number(option(args, 'batch', 128)), Number(option(args, 'steps', 10_000))];
  if (!Number.isInteger(steps) || steps < SAMPLES)
    refuse(`steps ${option(args, 'steps')} is not a whole number from ${SAMPLES} on`);
  const { device, isCuda } = await openFor(args);
  const net = resnetCifar({ depth: 20 });
  const p = trainStep(net, noise, { split: 'train', count: noise.train.count }, batch);
  const step = await device.compile(p);
  const { store, inputs } = await stepStore(device, net, p);
  console.log(`memory over ${steps} training steps of batch ${batch}; ${device.description}`);
  console.log('   steps   device MB   process MB   GPU MB');
  const samples = [];
  const start = performance.now();
  for (let done = 0; done < steps;) {
    const until = Math.min(steps, Math.ceil(((samples.length + 1) * steps) / SAMPLES));
    while (done < until) {
      const n = Math.min(isCuda ? 100 : 4, until - done);
      await Promise.all(Array.from({ length: n }, () => step.run(store, inputs)));
      done += n;
    }
    const sample = {
      steps: done,
      device: device.liveBytes() / 1e6,
      process: process.memoryUsage().rss / 1e6,
      gpu: isCuda ? gpuMegabytes() : null,
    };
    samples.push(sample);
    console.log(
      [
        String(done).padStart(8),
        sample.device.toFixed(3).padStart(12),
        sample.process.toFixed(0).padStart(13),
        (sample.gpu === null ? '-' : String(sample.gpu)).padStart(9),
      ].join(''),
    );
  }
  const seconds = (performance.now() - start) / 1000;
  const half = SAMPLES / 2;
  const growth = (of) =>
    Math.max(...samples.slice(half).map(of)) - Math.max(...samples.slice(0, half).map(of));
  const grown = {
    device: growth((s) => s.device),
    process: growth((s) => s.process),
    gpu: growth((s) => s.gpu ?? 0),
  };
  const failed = grown.device !== 0 || grown.process > SLACK || grown.gpu > 0;
  console.log(
    `${failed ? 'GROWS' : 'flat'}: in the second half device ${grown.device} MB, process ${grown.process.toFixed(1)} MB, GPU ${grown.gpu} MB; ${((1000 * seconds) / steps).toFixed(3)} ms a step`,
  );
  const about = { device: device.description, batch, steps };
  await device.dispose();
  return { ...about, samples, grown, secondsPerStep: seconds / steps, failed };
};

/** What nvidia-smi says is used on the GPU, MiB; null where it says nothing. */
const gpuMegabytes = () => {
  const { stdout, status } = spawnSync(
    'nvidia-smi',
    ['--query-gpu=memory.used', '--format=csv,noheader,nounits'],
    { encoding: 'utf8' },
  );
  const used = Number.parseInt(stdout ?? '', 10);
  return status === 0 && Number.isFinite(used) ? used : null;
};
