/** The public API. */
export { pipe } from 'fp-ts/lib/function.js';
export { PathexError, type ErrorCode } from './errors.js';

export type { DType, Nhwc, Shape, Tensor } from './tensor/tensor.js';
export type { CeilDiv, Half } from './tensor/dims.js';
export { ops } from './ops/registry.js';

export { check } from './graph/check.js';
export { decodeGraph, encodeGraph, type GraphFile } from './graph/codec.js';
export { flopsOf, leaves, rewrite, substitute, walk } from './graph/graph.js';
export { transformed, type Readable } from './graph/description.js';
export { print } from './graph/print.js';

export { grad, vjp } from './transform/grad.js';
export { checkMasks, masked, type Masks } from './transform/mask.js';
export { pathNetwork, type PathNetwork, type PathReading, type Scaled } from './transform/paths.js';
export { inference, training } from './transform/statistics.js';

export {
  add,
  averagePool2,
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  maxPool2,
  refine,
  relu,
  type ConvOptions,
  type Layer,
  type LinearOptions,
} from './nn/layers.js';
export { gelu, hardswish, leakyRelu, relu6, sigmoid, silu, softplus, tanh } from './nn/activations.js';
export { correctCount, crossEntropy, mean } from './nn/loss.js';
export { network, networkOf, parameters, prunable, rebatch, type Network } from './nn/network.js';
export { summary, type LayerSummary, type NetworkSummary } from './nn/summary.js';
export { checkWeights, initialise, masksOfZeros, type Weights } from './nn/weights.js';

export { lenet, mlp } from './models/mlp.js';
export { modelOf } from './models/models.js';
export { identityBlock, projectionBlock, resnetCifar } from './models/resnet-cifar.js';

export { program, type Program, type ProgramParts } from './program/program.js';
export { compile, PASSES, type CompileOptions, type Pass } from './compile/compile.js';
export { PlanCodec, type Plan } from './plan/plan.js';

export {
  secondsBetween,
  type Device,
  type DeviceKind,
  type Executable,
  type Mark,
  type Numbers,
  type Store,
} from './runtime/device.js';
export { openDevice, type DeviceOptions } from './runtime/open.js';

export type { Criterion, PruningView, Scores } from './prune/criterion.js';
export {
  showCost,
  usualRounds,
  type Cost,
  type HostMethod,
  type MethodFacts,
  type Passes,
} from './prune/method.js';
export {
  criterionOf,
  METHODS,
  METHOD_OPTIONS,
  procedureOf,
  readMethod,
  type CriterionOptions,
  type Method,
  type MethodOptions,
  type Procedure,
} from './prune/methods.js';
export { prune, type Minibatch, type PruneOptions, type RoundReport, type Ticket } from './prune/prune.js';
export type { ImpOptions } from './prune/criteria/imp.js';
export { pruningSplit, type PruningSplitOptions } from './prune/pruning-split.js';
export { densityAt, keepCounts, paperDensity, survivors, type Schedule } from './prune/schedule.js';
export { layerDensities, summariseLayers, type LayerDensity, type TicketSummary } from './prune/ticket.js';

export { evaluate, fit, type FitOptions, type Trained, type TrainingStart } from './train/fit.js';
export { sgd, type SgdOptions } from './train/optimiser.js';
export { evaluateStep, trainStep } from './train/programs.js';
export { rateAt, type RateSchedule } from './train/rate.js';
export { loadCheckpoint, saveCheckpoint, type Checkpoint, type EpochReport } from './train/checkpoint.js';
export type { Settings as CheckpointSettings } from './train/settings.js';

export { findCifar10, loadCifar10 } from './datasets/cifar10.js';
export { checkDataset } from './source/check.js';
export { normalise, perClass, subset, type Dataset, type Split } from './source/dataset.js';
export { synthetic } from './datasets/synthetic.js';
export { loadWeights, saveWeights, type WeightsFile } from './weights/state-dict.js';
export { fold, key, normal, permutation, uniform, type Key } from './random.js';
export { VERSION } from './version.js';
