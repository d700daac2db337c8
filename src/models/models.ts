import { fail } from '../errors.js';
import { checkValue, name as nameKind, positiveInteger } from '../kinds.js';
import { didYouMean, showValue } from '../options.js';
import type { Network } from '../nn/network.js';
import { lenet, mlp } from './mlp.js';
import { resnetCifar } from './resnet-cifar.js';

/** What a named model is built for. */
export interface ModelFor {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

export type ImageNetwork = Network<readonly [number, number, number], readonly [number]>;

/** For messages and help. */
export const MODEL_NAMES =
  'resnet20, resnet32, resnet56 (any resnet<6n+2>, with -w<width> for another width), lenet, mlp';

/** Whether {@link modelOf} can build it. */
export const isModelName = (name: string): boolean => /^(resnet\d+(-w\d+)?|lenet|mlp)$/.test(name);

/** A model by name: 'resnet20', 'resnet32-w32', 'lenet', 'mlp'. Throws OPTION for an unknown name. */
export const modelOf = (name: string, image: ModelFor): ImageNetwork => {
  checkValue('modelOf: name', name, nameKind);
  if (typeof image !== 'object' || image === null)
    fail(
      'OPTION',
      `modelOf: ${showValue(image)} does not say the images; give a data set, or { height, width, channels, classes }`,
    );
  // A data set may be given, so other keys are none of this function's concern.
  for (const key of ['height', 'width', 'channels', 'classes'] as const)
    checkValue(`modelOf: ${key}`, image[key], positiveInteger);
  const { height, width, channels, classes } = image;
  const resnet = /^resnet(\d+)(?:-w(\d+))?$/.exec(name);
  if (resnet !== null) {
    if (channels !== 3 || height !== width)
      fail(
        'OPTION',
        `network: ${name} takes square RGB images, the data are ${height}x${width}x${channels}; choose lenet or mlp`,
      );
    return resnetCifar({
      depth: Number(resnet[1]),
      width: resnet[2] === undefined ? 16 : Number(resnet[2]),
      classes,
      image: height,
    }) as ImageNetwork;
  }
  if (name === 'lenet') return lenet([height, width, channels], { classes }) as unknown as ImageNetwork;
  if (name === 'mlp') return mlp([height, width, channels], { classes }) as unknown as ImageNetwork;
  return fail(
    'OPTION',
    `network: '${name}' is unknown${didYouMean(name, ['resnet20', 'resnet32', 'resnet56', 'lenet', 'mlp'])}; choose ${MODEL_NAMES}`,
  );
};
