import { setImmediate } from 'node:timers/promises';
import { fail } from '../../errors.js';
import { nameOf } from '../../graph/graph.js';
import { prunable } from '../../nn/network.js';
import type { Weights } from '../../nn/weights.js';
import { fold, key, uniform, type Key } from '../../random.js';
import { size } from '../../tensor/tensor.js';
import type { Masks } from '../../transform/mask.js';
import { layerGraph, type Layer, type LayerGraph, type Unit } from '../../transform/layer-graph.js';
import type { HostMethod } from '../method.js';

/**
 * PHEW (Patil and Dovrolis, ICML 2021): the weights on random walks between inputs and outputs, which prefer
 * large weights. Walks are added until trunc(d N) weights lie on one, so that there may be more by less than
 * one walk.
 */
export const phew = (): HostMethod => ({
  kind: 'host',
  name: 'phew',
  doc: 'random walks from input to output along large weights, no data',
  data: 'none',
  rounds: { kind: 'single', why: 'its walks start from an empty mask' },
  cost: {},
  choose: async (net, weights, { density, seed, signal }) => {
    const masks = new Map(prunable(net).map((w) => [nameOf(w), new Uint8Array(size(w.shape))]));
    const total = [...masks.values()].reduce((n, m) => n + m.length, 0);
    const wanted = Math.max(1, Math.trunc(density * total));
    if (wanted === total) return allOf(masks);
    const graph = layerGraph(net);
    const within = graph.layers.reduce(
      (n, layer) => n + reachable(layer, weights.get(nameOf(layer.weight))!.data),
      0,
    );
    const tooMany = (why: string): never =>
      fail(
        'OPTION',
        `phew: density ${density} asks for ${wanted} of ${total} weights, ${why}; use a lower density`,
      );
    if (wanted > within) tooMany(`walks can cross ${within}: none crosses a weight of 0 beside others`);
    const walk = walks(graph, weights, fold(key(seed), 'phew'));
    const layers = graph.layers.map(({ weight }) => masks.get(nameOf(weight))!);
    let live = 0;
    for (let k = 0; live < wanted; k++) {
      if (k === LIMIT * total) tooMany(`${k} walks cross ${live}: they seldom cross small weights`);
      if (k % TURN === TURN - 1) {
        await setImmediate(); // others get their turn, such as Ctrl-C
        signal?.throwIfAborted();
      }
      for (const { layer, index } of walk(k)) {
        live += 1 - layers[layer]![index]!;
        layers[layer]![index] = 1;
      }
    }
    return masks;
  },
});

/**
 * Walks for each weight of the network after which the rest is given up; on ResNet-20 a density of 0.64 takes
 * 0.17, one of 0.98 four.
 */
const LIMIT = 20;
const TURN = 4096;

const allOf = (masks: Masks): Masks => new Map([...masks].map(([name, m]) => [name, m.map(() => 1)]));

/** A weight on a walk: its layer and its place in the layer's weight. */
export interface Crossing {
  readonly layer: number;
  readonly index: number;
}

/**
 * Walk number k, a function of the key and k alone. Even walks go forward, from input channel k/2, odd ones
 * backward, from output (k-1)/2, both in turn. Branches are as likely as one another, so are the columns that
 * a flattened channel has; then a unit is as likely as the sum of its |weights| from (or to) here, and the
 * place in the kernel as its |weight|. Where all of these are 0 they are equally likely.
 */
export const walks = (
  graph: LayerGraph,
  weights: Weights,
  seed: Key,
): ((k: number) => readonly Crossing[]) => {
  const layers = graph.layers.map((layer) => chances(layer, weights.get(nameOf(layer.weight))!.data));
  const onward = readers(graph);
  return (k) => {
    const numbers = uniform(fold(seed, k), DRAWS * (layers.length + 1));
    let next = 0;
    const chance = (): number => numbers[next++]!;
    const one = <A>(of: readonly A[]): A => of[Math.floor(chance() * of.length)]!;
    const path: Crossing[] = [];
    if (k % 2 === 0) {
      let at: Unit | null = { layer: null, unit: (k / 2) % graph.inputs };
      while (at !== null) {
        const reader: Reader = one(onward(at));
        if (reader === 'output') at = null;
        else {
          const input = one(reader.columns);
          const output = layers[reader.layer]!.outputOf(input, chance());
          path.push({ layer: reader.layer, index: layers[reader.layer]!.index(output, input, chance()) });
          at = { layer: reader.layer, unit: output };
        }
      }
    } else {
      let at = one(graph.outputs[((k - 1) / 2) % graph.outputs.length]!);
      while (at.layer !== null) {
        const input = layers[at.layer]!.inputOf(at.unit, chance());
        path.push({ layer: at.layer, index: layers[at.layer]!.index(at.unit, input, chance()) });
        at = one(graph.layers[at.layer]!.reads[input]!);
      }
    }
    return path;
  };
};

/** Numbers for each layer of a walk: branch, column, unit and place in the kernel. */
const DRAWS = 4;

/** Draws along and inside a layer, from a number in [0, 1). */
interface Chances {
  readonly outputOf: (input: number, chance: number) => number;
  readonly inputOf: (output: number, chance: number) => number;
  /** Place in the weight of the tap that is drawn. */
  readonly index: (output: number, input: number, chance: number) => number;
}

/**
 * How many weights of a layer have any chance: those of 0 have one only where all they compete with are 0.
 */
const reachable = ({ inputs, outputs, taps, strides: [so, si, st] }: Layer, weight: Float32Array): number => {
  const [rows, columns] = [new Uint8Array(outputs), new Uint8Array(inputs)]; // 1 where any weight is not 0
  const live = new Uint32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let t = 0; t < taps; t++) live[o * inputs + i]! += weight[o * so + i * si + t * st] === 0 ? 0 : 1;
      if (live[o * inputs + i] !== 0) rows[o] = columns[i] = 1;
    }
  }
  return live.reduce(
    (n, taken, k) =>
      n + (taken === 0 && rows[Math.floor(k / inputs)]! + columns[k % inputs]! < 2 ? taps : taken),
    0,
  );
};

const chances = ({ inputs, outputs, taps, strides: [so, si, st] }: Layer, weight: Float32Array): Chances => {
  const magnitude = (o: number, i: number, t: number): number => Math.abs(weight[o * so + i * si + t * st]!);
  // Running sums over the taps, over the outputs of an input, and over the inputs of an output.
  const overOutputs = new Float64Array(outputs * inputs);
  const overInputs = new Float64Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let t = 0; t < taps; t++) sum += magnitude(o, i, t);
      overOutputs[i * outputs + o] = sum + (o === 0 ? 0 : overOutputs[i * outputs + o - 1]!);
      overInputs[o * inputs + i] = sum + (i === 0 ? 0 : overInputs[o * inputs + i - 1]!);
    }
  }
  const overTaps = new Float64Array(taps);
  return {
    outputOf: (i, chance) => draw(overOutputs.subarray(i * outputs, (i + 1) * outputs), chance),
    inputOf: (o, chance) => draw(overInputs.subarray(o * inputs, (o + 1) * inputs), chance),
    index: (o, i, chance) => {
      for (let t = 0; t < taps; t++) overTaps[t] = magnitude(o, i, t) + (t === 0 ? 0 : overTaps[t - 1]!);
      return o * so + i * si + draw(overTaps, chance) * st;
    },
  };
};

/**
 * The first place whose running sum exceeds the chance's share of the whole; any place where the whole is 0.
 */
const draw = (sums: Float64Array, chance: number): number => {
  const whole = sums[sums.length - 1]!;
  if (whole === 0) return Math.floor(chance * sums.length);
  const share = Math.min(chance * whole, whole * (1 - Number.EPSILON)); // rounding must not reach the whole, which no sum exceeds
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > share) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** Where a unit's value goes: into columns of a layer, or out of the network. */
type Reader = 'output' | { readonly layer: number; readonly columns: readonly number[] };

const readers = ({ inputs, layers, outputs }: LayerGraph): ((from: Unit) => readonly Reader[]) => {
  const unitsOf = (n: number): Reader[][] => Array.from({ length: n }, () => []);
  const found = new Map<number | null, Reader[][]>([
    [null, unitsOf(inputs)],
    ...layers.map((l, i) => [i, unitsOf(l.outputs)] as const),
  ]);
  const of = ({ layer, unit }: Unit): Reader[] => found.get(layer)![unit]!;
  layers.forEach(({ reads }, layer) => {
    const columns = new Map<Reader[], number[]>();
    for (const [column, from] of reads.entries()) {
      for (const unit of from) {
        const own = columns.get(of(unit));
        if (own === undefined) columns.set(of(unit), [column]);
        else own.push(column);
      }
    }
    columns.forEach((own, reader) => reader.push({ layer, columns: own }));
  });
  outputs.flat().forEach((unit) => of(unit).push('output'));
  return of;
};
