import { fail } from '../errors.js';
import * as kinds from '../kinds.js';
import { checkOptions, checkValue, type KindsOf } from '../kinds.js';
import { program } from '../program/program.js';
import { fold, key, permutation } from '../random.js';
import type { Device, Numbers } from '../runtime/device.js';
import { isSource, sourceKind, type Source } from '../source/source.js';
import type { TargetType, TargetValues } from '../source/targets.js';
import type { TargetMinibatch } from './method.js';

export interface MinibatchesOptions {
  /** Default 100, or all of them where there are fewer. */
  readonly images?: number;
  /** Images a minibatch; a last incomplete one is left out. Default: all in one. */
  readonly batch?: number;
  /** Default 0. */
  readonly seed?: number;
}

const OPTIONS: KindsOf<MinibatchesOptions> = {
  images: kinds.positiveInteger,
  batch: kinds.positiveInteger,
  seed: kinds.count,
};

/** As the type of target says: devices answer in their own type of numbers. */
const typed = ({ kind }: TargetType, values: Numbers): TargetValues =>
  kind === 'classes' ? Int32Array.from(values) : Float32Array.from(values);

/**
 * Random training images of a source with their targets, as its batches give them but without augmentation:
 * what criteria read of tasks that `pruningSplit` has no balanced classes for. Errors: OPTION for settings
 * that give no minibatch, DATA for a source that is not sound.
 */
export const minibatches = async (
  source: Source,
  device: Device,
  options: MinibatchesOptions = {},
): Promise<TargetMinibatch[]> => {
  checkValue('minibatches: source', source, sourceKind);
  if (!isSource(source))
    fail(
      'OPTION',
      'minibatches: a data set is no source; use pruningSplit, which draws as many of each class',
    );
  checkValue('minibatches: device', device, kinds.deviceKind);
  checkOptions('minibatches', options, OPTIONS);
  const { train, targets: types } = source;
  const { images = Math.min(100, train.count), seed = 0 } = options;
  const { batch = images } = options;
  if (images > train.count || batch > images)
    fail(
      'OPTION',
      `minibatches: ${images} of ${train.count} images in batches of ${batch} leave none; give fewer images or a smaller batch`,
    );
  source.check(['train']);
  const { images: pixels, targets } = train.batch(batch);
  const executable = await device.compile(program('minibatch', { outputs: { images: pixels, ...targets } }));
  const store = device.store();
  try {
    for (const { name, type, values } of train.resident) await store.add(name, type, values);
    const chosen = permutation(fold(key(seed), 'pruning split'), train.count).subarray(0, images);
    const drawn: TargetMinibatch[] = [];
    for (let from = 0; from + batch <= images; from += batch) {
      const inputs = await train.inputs(chosen.slice(from, from + batch), null);
      const out = await executable.run(store, inputs);
      drawn.push({
        images: Float32Array.from(out['images']!),
        targets: Object.fromEntries(
          Object.entries(types).map(([name, type]) => [name, typed(type, out[name]!)]),
        ),
      });
    }
    return drawn;
  } finally {
    executable.dispose();
    store.dispose();
  }
};
