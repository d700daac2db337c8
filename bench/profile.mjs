import { openFor, option } from './lib.mjs';
import { noise } from './subject.mjs';

/**
 * Where a training step or a PX round spends its time, by kernel and by step of the plan. Times are those of
 * the fastest of many calls, which other work on the machine disturbs least; on a GPU they are those of CUDA
 * events around each step, without a graph.
 */
export const run = async (args) => {
  const [
    { resnetCifar, trainStep, initialise, criterionOf },
    { profileOf, implementationsOf },
    { roundPrograms },
  ] = await Promise.all([
    import('../dist/index.js'),
    import('../dist/runtime/native-device.js'),
    import('../dist/prune/programs.js'),
  ]);
  const what = option(args, 'of', 'train');
  const { device } = await openFor(args, { profile: true });
  const net = resnetCifar({ depth: 20 });
  const rounds = roundPrograms(net, criterionOf({ method: 'px' }), 100);
  const p = {
    train: trainStep(
      net,
      noise,
      { split: 'train', count: noise.train.count },
      Number(option(args, 'batch', 128)),
    ),
    accumulate: rounds.accumulate,
    select: rounds.select,
  }[what];
  const executable = await device.compile(p);
  const store = device.store();
  const weights = initialise(net, 0);
  const size = (leaf) => leaf.shape.reduce((a, d) => a * d, 1);
  for (const [name, leaf] of p.state)
    await store.add(
      name,
      leaf,
      weights.get(name)?.data ?? new Float32Array(size(leaf)).fill(name.startsWith('mask/') ? 1 : 0),
    );
  const usual = (name, { dtype }) => {
    if (name === 'keep') return 200000;
    return dtype === 'f32' ? 0.01 : 0;
  };
  const inputs = Object.fromEntries(
    [...p.inputs].map(([name, leaf]) => [
      name,
      new Float32Array(size(leaf))
        .fill(usual(name, leaf))
        .map((v, i) => (name === 'images' ? Math.sin(i) : v)),
    ]),
  );
  const times = Number(option(args, 'times', 10));
  for (let i = 0; i < times; i++) await executable.run(store, inputs);
  const implementations = implementationsOf(executable);
  const steps = profileOf(executable).map((s, i) => ({
    ...s,
    implementation: implementations[i].implementation,
    ms: 1000 * s.least,
    mean: (1000 * s.seconds) / s.calls,
  }));
  const byKind = Map.groupBy
    ? Map.groupBy(steps, (s) => s.kind)
    : steps.reduce((m, s) => m.set(s.kind, [...(m.get(s.kind) ?? []), s]), new Map());
  const total = steps.reduce((n, s) => n + s.ms, 0);
  const mean = steps.reduce((n, s) => n + s.mean, 0);
  console.log(
    `${p.name} on ${device.description}: ${total.toFixed(1)} ms a run, the sum of each step's least of ${times} runs (mean ${mean.toFixed(1)} ms)`,
  );
  for (const [kind, xs] of [...byKind].sort(
    (a, b) => b[1].reduce((n, s) => n + s.ms, 0) - a[1].reduce((n, s) => n + s.ms, 0),
  )) {
    const ms = xs.reduce((n, s) => n + s.ms, 0);
    console.log(
      `${kind.padEnd(20)} ${ms.toFixed(2).padStart(8)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} %  ${xs.length} steps`,
    );
  }
  console.log('\nslowest steps');
  for (const s of [...steps].sort((a, b) => b.ms - a.ms).slice(0, Number(option(args, 'top', 25))))
    console.log(`${s.ms.toFixed(3).padStart(8)} ms  ${s.kind.padEnd(18)} ${s.name}  ${s.implementation}`);
  const about = { program: p.name, device: device.description };
  await device.dispose();
  return {
    ...about,
    seconds: total / 1000,
    steps: steps.map(({ name, kind, implementation, least, calls }) => ({
      name,
      kind,
      implementation,
      least,
      calls,
    })),
  };
};
