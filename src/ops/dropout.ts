import { philox } from '../philox.js';
import { showType, size, type Tensor } from '../tensor/tensor.js';
import type { OpDefinition } from './op.js';
import { at, expectCount, expectReals, mismatch, noGradient, perElement, real, unread } from './op.js';
import { unitsMix, unitsStay } from './units.js';

/** Dropout: a marker until its network is read, and the random zeros and ones that it is read for. */

const WORDS = 2 ** 32;
/** Of 2^32 random words, those below it are ones. */
const thresholdOf = (node: Tensor): number => Math.round((node.attributes['probability'] as number) * WORDS);

/**
 * (noise i32 [2] = (key, step)) -> [...shape] of 1 with the given probability, else 0: the same bits for the
 * same key, step and stream on every device, since integers are compared. Attributes: shape, probability,
 * stream.
 */
export const bernoulli: OpDefinition = {
  name: 'bernoulli',
  doc: 'random zeros and ones',
  attributes: { shape: 'sizes', probability: 'number', stream: 'index' },
  infer: (inputs, attributes, where) => {
    expectCount(inputs, 1, where);
    const noise = at(inputs, 0);
    if (noise.dtype !== 'i32' || noise.shape.length !== 1 || noise.shape[0] !== 2)
      mismatch(where, `noise is ${showType(noise)}`, 'pass i32[2], a key and a step');
    const probability = attributes['probability'] as number;
    if (!(probability >= 0 && probability <= 1))
      mismatch(where, `probability is ${probability}`, 'give one from 0 to 1');
    return real(attributes['shape'] as readonly number[]);
  },
  vjp: noGradient,
  paths: { kind: 'none', why: 'is random; read the network without dropout' },
  units: unitsMix('draws random numbers'),
  evaluate: ([noise], node) => {
    const threshold = thresholdOf(node);
    const stream = node.attributes['stream'] as number;
    const y = new Float64Array(size(node.shape));
    for (let block = 0; 4 * block < y.length; block++) {
      const counter = [block >>> 0, Math.floor(block / WORDS), noise![1]!, stream] as const;
      const words = philox(counter, [noise![0]!, 0]);
      for (let i = 0; i < Math.min(4, y.length - 4 * block); i++)
        y[4 * block + i] = words[i]! < threshold ? 1 : 0;
    }
    return y;
  },
  cost: perElement(0),
  lower: (node) => ({
    kind: 'call',
    kernel: 'bernoulli',
    attributes: {
      size: size(node.shape),
      threshold: thresholdOf(node),
      stream: node.attributes['stream'] as number,
    },
  }),
};

/** Whether a node draws random numbers where its network is read for training. */
export const isRandom = ({ op, attributes }: Tensor): boolean => op === 'dropout' && attributes['rate'] !== 0;

/**
 * x, of which a training drops each element with probability `rate` and multiplies the others by 1 / (1 -
 * rate) (Srivastava et al., JMLR 2014); for inference it is x. Attributes: rate; stream, where it is to draw
 * the numbers of another place than its own among the dropouts of its network.
 */
export const dropout: OpDefinition = {
  name: 'dropout',
  doc: 'random zeros while training, else its input',
  attributes: { rate: 'number', stream: 'index?' },
  infer: (inputs, { rate }, where) => {
    expectReals(inputs, 1, where);
    if (!(typeof rate === 'number' && rate >= 0 && rate < 1))
      mismatch(where, `rate is ${String(rate)}`, 'give the share to drop, from 0 to less than 1');
    return real(at(inputs, 0).shape);
  },
  vjp: (_o, _node, dy) => [dy],
  paths: { kind: 'none', why: 'must be read for inference first' },
  units: unitsStay,
  reading: {
    inference: (_, node) => at(node.inputs, 0),
    training: (o, node, reader) => {
      const x = at(node.inputs, 0);
      const rate = node.attributes['rate'] as number;
      const draw = isRandom(node) ? reader.draw(node.attributes['stream'] as number | undefined) : null;
      if (draw === null) return x;
      const kept = o.bernoulli(draw.noise, x.shape, 1 - rate, draw.stream);
      return o.mul(o.mul(x, kept), o.scalar(1 / (1 - rate)));
    },
  },
  evaluate: ([x]) => x!,
  cost: perElement(0),
  lower: unread('dropout'),
};
