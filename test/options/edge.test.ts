import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, UNARY } from '../../src/ops/elementwise.js';
import { describe, expect, test } from 'vitest';
import * as pathex from '../../src/index.js';
import { PathexError, type ErrorCode } from '../../src/errors.js';

/**
 * What plain JavaScript may hand to every exported function: an option nobody knows, and values of another
 * kind. Each is one PathexError that names what was wrong. A function that is new in the index fails here
 * until it has rows.
 */

/** The functions as plain JavaScript sees them: the compiler would refuse every row. */
type Loose = (...args: readonly unknown[]) => unknown;
const js = pathex as unknown as Readonly<Record<string, Loose>>;
const call =
  (name: string, ...args: readonly unknown[]): (() => unknown) =>
  () =>
    js[name]!(...args);

const net = pathex.mlp([2, 2, 3], { classes: 10, hidden: [4] });
const weights = pathex.initialise(net, 0);
const image = pathex.ops.input('images', [1, 2, 2, 3]);
const row = pathex.ops.input('row', [1, 4]);
const kept = pathex.program('kept', { outputs: { y: row } });
const split = { images: new Uint8Array(120), labels: new Int32Array(10).map((_, i) => i), count: 10 };
const data = {
  ...pathex.synthetic({ seed: 0, train: 10, test: 10 }),
  height: 2,
  width: 2,
  channels: 3,
  train: split,
  test: split,
};
const half = { count: 10, images: new Uint8Array(120), targets: { labels: new Int32Array(10) } };
const source = {
  name: 'arrays',
  sample: [2, 2, 3],
  targets: { labels: { kind: 'classes', shape: [], classes: 10 } },
  train: half,
  test: half,
};
const device = await pathex.openDevice('reference');
const own = pathex.key(0);
const rate = { kind: 'oneCycle', rate: 0.1 };
const experiment = { methods: ['px'], seeds: [0], net, data, sparsity: 50, epochs: 1 };
const training = { epochs: 1, batch: 5, rate };
const resident = { split: 'train', count: 10 };
const nowhere = join(mkdtempSync(join(tmpdir(), 'pathex-edge-')), 'nothing');
const geometry = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] };
const reading = { weights: 'one', gates: 'open' };
const file = { weights, masks: null, metadata: {} };
const checkpoint = { settings: {}, start: null, epochsDone: 0, history: [], tensors: {} };
const facts = pathex.procedureOf({ method: 'px' });
const magnitude = { method: 'magnitude', density: 0.5 };
const allLive = new Map(
  pathex.prunable(net).map((w) => [w.attributes['name'], new Uint8Array(w.shape[0]! * w.shape[1]!).fill(1)]),
);
const view = { evalOne: pathex.inference(pathex.masked(net)), weights: pathex.prunable(net) };

type Row = readonly [run: () => unknown, mentions: string, code?: ErrorCode];
const fit = (options: object): (() => unknown) => call('fit', net, { weights }, data, device, options);
const prune = (options: object): (() => unknown) => call('prune', net, weights, device, options);
const imp = (more: object): (() => unknown) =>
  prune({ method: 'imp', density: 0.5, dataset: data, training, ...more });

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  // networks and layers
  conv2d: [
    [call('conv2d', 3, 'stem', { kernel: 3 }), 'name 3'],
    [call('conv2d', 'c', '8', { kernel: 3 }), "out '8'"],
    [call('conv2d', 'c', 0, { kernel: 3 }), 'out 0'],
    [call('conv2d', 'c', 8), 'options must be an object'],
    [call('conv2d', 'c', 8, { kernal: 3 }), "'kernal'; did you mean 'kernel'?"],
    [call('conv2d', 'c', 8, { kernel: 3, groups: 3 }), "'groups'"],
    [call('conv2d', 'c', 8, { kernel: 3, padding: 0 }), "'padding'"],
    [call('conv2d', 'c', 8, { kernel: '3' }), "kernel '3'"],
    [call('conv2d', 'c', 8, { kernel: 3, stride: 0 }), 'stride 0'],
    [call('conv2d', 'c', 8, { stride: 1 }), 'kernel is missing'],
    [() => (js['conv2d']!('c', 8, { kernel: 3 }) as Loose)('x'), "input 'x'", 'SHAPE'],
  ],
  linear: [
    [call('linear', 'fc', 10, { bais: false }), "'bais'; did you mean 'bias'?"],
    [call('linear', 'fc', 10, { bias: 'no' }), "bias 'no'"],
    [call('linear', 10, 'fc'), 'name 10'],
    [call('linear', 'fc', 2.5), 'out 2.5'],
    [() => (js['linear']!('fc', 10) as Loose)(), 'input is missing', 'SHAPE'],
  ],
  batchNorm: [
    [call('batchNorm', 3), 'name 3'],
    [call('batchNorm', 'bn', { eps: 1e-3 }), 'it takes a name alone'],
    [() => (js['batchNorm']!('bn') as Loose)(null), 'input null', 'SHAPE'],
  ],
  dropout: [
    [call('dropout', '', 0.5), 'name'],
    [call('dropout', 'drop'), "dropout 'drop': rate is missing"],
    [call('dropout', 1), 'rate 1'],
    [call('dropout', { rate: 0.5 }), 'rate'],
    [() => (js['dropout']!(0.5) as Loose)(null), 'input null', 'SHAPE'],
  ],
  identityBlock: [[() => (js['identityBlock']!(3) as Loose)(image), 'identityBlock: name 3']],
  projectionBlock: [
    [call('projectionBlock', 3, 8, 2), 'projectionBlock: name 3'],
    [call('projectionBlock', 'b', 'x', 2), "out 'x'"],
    [call('projectionBlock', 'b', 8), 'stride is missing'],
  ],
  relu: [[call('relu', 3), 'relu: input 0 is 3', 'SHAPE']],
  add: [[call('add', row), 'add: input 1 is nothing', 'SHAPE']],
  maxPool2: [[call('maxPool2'), 'input 0 is nothing', 'SHAPE']],
  sigmoid: [[call('sigmoid', 3), 'sigmoid: input 0 is 3', 'SHAPE']],
  tanh: [[call('tanh', [1]), 'tanh: input 0 is', 'SHAPE']],
  softplus: [[call('softplus'), 'softplus: input 0 is nothing', 'SHAPE']],
  silu: [[call('silu', 3), 'input 0 is 3', 'SHAPE']],
  gelu: [[call('gelu', 'fast'), "form 'fast' is unknown"]],
  leakyRelu: [[call('leakyRelu', '0.1'), "slope '0.1' is not a finite number"]],
  relu6: [[call('relu6', 3), 'input 0 is 3', 'SHAPE']],
  hardswish: [[call('hardswish', 3), 'input 0 is 3', 'SHAPE']],
  averagePool2: [[call('averagePool2', 'x'), "input 0 is 'x'", 'SHAPE']],
  globalAveragePool: [[call('globalAveragePool', []), 'input 0', 'SHAPE']],
  flatten: [[call('flatten', 3), 'flatten: its input 3', 'SHAPE']],
  refine: [
    [call('refine', 3, [1]), 'refine: its input 3', 'SHAPE'],
    [call('refine', row, 4), 'shape 4', 'SHAPE'],
  ],
  network: [
    [call('network', 'x', 32, (x: unknown) => x), 'sample 32'],
    [call('network', [32], 'x', (x: unknown) => x), 'name [32]'],
    [call('network', 'x', [4]), 'describe is missing'],
    [call('network', 'x', [4], () => undefined), 'what its description returns'],
  ],
  networkOf: [
    [call('networkOf', [row]), 'name'],
    [call('networkOf', 'x', row), 'roots'],
  ],
  parameters: [[call('parameters', 'net'), "network 'net'"]],
  prunable: [[call('prunable'), 'network is missing']],
  transformed: [
    [call('transformed', 3, () => row), 'network 3'],
    [call('transformed', net, row), 'change'],
  ],
  rebatch: [
    [call('rebatch', 3, 2), 'network 3'],
    [call('rebatch', net, '2'), "'2'"],
  ],
  summary: [[call('summary', weights), 'network']],
  initialise: [
    [call('initialise', net, { seed: 1 }), 'seed'],
    [call('initialise', net), 'seed is missing'],
    [call('initialise', 0, net), 'network 0'],
  ],
  checkWeights: [[call('checkWeights', net, {}), 'a Map', 'WEIGHTS']],
  lenet: [
    [call('lenet', [8, 8, 3], { clases: 10 }), "'clases'; did you mean 'classes'?"],
    [call('lenet', [8, 8, 3], { classes: 10, pool: 'avg' }), "'avg'"],
    [call('lenet', 8, { classes: 10 }), 'sample 8'],
    [call('lenet', [8, 8, 3]), 'options must be an object'],
  ],
  mlp: [
    [call('mlp', [4], { classes: 2, hiden: [3] }), "'hiden'; did you mean 'hidden'?"],
    [call('mlp', [4], { classes: 2, hidden: 3 }), 'hidden 3'],
    [call('mlp', [4], { classes: 2, hidden: [3, '4'] }), "hidden[1] '4'"],
    [call('mlp', 4, { classes: 2 }), 'sample 4'],
  ],
  resnetCifar: [
    [call('resnetCifar', { dept: 20 }), "'dept'; did you mean 'depth'?"],
    [call('resnetCifar', { width: '16' }), "width '16'"],
    [call('resnetCifar', 20), 'got 20'],
  ],
  modelOf: [
    [call('modelOf', 'resnet21', data), 'resnetCifar: depth 21'],
    [call('modelOf', 'resnet', data), "'resnet'"],
    [call('modelOf', 'lenet'), 'nothing'],
    [call('modelOf', 'lenet', { height: 8, width: 8, channels: '3', classes: 10 }), "channels '3'"],
    [call('modelOf', 20, data), 'name 20'],
  ],
  crossEntropy: [
    [call('crossEntropy', 3, row), 'logits 3', 'SHAPE'],
    [call('crossEntropy', row), 'labels is missing', 'SHAPE'],
  ],
  correctCount: [[call('correctCount', 3, row), 'input 0 is 3', 'SHAPE']],
  mean: [[call('mean', [1, 2]), 'values [1, 2]', 'SHAPE']],
  labelWeights: [
    [call('labelWeights', 3, 4), 'labels 3', 'SHAPE'],
    [call('labelWeights', row, 4, { ingore: 3 }), "did you mean 'ignore'?"],
    [call('labelWeights', row, 4, { classWeights: [1] }), '1 class weights for 4 classes'],
  ],

  // tasks and sources
  classification: [
    [call('classification', { labelsmoothing: 0 }), "did you mean 'labelSmoothing'?"],
    [call('classification', { labelSmoothing: 1 }), 'labelSmoothing 1'],
    [call('classification', { ignore: 3 }), "'ignore'"],
  ],
  segmentation: [
    [call('segmentation', { ignore: -1 }), 'ignore -1'],
    [call('segmentation', { classWeights: [1, -1] }), 'classWeights[1] -1'],
  ],
  regression: [[call('regression', { loss: 'square' }), "did you mean 'squared'?"]],
  confusionMatrix: [[call('confusionMatrix', 3, row, null), 'logits 3', 'SHAPE']],
  meanIoU: [[call('meanIoU', [1, 2, 3]), '3 numbers are no square matrix']],
  pixelAccuracy: [[call('pixelAccuracy', 'x'), "confusion 'x'"]],
  resident: [
    [call('resident', { ...source, argument: null }), "'argument'; did you mean 'augment'?"],
    [call('resident', { ...source, sample: 2 }), 'sample 2'],
    [call('resident', { ...source, targets: { labels: 'classes' } }), 'targets'],
    [call('resident', { ...source, train: { images: 3 } }), 'train'],
    [call('resident', { ...source, std: [0, 1, 1] }), 'std[0] is 0', 'DATA'],
  ],

  // graphs and transforms
  walk: [[call('walk', row), 'roots']],
  check: [[call('check', [3]), 'roots[0] 3']],
  flopsOf: [[call('flopsOf', 'x'), "roots 'x'"]],
  leaves: [[call('leaves', [row], 'param'), "'param'"]],
  rewrite: [[call('rewrite', [row]), 'rule is missing']],
  substitute: [[call('substitute', [row], {}), 'replacements']],
  print: [
    [call('print', [row], { form: 1 }), "'form'; did you mean 'from'?"],
    [call('print', [row], { from: '1' }), "from '1'"],
  ],
  encodeGraph: [
    [call('encodeGraph', row), 'roots'],
    [call('encodeGraph', [row], 3), 'name 3'],
  ],
  decodeGraph: [[call('decodeGraph', 3), 'got 3', 'GRAPH']],
  grad: [
    [call('grad', 3, [row]), 'scalar 3'],
    [call('grad', pathex.ops.scalar(1), row), 'wrt'],
  ],
  vjp: [[call('vjp', [row], row, [row]), 'cotangents']],
  masked: [[call('masked', 3), 'network 3']],
  checkMasks: [
    [call('checkMasks', 3), 'network 3'],
    [call('checkMasks', net, 3), 'masks: they are 3', 'WEIGHTS'],
  ],
  masksOfZeros: [[call('masksOfZeros', net, 3), 'weights', 'WEIGHTS']],
  checkDataset: [[call('checkDataset', 3), 'data: a data set is an object', 'DATA']],
  inference: [[call('inference', row), 'network']],
  specialise: [
    [call('specialise', row, new Map()), 'network'],
    [call('specialise', net, null), 'masks', 'WEIGHTS'],
    [call('specialise', net, new Map()), 'is missing', 'WEIGHTS'],
    [call('specialise', net, allLive, { layer: 'dense' }), "'layer'; did you mean 'layers'?"],
    [call('specialise', net, allLive, { layers: 'sprase' }), "'sprase'"],
  ],
  training: [
    [call('training', 3), 'network 3'],
    [call('training', net, { momentum: '0.1' }), "momentum '0.1'"],
    [call('training', net, { dropuot: false }), "'dropuot'; did you mean 'dropout'?"],
    [call('training', net, { dropout: 0.5 }), 'dropout 0.5'],
    [call('training', net, '0.1'), 'options must be an object'],
  ],
  pathNetwork: [
    [
      call('pathNetwork', net, image, { ...reading, biasPath: true }),
      "'biasPath'; did you mean 'biasPaths'?",
    ],
    [call('pathNetwork', net, image, { weights: 'square', gates: 'open' }), "weights 'square'"],
    [call('pathNetwork', net, image, { weights: 'one' }), 'gates is missing'],
    [call('pathNetwork', net, reading), 'input'],
  ],
  program: [
    [call('program', 'p', { output: { y: row } }), "'output'; did you mean 'outputs'?"],
    [call('program', 'p', { outputs: row.shape }), 'outputs'],
    [call('program', 'p', { next: [row] }), 'next'],
    [call('program', { outputs: { y: row } }), 'name'],
  ],
  compile: [
    [call('compile', kept, {}, { cheked: true }), "'cheked'; did you mean 'checked'?"],
    [call('compile', kept, { storage: 'f16' }), "'f16'"],
    [call('compile', kept, { sideStreem: null }), "'sideStreem'; did you mean 'sideStream'?"],
    [call('compile', kept, { sideStream: { gradientLag: 20 } }), 'sideStream: convolutionLag is missing'],
    [call('compile', kept, 'cuda'), 'target'],
    [
      call('compile', kept, {}, { dump: { after: 'simplfy', print: () => undefined } }),
      "did you mean 'simplify'?",
    ],
    [call('compile', net), 'program'],
  ],

  // devices
  openDevice: [
    [call('openDevice', 'cpu', { thread: 2 }), "'thread'; did you mean 'threads'?"],
    [call('openDevice', 'cpu', { threads: '2' }), "threads '2'"],
    [call('openDevice', 'cpu', { precision: 'tf32' }), "'precision' is an option of the cuda device"],
    [call('openDevice', 'reference', { threads: 2 }), "'threads' is an option of the cpu device"],
    [call('openDevice', 'gpu'), "'gpu'"],
    [call('openDevice', { device: 'cpu' }), 'kind'],
  ],
  secondsBetween: [[call('secondsBetween', 1, 2), 'first mark 1']],

  // pruning
  prune: [
    [prune({ method: 'px', density: 0.5, rouns: 3 }), "'rouns'; did you mean 'rounds'?"],
    [prune({ method: 'px', density: 0.5, rounds: '3' }), "rounds '3'"],
    [prune({ method: 'px', density: '0.5' }), "density '0.5'"],
    [prune({ method: 'px' }), 'density is missing'],
    [prune({ method: 'xp', density: 0.5 }), "'xp'"],
    [prune({ method: 'px', density: 0.5, schedule: 'lineal' }), "did you mean 'linear'?"],
    [prune({ method: 'px', density: 0.5, data: split }), 'data'],
    [prune({ method: 'px', density: 0.5, data: [split.images] }), 'data[0]'],
    [prune({ method: 'px', density: 0.5, seed: -1 }), 'seed -1'],
    [prune({ method: 'px', density: 0.5, signal: 3 }), 'signal 3'],
    [prune({ method: 'px', density: 0.5, onRound: 'log' }), "onRound 'log'"],
    [prune({ method: 'px', density: 0.5, temperature: 3 }), "'temperature'"],
    [prune({ method: 'synflow', density: 0.5, biasPaths: 1 }), 'biasPaths 1'],
    [prune({ method: 'grasp', density: 0.5, temperatur: 3, data: [] }), "did you mean 'temperature'?"],
    [imp({ rewin: { steps: 1 } }), "'rewin'; did you mean 'rewind'?"],
    [imp({ rewind: 3 }), 'rewind 3'],
    [imp({ rewind: { step: 3 } }), "'step'; did you mean 'steps'?"],
    [imp({ training: { ...training, momentun: 0.9 } }), "'momentun'; did you mean 'momentum'?"],
    [imp({ training: { ...training, checkpoint: 'x' } }), "'checkpoint'"],
    [imp({ training: { ...training, rate: 0.1 } }), 'rate is 0.1'],
    [imp({ dataset: 'data' }), "dataset 'data'"],
    [imp({ training: undefined }), 'training is missing'],
    [call('prune', net, weights, { method: 'px', density: 0.5 }), 'device'],
    [call('prune', weights, net, device, { method: 'px', density: 0.5 }), 'network'],
    [call('prune', net, weights, device), 'options are nothing'],
    [prune({ method: 'px', density: 0.5, scope: 'layers' }), "did you mean 'layer'?"],
    [prune({ method: 'px', density: 0.5, exclude: 'fc' }), "exclude 'fc'"],
    [prune({ method: 'px', density: 0.5, exclude: ['fc', 3] }), 'exclude[1] 3'],
    [prune({ density: 0.5 }), 'method is missing'],
    [prune({ criterion: facts, method: 'px', density: 0.5 }), 'method and criterion are given'],
    [prune({ criterion: 'px', density: 0.5 }), "criterion is 'px'"],
    [prune({ criterion: { ...facts, scor: 3 }, density: 0.5 }), "'scor'; did you mean 'score'?"],
    [prune({ criterion: facts, mode: 'px', density: 0.5 }), "'mode'"],
    [call('prune', net, { weights, mask: null }, device, magnitude), "'mask'; did you mean 'masks'?"],
    [call('prune', net, { weights: {} }, device, magnitude), 'weights a plain object'],
    [call('prune', net, 'weights', device, magnitude), "weights 'weights'"],
  ],
  scores: [
    [call('scores', net, weights, device, { method: 'px', density: 0.5 }), "'density'"],
    [call('scores', net, weights, device, { method: 'xp' }), "'xp'"],
    [call('scores', net, weights, device, {}), 'method is missing'],
    [call('scores', net, weights, device, { method: 'phew' }), 'phew scores no weights'],
    [call('scores', net, weights, device, { method: 'snip' }), 'snip reads labelled images; give it data'],
    [call('scores', net, weights, device, { method: 'px', data: split }), 'data'],
    [call('scores', net, weights, device, { criterion: 3 }), 'criterion is 3'],
    [call('scores', net, weights, { method: 'px' }), 'device'],
    [call('scores', net, 3, device, { method: 'px' }), 'weights 3'],
  ],
  option: [
    [call('option', 'number', 3, 'how many'), "kind 'number'"],
    [call('option', pathex.positive, '3', 'how many'), "default '3'"],
    [call('option', pathex.positive, 3), 'doc is missing'],
  ],
  choice: [[call('choice', 'a', 3), 'words[1] 3']],
  withOptions: [
    [call('withOptions', {}, () => facts), 'name'],
    [call('withOptions', 'mine', { a: 3 }, () => facts), "'mine': options"],
    [call('withOptions', 'mine', {}), "'mine': make is missing"],
    [() => (js['withOptions']!('mine', {}, () => facts) as Loose)({ a: 3 }), "option 'a' is unknown"],
  ],
  pack: [[call('pack', row), 'tensors', 'SHAPE']],
  unpack: [
    [call('unpack', row, [row]), 'f32[1, 4] for tensors of 4 numbers', 'SHAPE'],
    [call('unpack', pathex.ops.constant([3], 0), [row]), 'f32[3] for tensors of 4 numbers', 'SHAPE'],
    [call('unpack', [1], [row]), 'vector', 'SHAPE'],
  ],
  flow: [
    [call('flow', net, 'squared', null, {}), 'view'],
    [call('flow', view, 'square', null, {}), "weights 'square' is unknown"],
    [call('flow', view, 'squared', row, {}), 'outputs'],
    [call('flow', view, 'squared', null, { biasPath: true }), "'biasPath'; did you mean 'biasPaths'?"],
  ],
  flowScores: [[call('flowScores', { total: null }), 'shares is missing']],
  procedureOf: [
    [call('procedureOf', { method: 'px', mod: 'px' }), "'mod' is unknown; did you mean 'mode'?"],
    [call('procedureOf', { method: 'magnitude', mode: 'px' }), "'mode'"],
    [call('procedureOf', { method: 'px', mode: 'gated' }), "'gated'"],
    [call('procedureOf', { method: 'magnitud' }), "did you mean 'magnitude'?"],
    [call('procedureOf', 'px'), "'px'"],
  ],
  criterionOf: [
    [call('criterionOf', { method: 'snip', statistic: 'batch' }), "did you mean 'statistics'?"],
    [call('criterionOf'), 'nothing'],
  ],
  readMethod: [
    [call('readMethod', 'px', ['mod=px']), "'mod' is unknown; did you mean 'mode'?"],
    [call('readMethod', 'px', 'mode=px'), "options 'mode=px'"],
    [call('readMethod', 3, []), '3 is unknown'],
  ],
  usualRounds: [[call('usualRounds', 'px'), "method 'px'"]],
  showCost: [[call('showCost', 'px'), "method 'px'"]],
  minibatches: [
    [call('minibatches', data, device), 'a data set is no source'],
    [call('minibatches', pathex.resident(source as never), device, { examples: 3 }), "'examples'"],
    [call('minibatches', pathex.resident(source as never), device, { images: 11 }), '11 of 10 images'],
  ],
  pruningSplit: [
    [call('pruningSplit', data, { exampels: 2 }), "'exampels'; did you mean 'examples'?"],
    [call('pruningSplit', data, { examples: '2' }), "examples '2'"],
    [call('pruningSplit', data, { examples: 1, batch: 11 }), 'batch 11'],
    [call('pruningSplit', 'data'), "data 'data'"],
  ],
  densityAt: [[call('densityAt', 'cubic', 0.1, 0, 1), "schedule 'cubic'"]],
  keepCounts: [[call('keepCounts', 100, 0.1, 3, 'cubic'), "schedule 'cubic'"]],
  paperDensity: [[call('paperDensity', '3'), "level '3'"]],
  survivors: [[call('survivors', 100, '0.1'), "density '0.1'"]],
  layerDensities: [
    [call('layerDensities', net, {}), 'masks'],
    [call('layerDensities', 3, null), 'network 3'],
  ],
  summariseLayers: [[call('summariseLayers', net), 'layers']],

  // training
  fit: [
    [fit({ ...training, momentun: 0.9 }), "'momentun'; did you mean 'momentum'?"],
    [fit({ ...training, epochs: '3' }), "epochs '3'"],
    [fit({ ...training, rate: 0.1 }), 'rate is 0.1'],
    [fit({ ...training, rate: { kind: 'onecycle', rate: 0.1 } }), "did you mean 'oneCycle'?"],
    [fit({ ...training, rate: { ...rate, warmup: 0.1 } }), "'warmup'; did you mean 'warmUp'?"],
    [fit({ ...training, rate: { kind: 'multiStep', rate: 0.1 } }), 'milestones is missing'],
    [fit({ ...training, rate: { kind: 'multiStep', rate: 0.1, milestones: 80 } }), 'milestones 80'],
    [fit({ ...training, augment: { pad: 4, flipp: true } }), "'flipp'; did you mean 'flip'?"],
    [fit({ ...training, augment: { pad: 4 } }), 'flip is missing'],
    [fit({ ...training, augment: false }), 'augment false'],
    [fit({ ...training, steps: { form: 1 } }), "'form'; did you mean 'from'?"],
    [fit({ ...training, checkpoint: true }), 'checkpoint true'],
    [fit({ ...training, nesterov: 'yes' }), "nesterov 'yes'"],
    [fit({ ...training, signal: {} }), 'signal'],
    [fit({ ...training, onEpoch: 3 }), 'onEpoch 3'],
    [fit({ ...training, execution: 'compact' }), "execution 'compact'"],
    [fit({ ...training, onExecution: true }), 'onExecution true'],
    [fit({ batch: 5, rate }), 'epochs is missing'],
    [call('fit', net, { weights }, 'data', device, training), "data 'data'"],
    [call('fit', net, weights, data, device, training), 'start'],
    [call('fit', net, { weights, mask: null }, data, device, training), "'mask'; did you mean 'masks'?"],
    [call('fit', net, { weights }, data, training), 'device'],
    [call('fit', net, { weights }, data, device), 'options must be an object'],
  ],
  stepSeconds: [
    [
      call('stepSeconds', net, { weights }, data, device, { ...training, bacth: 5 }, 'dense'),
      "'bacth'; did you mean 'batch'?",
    ],
    [call('stepSeconds', net, { weights }, data, device, training, 'auto'), "execution 'auto'"],
    [call('stepSeconds', net, { weights }, data, device, training), 'execution'],
    [call('stepSeconds', net, { weights }, data, training, training, 'dense'), 'device'],
    [call('stepSeconds', net, weights, data, device, training, 'dense'), 'start'],
    [call('stepSeconds', row, { weights }, data, device, training, 'dense'), 'network'],
    [call('stepSeconds', net, { weights }, 3, device, training, 'dense'), 'data 3'],
  ],
  evaluate: [
    [call('evaluate', net, { weights }, data, device, 'test', { execution: 'sprase' }), "execution 'sprase'"],
    [call('evaluate', net, { weights }, data, device, 'validation'), "split 'validation'"],
    [call('evaluate', net, weights, data, device), 'start'],
    [call('evaluate', net, { weights, maks: null }, data, device), "did you mean 'masks'?"],
    [call('evaluate', net, { weights }, device, data), 'data'],
  ],
  sgd: [
    [call('sgd', [], [], row, { momentun: 0.9 }), "'momentun'; did you mean 'momentum'?"],
    [call('sgd', [], [], row, { momentum: '0.9' }), "momentum '0.9'"],
    [call('sgd', [], [], 0.1, {}), 'rate 0.1'],
    [call('sgd', [row], [], row, {}), '1 parameters, 0 gradients'],
  ],
  runExperiment: [
    [call('runExperiment', { methods: ['px'] }, device, nowhere), 'seeds is missing'],
    [call('runExperiment', { ...experiment, methods: ['pxx'] }, device, nowhere), "did you mean 'px'?"],
    [call('runExperiment', { ...experiment, epoch: 3 }, device, nowhere), "did you mean 'epochs'?"],
    [call('runExperiment', { ...experiment, scope: 'layr' }, device, nowhere), "did you mean 'layer'?"],
    [call('runExperiment', { ...experiment, execution: 'fast' }, device, nowhere), "execution 'fast'"],
    [call('runExperiment', { ...experiment, exclude: 'fc' }, device, nowhere), "exclude 'fc'"],
    [call('runExperiment', { ...experiment, seeds: [] }, device, nowhere), 'no method or no seed'],
    [call('runExperiment', experiment, device, nowhere, { onprogress: 3 }), "did you mean 'onProgress'?"],
  ],
  trainStep: [
    [call('trainStep', net, data, resident, 5, { weightdecay: 0 }), "did you mean 'weightDecay'?"],
    [call('trainStep', net, data, { split: 'train' }, 5), 'count is missing'],
    [call('trainStep', net, data, resident, '5'), "batch '5'"],
  ],
  evaluateStep: [
    [call('evaluateStep', net, data, { ...resident, cout: 1 }, 5), "'cout'; did you mean 'count'?"],
    [call('evaluateStep', net, data, { split: 'val', count: 1 }, 5), "split 'val'"],
  ],
  adam: [
    [call('adam', { beta: [0.9, 0.99] }), "did you mean 'betas'?"],
    [call('adam', { betas: [0.9, 1] }), 'betas [0.9, 1]'],
  ],
  adamW: [
    [call('adamW', { epsilon: 0 }), 'epsilon 0'],
    [call('adamW', { groups: [{ mach: 'bn*' }] }), "did you mean 'match'?"],
  ],
  momentOf: [
    [call('momentOf', 'speed', row), "'speed'"],
    [call('momentOf', 'velocity', 3), 'parameter 3'],
  ],
  rateAt: [
    [call('rateAt', { kind: 'cosign', rate: 0.1 }, 0, 1, 1), "'cosign'"],
    [call('rateAt', 0.1, 0, 1, 1), 'rate is 0.1'],
  ],
  saveCheckpoint: [
    [call('saveCheckpoint', nowhere, { ...checkpoint, epoch: 3 }), "'epoch'"],
    [call('saveCheckpoint', nowhere, { ...checkpoint, epochsDone: '3' }), "epochsDone '3'"],
    [call('saveCheckpoint', checkpoint, nowhere), 'path'],
  ],
  loadCheckpoint: [[call('loadCheckpoint', 3), 'path 3']],

  // data and weights
  synthetic: [
    [call('synthetic', { seed: 0, trian: 10 }), "'trian'; did you mean 'train'?"],
    [call('synthetic', { seed: '0' }), "seed '0'"],
    [call('synthetic', { seed: 0, test: 0 }), 'test 0'],
    [call('synthetic', 0), 'got 0'],
  ],
  loadCifar10: [
    [call('loadCifar10', nowhere, { verfy: false }), "'verfy'; did you mean 'verify'?"],
    [call('loadCifar10', nowhere, { verify: 'no' }), "verify 'no'"],
    [call('loadCifar10'), 'folder is missing'],
  ],
  findCifar10: [
    [call('findCifar10', { foldr: nowhere }), "'foldr'; did you mean 'folder'?"],
    [call('findCifar10', { folder: 3 }), 'folder 3'],
    [call('findCifar10', { archive: { url: 'x', md: '' } }), "'md'; did you mean 'md5'?"],
    [call('findCifar10', nowhere), 'options must be an object'],
  ],
  normalise: [
    [call('normalise', split, [0], 0.5, [1, 1, 1]), 'mean 0.5'],
    [call('normalise', split, 3, [1], [1]), 'indices 3'],
  ],
  perClass: [[call('perClass', split, 10, 1, 0), 'key 0']],
  subset: [[call('subset', split.images, [0]), 'split']],
  loadWeights: [
    [call('loadWeights', net, nowhere), 'path'],
    [call('loadWeights', nowhere), 'network is missing'],
  ],
  saveWeights: [
    [call('saveWeights', nowhere, net, { ...file, mask: null }), "'mask'; did you mean 'masks'?"],
    [call('saveWeights', nowhere, net, { ...file, metadata: { epochs: 3 } }), 'metadata'],
    [call('saveWeights', nowhere, net, { ...file, form: 'small' }), "form 'small' is"],
    [call('saveWeights', nowhere, net, weights), 'saveWeights'],
    [call('saveWeights', net, nowhere, file), 'path'],
  ],
  key: [[call('key', '0'), '0']],
  fold: [
    [call('fold', 0, 'x'), 'parent 0'],
    [call('fold', own, 1.5), '1.5'],
  ],
  normal: [[call('normal', 0, 3), 'key 0']],
  uniform: [[call('uniform', own, -1), 'n -1']],
  permutation: [[call('permutation', own, '3'), "n '3'"]],
};

/** Exported values without rows, and why. */
const NO_ROWS: Readonly<Record<string, string>> = {
  pipe: "fp-ts's own",
  PathexError: 'the error itself',
  ops: 'in the table below',
  PASSES: 'data',
  TARGETS: 'data',
  METHODS: 'data',
  METHOD_OPTIONS: 'data',
  PATH_OPTIONS: 'data',
  ...Object.fromEntries(
    ['count', 'flag', 'fraction', 'positive', 'positiveInteger'].map((kind) => [kind, 'a kind of option']),
  ),
  PlanCodec: 'an io-ts codec; device.compile and PlanCodec.decode answer with what it finds',
  VERSION: 'data',
};

const errorOf = async (run: () => unknown): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return 'no error';
};
const isRefused = async ([run, mentions, code = 'OPTION']: Row): Promise<void> => {
  const error = await errorOf(run);
  expect(error, mentions).toBeInstanceOf(PathexError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(mentions) as string });
  expect((error as PathexError).message).not.toContain('\n');
};

test('every exported value has rows, or a reason to have none', () => {
  const known = [...Object.keys(ROWS), ...Object.keys(NO_ROWS)].sort();
  expect(Object.keys(pathex).sort()).toEqual(known);
});

describe('an unknown option or a value of another kind is refused by', () => {
  test.each(Object.entries(ROWS))('%s', async (_, rows) => {
    for (const row of rows) await isRefused(row);
  });
});

describe('attributes of ops are refused by', () => {
  const op = pathex.ops as unknown as Readonly<Record<string, Loose>>;
  const kernel = pathex.ops.state('w', [4, 1, 1, 3]);
  const pool = { window: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0] };
  const sparse = { ...geometry, kernel: [1, 1] };
  const values = pathex.ops.state('v', [2]);
  const index = pathex.ops.literal([2], [0, 5], 'i32');
  const unary = [...UNARY, 'stopGradient', 'toReal', 'argMax', 'variance'];
  const binary = [...BINARY, 'gate'];
  const given: Readonly<Record<string, readonly Row[]>> = {
    ...Object.fromEntries(unary.map((o): [string, Row[]] => [o, [[() => op[o]!(), 'input 0 is nothing']]])),
    ...Object.fromEntries(binary.map((o): [string, Row[]] => [o, [[() => op[o]!(row, 2), 'input 1 is 2']]])),
    select: [[() => op['select']!(row, row), 'input 2 is nothing']],
    input: [
      [() => op['input']!('x', 3), 'shape is 3'],
      [() => op['input']!('x', [3], 'f16'), 'dtype is "f16"'],
      [() => op['input']!([3], 'x'), 'name is [3]'],
    ],
    state: [
      [() => op['state']!('x', [3], { rol: 'weight' }), "'rol'; did you mean 'role'?"],
      [() => op['state']!('x', [3], { role: 'weights' }), 'role is "weights"; did you mean \'weight\'?'],
      [() => op['state']!('x', [3], { init: { kind: 'xavier' } }), 'init.kind is "xavier"'],
      [() => op['state']!('x', [3], { init: { kind: 'constant', val: 1 } }), "'val'; did you mean 'value'?"],
      [() => op['state']!('x', [3], { init: { kind: 'constant' } }), 'init.value is nothing'],
      [() => op['state']!('x', [3], { init: 'zeros' }), 'init is "zeros"'],
    ],
    constant: [[() => op['constant']!([3], '1'), 'value is "1"']],
    scalar: [[() => op['scalar']!('1'), 'value is "1"']],
    literal: [[() => op['literal']!([2], [1, '2']), 'data']],
    dropout: [[() => op['dropout']!(row, '0.5'), 'rate is "0.5"']],
    bernoulli: [[() => op['bernoulli']!(row, [3], '0.5', 0), 'probability is "0.5"']],
    batchNorm: [
      [
        () => op['batchNorm']!(row, { mean: row, weight: row, variance: row, bias: row }, '1e-5'),
        'epsilon is "1e-5"',
      ],
    ],
    statistic: [[() => op['statistic']!(row, pathex.ops.state('s', [4]), 'median'), 'moment is "median"']],
    sum: [
      [() => op['sum']!(row, 1), 'axes is 1'],
      [() => op['sum']!(row), 'axes is nothing'],
    ],
    maximum: [[() => op['maximum']!(row, 'all'), 'axes is "all"']],
    broadcast: [[() => op['broadcast']!(row, [2, 4], 1), 'axes is 1']],
    reshape: [[() => op['reshape']!(row, 4), 'shape is 4']],
    transpose: [[() => op['transpose']!(row, '10'), 'order is "10"']],
    slice: [[() => op['slice']!(row, [0, 0], [1, 4]), 'stride is nothing']],
    place: [[() => op['place']!(row, [2, 4], 0, [1, 1]), 'start is 0']],
    concat: [
      [() => op['concat']!([row, row], '0'), 'axis is "0"'],
      [() => op['concat']!(row, 0), 'inputs'],
    ],
    conv2d: [
      [() => op['conv2d']!(image, kernel, { ...geometry, groups: 3 }), "'groups'"],
      [() => op['conv2d']!(image, kernel, { ...geometry, padding: 0 }), 'padding is 0'],
      [() => op['conv2d']!(image, kernel, { ...geometry, stride: 2 }), 'stride is 2'],
      [() => op['conv2d']!(image, kernel, { stride: [1, 1] }), 'is nothing'],
      [() => op['conv2d']!(image, kernel), 'nothing'],
    ],
    conv2dInputGrad: [[() => op['conv2dInputGrad']!(image, kernel, 2, geometry), 'size is 2']],
    conv2dWeightGrad: [[() => op['conv2dWeightGrad']!(image, image, [1], geometry), 'kernel is [1]']],
    sparseConv2d: [
      [() => op['sparseConv2d']!(image, values, index, '4', sparse), 'filters is "4"'],
      [() => op['sparseConv2d']!(image, values, index, 4, { ...sparse, groups: 3 }), "'groups'"],
      [() => op['sparseConv2d']!(image, values, index, 4, geometry), 'kernel is nothing'],
      [() => op['sparseConv2d']!(image, values, [0, 1], 4, sparse), 'input 2'],
    ],
    sparseConv2dInputGrad: [
      [() => op['sparseConv2dInputGrad']!(image, values, index, [2, 2], sparse), 'size is [2,2]'],
    ],
    sparseConv2dWeightGrad: [
      [() => op['sparseConv2dWeightGrad']!(image, image, index, { ...sparse, kernel: 1 }), 'kernel is 1'],
    ],
    matmul: [
      [() => op['matmul']!(row, row, { transposeb: true }), "did you mean 'transposeB'?"],
      [() => op['matmul']!(row, row, { transposeB: 1 }), 'transposeB is 1'],
    ],
    maxPool: [
      [() => op['maxPool']!(image, { ...pool, dilation: [2, 2] }), "'dilation'"],
      [() => op['maxPool']!(image, { ...pool, padding: 0 }), 'padding is 0'],
    ],
    maxPoolGather: [[() => op['maxPoolGather']!(image, image, { ...pool, ceil: true }), "'ceil'"]],
    maxPoolScatter: [[() => op['maxPoolScatter']!(image, image, { ...pool, window: 2 }), 'window is 2']],
    sumPool: [[() => op['sumPool']!(image, { ...pool, windw: [2, 2] }), "did you mean 'window'?"]],
    sumPoolGrad: [[() => op['sumPoolGrad']!(image, [2], pool), 'size is [2]']],
    resizeBilinear: [
      [() => op['resizeBilinear']!(image, 2), 'size is 2'],
      [() => op['resizeBilinear']!(image, [2, 2], { aligncorners: true }), "did you mean 'alignCorners'?"],
    ],
    resizeBilinearGrad: [
      [() => op['resizeBilinearGrad']!(image, [2, 2], { alignCorners: 'no' }), 'alignCorners is "no"'],
    ],
    gather: [[() => op['gather']!(row, [0]), 'input 1']],
    scatterAdd: [[() => op['scatterAdd']!(row, pathex.ops.input('i', [1], 'i32'), '3'), 'rows is "3"']],
    cropFlip: [[() => op['cropFlip']!(image), 'input 1 is nothing']],
    rankMask: [[() => op['rankMask']!(row, 3), 'input 1 is 3']],
  };
  test('every op has rows', () => expect(Object.keys(given).sort()).toEqual(Object.keys(op).sort()));
  test.each(Object.entries(given))('%s', async (_, rows) => {
    for (const [run, mentions] of rows) await isRefused([run, mentions, 'SHAPE']);
  });
});

test('what is left out, or undefined, is the default', () => {
  expect(pathex.print([row], { from: undefined } as never)).toBe(pathex.print([row]));
  expect(() => pathex.usualRounds(facts)).not.toThrow();
});
