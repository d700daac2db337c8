import benny from 'benny';

/** How long the language and the compiler take: building, differentiating and compiling ResNet-20. */
export const run = async () => {
  const { compile, grad, ops, parameters, prunable, rebatch, resnetCifar, training, trainStep } =
    await import('../dist/index.js');
  const data = {
    name: 'noise',
    height: 32,
    width: 32,
    channels: 3,
    classes: 10,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  };
  const net = resnetCifar({ depth: 20 });
  const step = trainStep(net, data, { split: 'train', count: 50000 }, 128);
  await benny.suite(
    'language: ResNet-20',
    benny.add('describe the network', () => resnetCifar({ depth: 20 })),
    benny.add('read it for a batch of 128', () => rebatch(net, 128)),
    benny.add('differentiate it', () => {
      const read = training(net);
      return grad(ops.sum(read.output, [0, 1]), prunable(net));
    }),
    benny.add('list its parameters', () => parameters(net)),
    benny.add('compile the training step', () => compile(step)),
    benny.cycle(),
    benny.complete(),
  );
};
