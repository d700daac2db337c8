import { describe, expect, test } from 'vitest';
import { crossEntropy, labelWeights, mean, type CrossEntropyOptions } from '../../src/nn/loss.js';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { openDevice } from '../../src/runtime/open.js';
import { classification } from '../../src/task/classification.js';
import { segmentation } from '../../src/task/segmentation.js';
import { meanLoss } from '../../src/task/task.js';
import { grad } from '../../src/transform/grad.js';
import { clipByNorm } from '../../src/train/clip.js';
import { adam, adamW } from '../../src/train/optimisers/adam.js';
import type { Optimiser } from '../../src/train/optimisers/optimiser.js';
import { sgd } from '../../src/train/optimisers/sgd.js';
import { rateAt, type RateSchedule } from '../../src/train/rate.js';
import oracle from '../oracle/training.json' with { type: 'json' };

/** Losses, optimisers and schedules against PyTorch's own; test/oracle/training.py wrote its numbers. */

const device = await openDevice('reference');

describe('cross-entropy', () => {
  test.each(oracle.losses)('$options of $shape', async ({ options, shape, logits, labels, loss, slope }) => {
    const given: CrossEntropyOptions = options;
    const z = ops.input('logits', shape);
    const label = ops.input('labels', shape.slice(0, -1), 'i32');
    // the mean is what a task makes of it
    const { ignore: _, ...ofImages } = given;
    const task =
      shape.length === 2 && given.ignore === undefined ? classification(ofImages) : segmentation(given);
    const value = meanLoss(task, z, { labels: label });
    const p = program('loss', { outputs: { value, slope: grad(value, [z])[0]! } });
    const executable = await device.compile(p);
    const out = await executable.run(device.store(), { logits, labels });
    expect(out['value']![0]).toBeCloseTo(loss, 10);
    out['slope']!.forEach((v, i) => expect(v).toBeCloseTo(slope[i]!, 10));
  });

  test('where every label is one to ignore the loss is 0, and so is its gradient', async () => {
    const z = ops.input('logits', [2, 3]);
    const label = ops.input('labels', [2], 'i32');
    const value = meanLoss(segmentation({ ignore: 255 }), z, { labels: label });
    const executable = await device.compile(
      program('none', { outputs: { value, slope: grad(value, [z])[0]! } }),
    );
    const out = await executable.run(device.store(), { logits: [1, 2, 3, 4, 5, 6], labels: [255, 255] });
    expect([out['value'], out['slope']].map((v) => Array.from(v!))).toEqual([[0], [0, 0, 0, 0, 0, 0]]);
  });

  test('a label for each row, and weights for each class', () => {
    const z = ops.input('logits', [2, 4, 4, 3]);
    expect(() => crossEntropy(z, ops.input('labels', [2], 'i32'))).toThrow(
      'give one label for each row of logits',
    );
    expect(() => labelWeights(ops.input('labels', [2], 'i32'), 3, { classWeights: [1, 2] })).toThrow(
      '2 class weights for 3 classes',
    );
    expect(mean(crossEntropy(z, ops.input('labels', [2, 4, 4], 'i32'))).shape).toEqual([]);
  });
});

const MAKERS: Readonly<Record<string, (options: object) => Optimiser>> = { sgd, adam, adamW };

describe('optimisers', () => {
  test.each(oracle.optimisers)('$name $options, group $group, clip $clip', async (c) => {
    const names = ['fc.weight', 'fc.bias'] as const;
    const optimiser = MAKERS[c.name]!({
      ...c.options,
      ...(c.group === null ? {} : { groups: [{ match: '*.bias', ...c.group }] }),
    });
    const parameters = names.map((name) => ops.state(name, [c.start[name].length], { role: 'bias' }));
    const losses = parameters.map((w, i) => {
      const factors = ops.literal(w.shape, c.factors[names[i]!]);
      const inner = ops.add(ops.mul(factors, w), ops.scalar(0.5));
      const square = ops.mul(inner, inner);
      return ops.sum(ops.mul(square, square), [0]);
    });
    const slopes = grad(ops.add(losses[0]!, losses[1]!), parameters);
    const gradients = c.clip === null ? slopes : clipByNorm(slopes, c.clip);
    const p = program('step', { next: optimiser.update(parameters, gradients, ops.input('rate', [])) });
    const executable = await device.compile(p);
    const store = device.store();
    for (const [name, leaf] of p.state)
      await store.add(
        name,
        leaf,
        (c.start as Record<string, number[]>)[name] ?? new Float64Array(leaf.shape[0]!),
      );
    for (const [i, rate] of c.rates.entries()) {
      const scalars = Object.entries(optimiser.inputs?.(i + 1) ?? {}).map(
        ([name, v]) => [name, [v]] as const,
      );
      await executable.run(store, { rate: [rate], ...Object.fromEntries(scalars) });
    }
    for (const name of names)
      (await store.read(name)).forEach((v, i) => expect(v).toBeCloseTo(c.end[name][i]!, 8));
  });

  test('a group that matches no parameter is refused, with names that there are', () => {
    const w = ops.state('fc.weight', [3], { role: 'weight' });
    expect(() => adamW({ groups: [{ match: 'bn*' }] }).update([w], [w], ops.scalar(1))).toThrow(
      "adamW: groups: 'bn*' matches none of 1 names; give names such as fc.weight",
    );
  });
});

describe('schedules', () => {
  const given: Readonly<Record<keyof typeof oracle.schedules, RateSchedule>> = {
    poly: { kind: 'poly', rate: 0.4 },
    cosine: { kind: 'cosine', rate: 0.4, end: 0.01 },
    multiStep: { kind: 'multiStep', rate: 0.4, milestones: [4, 7] },
  };
  test.each(Object.entries(oracle.schedules))('%s', (name, rates) => {
    const schedule = given[name as keyof typeof given];
    rates.forEach((rate, step) => expect(rateAt(schedule, step, 3, 10)).toBeCloseTo(rate, 12));
  });

  test('a warm-up is linear from the first share of the rate, before any schedule', () => {
    const schedule: RateSchedule = { kind: 'warmUp', epochs: 2, then: given.multiStep };
    expect([0, 1, 2, 3].map((step) => rateAt(schedule, step, 2, 8))).toEqual(
      [0.1, 0.2, 0.3, 0.4].map((r) => expect.closeTo(r, 12) as number),
    );
    expect(rateAt(schedule, 8, 2, 8)).toBeCloseTo(0.04, 12); // the milestone stays at epoch 4
    expect(rateAt({ kind: 'warmUp', epochs: 1, then: (step) => step + 1 }, 0, 4, 2)).toBe(0.25);
  });

  test('a function is asked for every step, and must answer a rate', () => {
    expect(rateAt((step, { steps }) => step / steps, 3, 4, 3)).toBe(0.25);
    expect(() => rateAt(() => NaN, 0, 1, 1)).toThrow('the function answers NaN at step 0');
  });
});
