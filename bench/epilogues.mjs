import { median, openFor, option, printRows, timeEach, timeQueued } from './lib.mjs';
import { minibatch, noise, stepStore } from './subject.mjs';

/**
 * What convolutions gain that take the step after them along: evaluation of ResNet-20 on --batch images
 * (default 250), and --rounds PX rounds on 100 (default 100), on two devices of one GPU, with and without, in
 * turns. Other devices have no such thing: a dry run times the same twice.
 */
export const run = async (args) => {
  const [{ evaluateStep, initialise, prune, resnetCifar }, { implementationsOf }] = await Promise.all([
    import('../dist/index.js'),
    import('../dist/runtime/native-device.js'),
  ]);
  const [batch, rounds, turns] = [
    Number(option(args, 'batch', 250)),
    Number(option(args, 'rounds', 100)),
    Number(option(args, 'turns', 5)),
  ];
  const net = resnetCifar({ depth: 20 });
  const p = evaluateStep(net, noise, { split: 'train', count: noise.train.count }, batch);
  const weights = initialise(net, 0);
  const data = [minibatch(Number(option(args, 'images', 100)))];
  const open = async (epilogues) => {
    const isGpu = option(args, 'device', 'cpu') === 'cuda';
    const { device, isCuda } = await openFor(args, isGpu ? { epilogues } : {});
    const step = await device.compile(p);
    const { store, inputs } = await stepStore(device, net, p);
    const given = Object.fromEntries(
      [...p.inputs.keys()].map((name) => [
        name,
        name === 'weight' ? new Float32Array(batch).fill(1) : inputs[name],
      ]),
    );
    const queued = isCuda ? Number(option(args, 'queued', 200)) : 2;
    return {
      device,
      fused: implementationsOf(step).filter(({ implementation }) => implementation === 'in the step before')
        .length,
      evaluation: async () => {
        const once = () => step.run(store, given);
        return (await (isCuda ? timeQueued(device, once, queued) : timeEach(once, queued))).seconds;
      },
      round: async () => {
        const { rounds: all } = await prune(net, weights, device, {
          method: 'px',
          density: 0.018,
          rounds: rounds + 2,
          data,
        });
        return [all.slice(2).reduce((sum, r) => sum + r.seconds, 0) / rounds];
      },
    };
  };
  const [taken, apart] = [await open(true), await open(false)];
  console.log(
    `\nresnet20, evaluation of ${batch} images and PX rounds; ${taken.device.description}; ${taken.fused} steps of the evaluation are in the step before; seed 0; the first turn is warm-up`,
  );
  const result = { batch, rounds, device: taken.device.description, fused: taken.fused };
  for (const what of ['evaluation', 'round']) {
    await taken[what]();
    await apart[what]();
    const [with_, without] = [[], []];
    for (let turn = 0; turn < turns; turn++) {
      with_.push(...(await taken[what]()));
      without.push(...(await apart[what]()));
    }
    const times = { 'with epilogues': with_, without };
    result[what] = {
      seconds: printRows(what === 'round' ? 'PX round' : what, { times }),
      ratio: median(with_) / median(without),
    };
    console.log(`ratio with / without: ${result[what].ratio.toFixed(3)} (median)`);
  }
  await Promise.all([taken, apart].map(({ device }) => device.dispose()));
  return result;
};
