import { checkOptions, count as countKind, needed, positiveInteger, type KindsOf } from '../kinds.js';
import { fold, key, permutation, uniform, words, type Key } from '../random.js';
import type { Dataset, Split } from '../source/dataset.js';

/** Ten classes of drawn 32x32 RGB images, for trying things out where no collected data set is at hand. */
export type Synthetic = Dataset<32, 32, 3, 10>;

const SIDE = 32;

/**
 * The part of a pixel inside an edge at signed distance d (pixels, negative inside): a linear ramp one pixel
 * wide.
 */
const inside = (d: number): number => Math.min(1, Math.max(0, 0.5 - d));

const box = (x: number, y: number, w: number, h: number): number => {
  const [dx, dy] = [Math.abs(x) - w, Math.abs(y) - h];
  return dx <= 0 || dy <= 0 ? Math.max(dx, dy) : Math.sqrt(dx * dx + dy * dy);
};
const radius = (x: number, y: number): number => Math.sqrt(x * x + y * y);
/** Signed distance to bands of width p/2 with period p. */
const bands = (x: number, p: number): number => p * (Math.abs(x / p - Math.floor(x / p) - 0.5) - 0.25);
const centred = (x: number, p: number): number => x - p * Math.floor(x / p + 0.5);

/**
 * A class: a range for its scale s, a range of rotation, and its signed distance at (x, y), all in pixels and
 * radians. A figure is wherever it fits; a texture fills a round window that is somewhere.
 */
interface Motif {
  readonly name: string;
  readonly texture: boolean;
  readonly scale: readonly [number, number];
  readonly turn: readonly [number, number];
  readonly distance: (x: number, y: number, s: number) => number;
}

const ANY = [-Math.PI, Math.PI] as const;
const SMALL = Math.PI / 12;
const figure = (name: string, distance: Motif['distance']): Motif => ({
  name,
  texture: false,
  scale: [6, 12],
  turn: ANY,
  distance,
});
const texture = (
  name: string,
  scale: Motif['scale'],
  turn: Motif['turn'],
  distance: Motif['distance'],
): Motif => ({ name, texture: true, scale, turn, distance });

const MOTIFS: readonly Motif[] = [
  figure('disk', (x, y, s) => radius(x, y) - s),
  figure('ring', (x, y, s) => Math.abs(radius(x, y) - 0.75 * s) - 0.2 * s),
  figure('square', (x, y, s) => box(x, y, 0.8 * s, 0.8 * s)),
  figure('triangle', (x, y, s) => Math.max(y, 0.8660254037844386 * Math.abs(x) - 0.5 * y) - 0.55 * s),
  figure('cross', (x, y, s) => Math.min(box(x, y, s, 0.3 * s), box(x, y, 0.3 * s, s))),
  texture('level stripes', [3.5, 9], [-SMALL, SMALL], (_, y, s) => bands(y, s)),
  texture('slanted stripes', [3.5, 9], [Math.PI / 4 - SMALL, Math.PI / 4 + SMALL], (_, y, s) => bands(y, s)),
  texture('checkerboard', [6, 12], ANY, (x, y, s) => {
    const [dx, dy] = [bands(x, s), bands(y, s)];
    return Math.min(Math.abs(dx), Math.abs(dy)) * (dx * dy > 0 ? 1 : -1);
  }),
  texture('dots', [4.5, 9], ANY, (x, y, s) => radius(centred(x, s), centred(y, s)) - 0.3 * s),
  // No edge anywhere: the ramp of `inside` is stretched over the whole figure.
  figure('glow', (x, y, s) => 0.5 - Math.exp((-1.4 * (x * x + y * y)) / (s * s))),
];

/** Draws one image into `out`: 32*32*3 bytes. */
const draw = (out: Uint8Array, motif: Motif, own: Key): void => {
  const u = uniform(fold(own, 'scene'), 32);
  let next = 0;
  const between = (lo: number, hi: number): number => lo + (hi - lo) * u[next++]!;

  const s = between(...motif.scale);
  // Slanted stripes lean to either side.
  const turn = between(...motif.turn) * (between(0, 1) < 0.5 ? -1 : 1);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const window = motif.texture ? between(10, 20) : Infinity;
  const reach = SIDE / 2 - 0.85 * Math.min(motif.texture ? window : s, SIDE / 2);
  const [cx, cy] = [SIDE / 2 + between(-reach, reach), SIDE / 2 + between(-reach, reach)];
  const [px, py] = motif.texture ? [between(0, s), between(0, s)] : [0, 0];

  // Ink moves every channel away from the nearer end of its range, so that no class is brighter than another
  // on average.
  const paper = [between(0, 1), between(0, 1), between(0, 1)];
  const opacity = between(0.6, 1);
  const ink = paper.map((v) => v + (v < 0.5 ? 1 : -1) * between(0.25, 0.5));
  const slope = between(0, 0.3) / SIDE;
  const lean = between(...ANY);
  const [sx, sy] = [slope * Math.cos(lean), slope * Math.sin(lean)];
  const noise = between(0.02, 0.1);

  // A stroke across the picture that means nothing.
  const along = between(...ANY);
  const [lx, ly] = [Math.cos(along), Math.sin(along)];
  const offset = between(-12, 12);
  const thickness = between(0, 1) < 0.5 ? between(0.3, 0.9) : -1;
  const stroke = [between(0, 1), between(0, 1), between(0, 1)];

  const grain = words(fold(own, 'noise'), SIDE * SIDE);
  for (let row = 0, at = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const [dx, dy] = [column + 0.5 - cx, row + 0.5 - cy];
      let d = motif.distance(cos * dx + sin * dy + px, cos * dy - sin * dx + py, s);
      if (motif.texture) d = Math.max(d, radius(dx, dy) - window);
      const a = opacity * inside(d);
      const [mx, my] = [column + 0.5 - SIDE / 2, row + 0.5 - SIDE / 2];
      const b = inside(Math.abs(lx * mx + ly * my - offset) - thickness);
      const shade = sx * mx + sy * my;
      const g = grain[row * SIDE + column]!;
      for (let c = 0; c < 3; c++, at++) {
        const under = paper[c]! + a * (ink[c]! - paper[c]!) + shade;
        const v = under + b * (stroke[c]! - under) + noise * (((g >>> (8 * c)) & 255) / 127.5 - 1);
        out[at] = Math.round(255 * Math.min(1, Math.max(0, v)));
      }
    }
  }
};

const split = (own: Key, count: number): Split => {
  const labels = permutation(fold(own, 'labels'), count).map((i) => i % MOTIFS.length);
  const size = SIDE * SIDE * 3;
  const images = new Uint8Array(count * size);
  labels.forEach((label, i) =>
    draw(images.subarray(i * size, (i + 1) * size), MOTIFS[label]!, fold(own, 'image', i)),
  );
  return { images, labels, count };
};

/** How many images to draw, and from which seed. */
export interface SyntheticOptions {
  readonly seed: number;
  readonly train?: number | undefined;
  readonly test?: number | undefined;
}

const SYNTHETIC_OPTIONS: KindsOf<SyntheticOptions> = {
  seed: needed(countKind),
  train: positiveInteger,
  test: positiveInteger,
};

/**
 * Draws a data set of ten figures and textures of random place, size, rotation and colours on uneven, noisy
 * paper, the same for the same seed, with equally many of every class where the counts are multiples of 10.
 * Of our own design: what the classes have in common is shape, not colour or place, so that a convolution is
 * needed to tell them apart. Error OPTION.
 */
export const synthetic = (options: SyntheticOptions): Synthetic => {
  checkOptions('synthetic', options, SYNTHETIC_OPTIONS);
  const { seed, train = 5000, test = 1000 } = options;
  const root = fold(key(seed), 'synthetic shapes');
  return {
    name: 'synthetic shapes',
    synthetic: true,
    source: 'generated',
    height: SIDE,
    width: SIDE,
    channels: 3,
    classes: 10,
    classNames: MOTIFS.map(({ name }) => name),
    mean: [0.5, 0.5, 0.5],
    std: [0.26, 0.26, 0.26],
    train: split(fold(root, 'train'), train),
    test: split(fold(root, 'test'), test),
  };
};
