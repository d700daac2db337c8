import { key, uniform } from 'pathex';

/** What the examples learn from, drawn from a seed: small enough for any machine. */

export const IGNORE = 255;

/**
 * Bright squares on a grey ground, [12, 12, 1] bytes; labels say which pixels belong to them (1), to the
 * ground (0) or to the rim (255).
 */
export const squares = (seed, count) => {
  const side = 12;
  const [images, labels] = [new Uint8Array(count * side * side), new Uint8Array(count * side * side)];
  const random = uniform(key(seed), 3 * count);
  for (let i = 0; i < images.length; i++) {
    const [image, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    const [top, left] = [random[3 * image], random[3 * image + 1]].map((r) => Math.floor(r * 7));
    const fromMiddle = Math.max(Math.abs(y - top - 2), Math.abs(x - left - 2));
    images[i] = fromMiddle <= 2 ? 200 : 60 + 40 * random[3 * image + 2];
    labels[i] = fromMiddle === 2 ? IGNORE : Number(fromMiddle < 2);
  }
  return { count, images, targets: { labels } };
};

/** Points of [8, 8, 1] images lit at random; values are the share of lit ones, and that of the upper half. */
export const lights = (seed, count) => {
  const images = new Float32Array(count * 64);
  const values = new Float32Array(count * 2);
  const random = uniform(key(seed), count * 65);
  for (let image = 0; image < count; image++) {
    for (let pixel = 0; pixel < 64; pixel++) {
      if (random[image * 65 + 1 + pixel] >= random[image * 65]) continue;
      images[image * 64 + pixel] = 1;
      values[image * 2] += 1 / 64;
      if (pixel < 32) values[image * 2 + 1] += 1 / 32;
    }
  }
  return { count, images, targets: { values } };
};

/** The same images; labels say whether more than half of the points are lit. */
export const halfLit = (seed, count) => {
  const { images, targets } = lights(seed, count);
  const labels = Int32Array.from({ length: count }, (_, i) => Number(targets.values[2 * i] > 0.5));
  return { count, images, targets: { labels } };
};
