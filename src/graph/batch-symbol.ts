import { PathexError } from '../errors.js';
import type { Attribute, Tensor } from '../tensor/tensor.js';
import { descriptionOf, inputFor } from './description.js';
import { fileNodes, type FileNode } from './file-nodes.js';
import { leaves } from './graph.js';

/** The batch in graph files: a number that is k times the batch stands there as { batch: k }. */
export interface Multiple {
  readonly batch: number;
}
export const isMultiple = (value: unknown): value is Multiple =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 1 &&
  Object.hasOwn(value, 'batch') &&
  Number.isSafeInteger((value as Multiple).batch) &&
  (value as Multiple).batch > 0;

export interface SymbolicNodes {
  /** The batch of the graph that was written. */
  readonly batch: number;
  readonly nodes: readonly SymbolicNode[];
}
export interface SymbolicNode extends Omit<FileNode, 'shape'> {
  readonly shape: readonly (number | Multiple)[];
}

/**
 * The nodes of a described network with the batch as a symbol: it is described for two more batches, and what
 * differs between the three is a multiple of the batch. Null where there is no description, none for these
 * batches, or something differs in another way.
 */
export const symbolicNodes = (output: Tensor, nodes: readonly FileNode[]): SymbolicNodes | null => {
  const [input, ...others] = leaves([output], 'input');
  const describe = descriptionOf(output);
  const batch = input?.shape[0];
  if (input === undefined || others.length > 0 || describe === undefined || batch === undefined) return null;
  const batches = [batch, batch + 1, batch + 2];
  const more = batches.slice(1).map((n) => nodesFor(() => describe(inputFor(input, n))));
  if (more.some((other) => other?.length !== nodes.length)) return null;
  const result: SymbolicNode[] = [];
  for (const [i, node] of nodes.entries()) {
    // Nodes are plain data, as attributes are.
    const same = symbol([node, ...more.map((other) => other![i]!)] as unknown as Attribute[], batches);
    if (same === undefined) return null;
    result.push(same as unknown as SymbolicNode);
  }
  return { batch, nodes: result };
};

const nodesFor = (describe: () => Tensor): readonly FileNode[] | null => {
  try {
    return fileNodes([describe()]).nodes;
  } catch (error) {
    if (error instanceof PathexError) return null;
    throw error;
  }
};

/** What the values of several batches have in common; undefined where that is nothing. */
const symbol = (values: readonly Attribute[], batches: readonly number[]): Attribute | undefined => {
  const [first] = values;
  if (values.every((value) => value === first)) return first;
  if (values.every((value) => typeof value === 'number')) {
    const times = values[0]! / batches[0]!;
    const isTimes = Number.isSafeInteger(times) && values.every((value, i) => value === times * batches[i]!);
    return isTimes ? { batch: times } : undefined;
  }
  if (values.some((value) => typeof value !== 'object' || value === null)) return undefined;
  const objects = values as readonly Readonly<Record<string, Attribute>>[]; // lists by their indices
  const keys = Object.keys(objects[0]!);
  const isLike = objects.every(
    (object) =>
      Array.isArray(object) === Array.isArray(first) &&
      Object.keys(object).length === keys.length &&
      keys.every((key) => Object.hasOwn(object, key)),
  );
  if (!isLike) return undefined;
  const entries: [string, Attribute][] = [];
  for (const key of keys) {
    const value = symbol(
      objects.map((object) => object[key]!),
      batches,
    );
    if (value === undefined) return undefined;
    entries.push([key, value]);
  }
  return Array.isArray(first) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
};

/** A value of a file for a batch of n; itself where it does not depend on the batch. */
export const forBatch = <T>(value: T, n: number): T => {
  const replaced = (at: unknown): unknown => {
    if (isMultiple(at)) return at.batch * n;
    if (typeof at !== 'object' || at === null) return at;
    if (Array.isArray(at)) return at.some((member) => typeof member === 'object') ? at.map(replaced) : at;
    return Object.fromEntries(Object.entries(at).map(([key, member]) => [key, replaced(member)]));
  };
  return replaced(value) as T; // a multiple of the batch is the number that it stands for
};
