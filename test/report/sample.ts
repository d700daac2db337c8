import type { LayerDensity } from '../../src/prune/ticket.js';
import type { ExperimentReport, RunResult } from '../../src/report/experiment.js';

/** The layers of a ResNet-20: a stem, nine blocks of two convolutions, two shortcuts, a classifier. */
const LAYERS: readonly { readonly layer: string; readonly weights: number; readonly units: number }[] = [
  { layer: 'stem.0', weights: 432, units: 16 },
  ...Array.from({ length: 9 }, (_, b) => {
    const units = 16 << Math.floor(b / 3);
    const from = b > 0 && b % 3 === 0 ? units / 2 : units;
    return [
      { layer: `blocks.${b}.body.0`, weights: 9 * from * units, units },
      { layer: `blocks.${b}.body.3`, weights: 9 * units * units, units },
      ...(from === units ? [] : [{ layer: `blocks.${b}.shortcut.0`, weights: from * units, units }]),
    ];
  }).flat(),
  { layer: 'classifier', weights: 640, units: 10 },
];
const TOTAL = LAYERS.reduce((sum, l) => sum + l.weights, 0);

const run = (method: string, sparsity: number, i: number, epochs: number): RunResult => {
  const layerDensities: readonly LayerDensity[] = LAYERS.map(({ layer, weights, units }, k) => {
    const share = Math.min(1, (1 - sparsity) * Math.exp(1.6 * Math.sin(0.9 * k + i) - 0.02 * i * k));
    const isEmptied = method === 'magnitude' && k > 16 && k < 20;
    const rest = sparsity === 0 ? weights : Math.round(share * weights);
    const live = isEmptied ? 0 : rest;
    return {
      layer,
      weights,
      live,
      units,
      unitsAlive: Math.min(units, live, Math.round(units * (sparsity === 0 ? 1 : Math.min(1, share * 25)))),
    };
  });
  const live = layerDensities.reduce((sum, l) => sum + l.live, 0);
  const end = 0.91 - 0.035 * i;
  return {
    method,
    sparsity,
    live,
    total: TOTAL,
    layersEmptied: layerDensities.filter((l) => l.live === 0).length,
    layers: LAYERS.length,
    outputUnitsAlive:
      layerDensities.reduce((s, l) => s + l.unitsAlive, 0) / layerDensities.reduce((s, l) => s + l.units, 0),
    pruneSeconds: 1.234 * i,
    trainSeconds: 1234.5 + i,
    testAccuracy: end * (1 - Math.exp(-epochs / 6)),
    epochs: Array.from({ length: epochs }, (_, e) => ({
      epoch: e + 1,
      trainLoss: 2.3 * Math.exp(-(e + 1) / (8 + i)) + 0.05 * i,
      trainAccuracy: end * (1 - Math.exp(-(e + 1) / 5)),
      testAccuracy: end * (1 - Math.exp(-(e + 1) / 6)),
      rate: 0.1,
      seconds: 41.2,
    })),
    layerDensities,
    ...(method === 'px' || method === 'synflow'
      ? { log2Flow: Array.from({ length: 100 }, (_, k) => (k === 40 ? null : 120 - i * 9 - 0.4 * k)) }
      : {}),
  };
};

/** A report in the shape of a real one; its figures mean nothing. */
export const sample = ({ synthetic = true, epochs = 30 } = {}): ExperimentReport => ({
  title: 'Five methods at 98 % sparsity',
  network: 'resnet20',
  parameters: 272_474,
  prunable: TOTAL,
  dataset: {
    name: synthetic ? 'shapes' : 'cifar10',
    synthetic,
    source: synthetic ? 'generated' : '/data/cifar-10',
    trainCount: 50_000,
    testCount: 10_000,
  },
  device: 'cpu: oneDNN 3.5, 16 threads',
  seed: 7,
  recipe: 'SGD 0.1, momentum 0.9, weight decay 1e-4, batch 128, cosine, crop and flip',
  command: 'pathex start --network resnet20 --sparsity 0.98 --methods dense,px,synflow,snip,magnitude',
  date: '2025-01-31 12:00 UTC',
  version: '0.1.0',
  runs: [
    ['dense', 0],
    ['px', 0.98],
    ['synflow', 0.98],
    ['snip', 0.98],
    ['magnitude', 0.98],
  ].map(([m, s], i) => run(String(m), Number(s), i, epochs)),
});
