import { pipe } from 'fp-ts/lib/function.js';
import { add, batchNorm, conv2d, globalAveragePool, linear, maxPool2, relu } from '../../../src/nn/layers.js';
import { network } from '../../../src/nn/network.js';
import type { CeilDiv } from '../../../src/tensor/dims.js';
import type { Nhwc, Tensor } from '../../../src/tensor/tensor.js';

/** What resnet50.ts imports, unused: the price of the modules themselves. */
export const imported = [pipe, add, batchNorm, conv2d, globalAveragePool, linear, maxPool2, relu, network];
export type Imported = readonly [CeilDiv<1, 1>, Nhwc<1, 1, 1, 1>, Tensor];
