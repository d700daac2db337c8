import { openFor, option } from './lib.mjs';
import { minibatch, noise, stepStore } from './subject.mjs';

/**
 * Whether a device gives the same bits twice, opened twice: all state after --steps training steps of
 * ResNet-20, and masks; and whether its masks are those of the cpu device (of one thread, where it is that
 * device itself). In tf32 masks are compared, not judged.
 */
const METHODS = ['px', 'synflow', 'snip', 'grasp', 'magnitude'];
/** A rank may change hands where float32 scores are nearly equal. */
const LEAST_JACCARD = 0.999;

export const run = async (args) => {
  const { initialise, openDevice, procedureOf, prune, resnetCifar, trainStep, usualRounds } =
    await import('../dist/index.js');
  const [batch, steps, images] = [
    Number(option(args, 'batch', 128)),
    Number(option(args, 'steps', 100)),
    Number(option(args, 'images', 100)),
  ];
  const net = resnetCifar({ depth: 20 });
  const weights = initialise(net, 0);
  const data = [minibatch(images)];
  const roundsOf = (method) =>
    Math.min(Number(option(args, 'rounds', 100)), usualRounds(procedureOf({ method })));
  const ticketsOf = async (device) => {
    const tickets = {};
    for (const method of METHODS)
      tickets[method] = (
        await prune(net, weights, device, {
          method,
          density: 0.018,
          rounds: roundsOf(method),
          data,
          allowCollapse: true,
        })
      ).masks;
    return tickets;
  };
  const whole = async () => {
    const { device, isCuda } = await openFor(args);
    try {
      const p = trainStep(net, noise, { split: 'train', count: noise.train.count }, batch);
      const step = await device.compile(p);
      const { store } = await stepStore(device, net, p);
      const outputs = await Promise.all(
        Array.from({ length: steps }, (_, i) =>
          step.run(store, {
            index: Int32Array.from({ length: batch }, (_, k) => (i * batch + 7 * k) % noise.train.count),
            shift: Int32Array.from({ length: 3 * batch }, (_, k) =>
              k % 3 === 2 ? (i + k) & 1 : ((i + k) % 9) - 4,
            ),
            rate: [0.01],
          }),
        ),
      );
      const state = await Promise.all(
        Object.keys(p.next).map(async (name) => [name, await store.read(name)]),
      );
      return {
        isCuda,
        description: device.description,
        bits: [...outputs.map(({ loss }, i) => [`loss ${i}`, loss]), ...state],
        tickets: await ticketsOf(device),
      };
    } finally {
      await device.dispose();
    }
  };
  console.log(`same bits: ${steps} training steps of batch ${batch}, and masks from ${images} images`);
  const [a, b] = [await whole(), await whole()];
  const differ = a.bits.filter(([, xs], i) => !sameBits(xs, b.bits[i][1])).map(([name]) => name);
  const maskDiffers = METHODS.filter((m) => jaccard(a.tickets[m], b.tickets[m]) !== 1);
  const losses = a.bits.filter(([name]) => name.startsWith('loss')).map(([, xs]) => xs[0]);
  const isFinite = losses.every(Number.isFinite);

  const cpu = await openDevice('cpu', a.isCuda ? {} : { threads: 1 });
  const theirs = await ticketsOf(cpu);
  await cpu.dispose();
  const agreement = Object.fromEntries(METHODS.map((m) => [m, jaccard(a.tickets[m], theirs[m])]));
  const isJudged = option(args, 'precision', 'strict') !== 'tf32'; // bf16 scores as strict does
  const failed =
    differ.length > 0 ||
    maskDiffers.length > 0 ||
    !isFinite ||
    (isJudged && Object.values(agreement).some((j) => !(j >= LEAST_JACCARD)));

  console.log(
    `${a.description}\n${differ.length === 0 ? `all ${a.bits.length} values have the same bits in both runs` : `${differ.length} of ${a.bits.length} differ between two runs: ${differ.slice(0, 8).join(', ')}`}`,
  );
  console.log(`loss ${losses[0].toFixed(4)} to ${losses.at(-1).toFixed(4)}`);
  for (const m of METHODS)
    console.log(
      `masks of ${m.padEnd(10)} ${maskDiffers.includes(m) ? 'DIFFER between two runs' : 'the same in both runs'}; Jaccard with ${cpu.description}: ${agreement[m].toFixed(5)}`,
    );
  return {
    device: a.description,
    steps,
    values: a.bits.length,
    differ,
    maskDiffers,
    agreement,
    firstLoss: losses[0],
    lastLoss: losses.at(-1),
    failed,
  };
};

const sameBits = (a, b) =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

const jaccard = (a, b) => {
  let [both, either] = [0, 0];
  for (const [layer, mask] of a) {
    const other = b.get(layer);
    mask.forEach((m, i) => {
      both += m & other[i];
      either += m | other[i];
    });
  }
  return both / either;
};
