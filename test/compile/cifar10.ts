import type { Dataset } from '../../src/source/dataset.js';

/** What a program reads of CIFAR-10 itself: everything but the images. */
export const cifar10 = {
  name: 'CIFAR-10',
  height: 32,
  width: 32,
  channels: 3,
  classes: 10,
  mean: [0.491, 0.482, 0.447],
  std: [0.247, 0.243, 0.262],
} as unknown as Dataset; // programs ask for no image
