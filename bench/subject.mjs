/** What the benchmarks run: data of noise, and a store for a training step on it. */

const COUNT = 1024;
/** A 32x32 data set of fixed noise, on the host. */
export const noise = {
  name: 'noise',
  height: 32,
  width: 32,
  channels: 3,
  classes: 10,
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  train: {
    count: COUNT,
    images: Uint8Array.from({ length: COUNT * 3072 }, (_, i) => (i * 2654435761) >>> 24),
    labels: Int32Array.from({ length: COUNT }, (_, i) => i % 10),
  },
};

/** `count` images of noise for a pruning round, and their labels. */
export const minibatch = (count, classes = 10) => ({
  images: Float32Array.from(
    { length: count * 3072 },
    (_, i) => (((i * 2654435761) >>> 20) & 4095) / 1024 - 2,
  ),
  labels: Int32Array.from({ length: count }, (_, i) => i % classes),
});

/**
 * A store with the state of a training step `p` on `noise`: weights of seed 0, masks of ones; and inputs for
 * a run.
 */
export const stepStore = async (device, net, p) => {
  const { initialise } = await import('../dist/index.js');
  const weights = initialise(net, 0);
  const data = { 'data/train/images': noise.train.images, 'data/train/labels': noise.train.labels };
  const store = device.store();
  for (const [name, leaf] of p.state) {
    const n = leaf.shape.reduce((a, d) => a * d, 1);
    const start = () => new Float32Array(n).fill(name.startsWith('mask/') ? 1 : 0);
    await store.add(name, leaf, weights.get(name)?.data ?? data[name] ?? start());
  }
  const batch = p.inputs.get('index').shape[0];
  const inputs = {
    index: Int32Array.from({ length: batch }, (_, i) => (i * 7) % COUNT),
    shift: new Int32Array(3 * batch),
    rate: [0.01],
  };
  return { store, inputs };
};
