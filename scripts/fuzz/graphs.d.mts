import type { check } from '../../src/graph/check.js';
import type { decodeGraph, encodeGraph, GraphFile } from '../../src/graph/codec.js';
import type { flopsOf, walk } from '../../src/graph/graph.js';
import type { print } from '../../src/graph/print.js';
import type { lenet, mlp } from '../../src/models/mlp.js';
import type { resnetCifar } from '../../src/models/resnet-cifar.js';
import type { networkOf, rebatch } from '../../src/nn/network.js';
import type { ops } from '../../src/ops/registry.js';
import type { grad } from '../../src/transform/grad.js';
import type { inference, training } from '../../src/transform/readings.js';

export interface GraphCase {
  readonly text: string;
  readonly isSound: boolean;
}
export declare const soundGraphs: (api: {
  readonly encodeGraph: typeof encodeGraph;
  readonly grad: typeof grad;
  readonly inference: typeof inference;
  readonly lenet: typeof lenet;
  readonly mlp: typeof mlp;
  readonly ops: typeof ops;
  readonly resnetCifar: typeof resnetCifar;
  readonly training: typeof training;
}) => readonly GraphFile[];
export declare const graphCases: (
  sound: readonly GraphFile[],
  opNames: readonly string[],
) => (seed: number) => GraphCase;
export declare const faultOfGraph: (
  file: GraphCase,
  api: {
    readonly check: typeof check;
    readonly decodeGraph: typeof decodeGraph;
    readonly encodeGraph: typeof encodeGraph;
    readonly flopsOf: typeof flopsOf;
    readonly networkOf: typeof networkOf;
    readonly rebatch: typeof rebatch;
    readonly print: typeof print;
    readonly walk: typeof walk;
  },
) => string | undefined;
