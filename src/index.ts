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
export { inference, training, type TrainingReading } from './transform/readings.js';
export {
  specialise,
  type Specialised,
  type SpecialisedLayer,
  type SpecialiseOptions,
} from './transform/specialise.js';
export type { Trainable } from './train/trainable.js';

export {
  add,
  averagePool2,
  batchNorm,
  conv2d,
  dropout,
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
export { correctCount, crossEntropy, labelWeights, mean, type CrossEntropyOptions } from './nn/loss.js';
export { network, networkOf, parameters, prunable, rebatch, type Network } from './nn/network.js';
export { summary, type LayerSummary, type NetworkSummary } from './nn/summary.js';
export { checkWeights, initialise, masksOfZeros, type Weights } from './nn/weights.js';

export { lenet, mlp } from './models/mlp.js';
export { modelOf } from './models/models.js';
export { identityBlock, projectionBlock, resnetCifar } from './models/resnet-cifar.js';

export { program, type Program, type ProgramParts } from './program/program.js';
export { compile, PASSES, type CompileOptions } from './compile/compile.js';
export type { Pass } from './compile/pass.js';
export { TARGETS, type SideStream, type Target } from './compile/target.js';
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
export { type Contestant, type Experiment } from './experiment/experiment.js';
export { runExperiment, type ExperimentCallbacks, type ExperimentProgress } from './experiment/run.js';
export type { ExperimentReport, FailedRun, RunResult } from './report/experiment.js';

export { openDevice, type DeviceOptions } from './runtime/open.js';

export type { Criterion, PruningView, Scores } from './prune/criterion.js';
export { flow, flowScores, PATH_OPTIONS, type Flow, type PathOptions } from './prune/criteria/path-score.js';
export {
  choice,
  count,
  flag,
  fraction,
  option,
  positive,
  positiveInteger,
  withOptions,
  type Option,
  type Options,
  type OptionsOf,
  type OptionType,
  type SettledOptions,
} from './prune/options.js';
export { pack, unpack } from './prune/pack.js';
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
export type { OwnCriterion } from './prune/chosen.js';
export type { PruningStart } from './prune/start.js';
export {
  prune,
  type AnyMinibatch,
  type Minibatch,
  type TargetMinibatch,
  type PruneOptions,
  type RoundReport,
  type Ticket,
} from './prune/prune.js';
export type { ImpOptions } from './prune/criteria/imp.js';
export { scores, type ScoreReport, type ScoresOptions } from './prune/scores.js';
export { minibatches, type MinibatchesOptions } from './prune/minibatches.js';
export type { Objective } from './prune/objective.js';
export { pruningSplit, type PruningSplitOptions } from './prune/pruning-split.js';
export { densityAt, keepCounts, paperDensity, survivors, type Schedule } from './prune/schedule.js';
export type { Scope } from './prune/scope.js';
export { layerDensities, summariseLayers, type LayerDensity, type TicketSummary } from './prune/ticket.js';

export { evaluate, type EvaluateOptions, type Evaluation } from './train/evaluate.js';
export { fit, type Trained } from './train/fit.js';
export type { FitOptions } from './train/fit-options.js';
export type { ExecutionChoice, ExecutionReport } from './train/execution.js';
export { stepSeconds } from './train/measure.js';
export type { Moments, TrainingStart } from './train/start.js';
export { adam, adamW, type AdamOptions } from './train/optimisers/adam.js';
export {
  momentOf,
  type Moment,
  type Optimiser,
  type ParameterGroup,
  type Update,
} from './train/optimisers/optimiser.js';
export { sgd, type SgdOptions } from './train/optimisers/sgd.js';
export {
  evaluateStep,
  trainStep,
  type EvaluateStepOptions,
  type SplitSize,
  type StepOptions,
} from './train/programs.js';
export { rateAt, type RateFunction, type RateSchedule } from './train/rate.js';
export { loadCheckpoint, saveCheckpoint, type Checkpoint, type EpochReport } from './train/checkpoint.js';
export type { Settings as CheckpointSettings } from './train/settings.js';

export { classification, type ClassificationOptions } from './task/classification.js';
export { regression, type RegressionOptions } from './task/regression.js';
export {
  confusionMatrix,
  meanIoU,
  pixelAccuracy,
  segmentation,
  type SegmentationOptions,
} from './task/segmentation.js';
export type { Targets, Task, WeightedLoss } from './task/task.js';

export { findCifar10, loadCifar10 } from './datasets/cifar10.js';
export { checkDataset } from './source/check.js';
export { resident, type ResidentOptions } from './source/resident.js';
export type { ResidentSplit } from './source/resident-split.js';
export type { BatchTensors, Draw, Source, SourceSplit } from './source/source.js';
export type { TargetType, TargetTypes } from './source/targets.js';
export { normalise, perClass, subset, type Dataset, type Split } from './source/dataset.js';
export { synthetic } from './datasets/synthetic.js';
export { loadWeights, saveWeights, type WeightsFile, type WeightsForm } from './weights/state-dict.js';
export type { NamePattern } from './patterns.js';
export { fold, key, normal, permutation, uniform, type Key } from './random.js';
export { VERSION } from './version.js';
