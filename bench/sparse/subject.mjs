import { noise, minibatch } from '../subject.mjs';

/**
 * What `npm run bench -- sparse` measures: networks, their tickets, and a program of either with its state.
 */

/** Shares of the weights that are live, of the paper's table: sparsities of 90, 95.6 and 98.2 %. */
export const DENSITIES = [0.1, 0.044, 0.018];
export const METHODS = ['px', 'magnitude', 'random'];

/** Channels of the 3x3 convolutions of VGG-16, with a pooling after each row. */
const VGG_ROWS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

/** VGG-16 for CIFAR as it is usually written: BatchNorm after each convolution, one linear layer. */
export const vgg16 = async () => {
  const { network, conv2d, batchNorm, relu, maxPool2, flatten, linear } = await import('../../dist/index.js');
  return network('vgg16', [32, 32, 3], (x) => {
    let [y, i] = [x, 0];
    for (const row of VGG_ROWS) {
      for (const out of row) {
        y = relu(batchNorm(`norms.${i}`)(conv2d(`convs.${i}`, out, { kernel: 3 })(y)));
        i++;
      }
      y = maxPool2(y);
    }
    return linear('fc', 10)(flatten(y));
  });
};

/** { method, density, masks, weights } of each method at each density; data are noise, weights of seed 0. */
export const ticketsOf = async (device, net, { methods = METHODS, densities, rounds, images }) => {
  const { initialise, prune } = await import('../../dist/index.js');
  const weights = initialise(net, 0);
  const tickets = [];
  for (const method of methods)
    for (const density of densities) {
      const own = method === 'px' ? { rounds, data: [minibatch(images)] } : {};
      const { masks } = await prune(net, weights, device, { method, density, ...own });
      tickets.push({ method, density, masks, weights });
    }
  return tickets;
};

/** '98.2 %' of a share of live weights. */
export const sparsityOf = (density) => `${Number((100 * (1 - density)).toFixed(2))} %`;
export const nameOfTicket = ({ method, density }) => `${method} ${sparsityOf(density)}`;

const sizeOf = ({ shape }) => shape.reduce((n, d) => n * d, 1);
const BYTES = { f32: 4, i32: 4, u8: 1 };

/** The programs that are timed, of a network behind masks or of a compact one; `images` of one batch. */
export const programOf = async (what, trainable, batch) => {
  const { evaluateStep, inference, program, rebatch, trainStep } = await import('../../dist/index.js');
  const size = { split: 'train', count: noise.train.count };
  if (what === 'step') return trainStep(trainable, noise, size, batch);
  if (what === 'evaluation') return evaluateStep(trainable, noise, size, batch);
  const { traineeOf } = await import('../../dist/train/trainee.js');
  const { net } = traineeOf(trainable);
  return program('answers', { outputs: { answers: inference(rebatch(net, batch)).output } });
};

/** Bytes of a program's state but for the images and labels it reads. */
export const stateBytes = (program) =>
  [...program.state]
    .filter(([name]) => !name.startsWith('data/'))
    .reduce((n, [, leaf]) => n + sizeOf(leaf) * BYTES[leaf.dtype], 0);

/** The state of a ticket as a program has it: of a compact one weights are their live values. */
const valuesOf = (name, leaf, { masks, weights }, trainable) => {
  if (name === 'data/train/images') return noise.train.images;
  if (name === 'data/train/labels') return noise.train.labels;
  if (name.startsWith('mask/'))
    return masks?.get(name.slice('mask/'.length)) ?? new Uint8Array(sizeOf(leaf)).fill(1);
  const dense = weights.get(name)?.data;
  if (dense === undefined) return new Float32Array(sizeOf(leaf));
  return trainable.pack === undefined ? dense : trainable.pack(name, dense);
};

const inputsOf = (program, batch) => {
  const all = {
    index: Int32Array.from({ length: batch }, (_, i) => (i * 7) % noise.train.count),
    shift: new Int32Array(3 * batch),
    rate: [0.01],
    weight: new Float32Array(batch).fill(1),
    images: minibatch(batch).images,
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => program.inputs.has(name)));
};

/**
 * A program compiled, with a store of its own: `run` runs it once; `bytes` are those of its arena, constants
 * and scratch on the device, `seconds` those of building and compiling it.
 */
export const prepare = async (device, what, trainable, ticket, batch) => {
  const began = performance.now();
  const program = await programOf(what, trainable, batch);
  const before = device.liveBytes();
  const executable = await device.compile(program);
  const bytes = device.liveBytes() - before;
  const seconds = (performance.now() - began) / 1000;
  const store = device.store();
  for (const [name, leaf] of program.state)
    await store.add(name, leaf, valuesOf(name, leaf, ticket, trainable));
  const inputs = inputsOf(program, batch);
  return {
    program,
    bytes,
    seconds,
    run: () => executable.run(store, inputs),
    dispose: () => {
      executable.dispose();
      store.dispose();
    },
  };
};
