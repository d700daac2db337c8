import { ceilDiv, powerBelow, THREADS, type Gpu } from './gpu.js';
import { isFull, widthOf, type Keep, type View } from './view.js';

/**
 * How a reduction is shared out. Kept elements are numbered (group, column); every one of them takes `length`
 * elements in. See Note [Order of additions].
 */
export interface ReduceShape {
  /**
   * 'columns': neighbouring threads take neighbouring kept elements; 'rows': neighbouring elements of one
   * kept element.
   */
  readonly order: 'columns' | 'rows';
  readonly groups: number;
  readonly columns: number;
  readonly length: number;
  /** Neighbours that one thread takes at once: kept elements (columns) or elements of one (rows). */
  readonly width: 1 | 2 | 4;
  /** Packs of kept elements that a block covers, and threads for each of them. */
  readonly across: number;
  readonly down: number;
  /** Blocks that share one kept element, and how many elements of it each takes. */
  readonly splits: number;
  readonly share: number;
}

/** Blocks that the largest reductions are shared out to: four for each SM of the largest GPUs. */
const MOST_BLOCKS = 512;
/** A small reduction is rather spread over this many blocks than given to few with much work each. */
const FEW_BLOCKS = 128;
/** Room for what the prelude's functions keep in shared memory besides. */
const FLAGS_BYTES = 64;
/** Elements of a thread that are not worth a meeting of blocks. */
const FEW_PASSES = 8;
/** Elements that a thread adds in float before it goes on in double. */
export const RUN = 64;

export const reduceShape = (
  keep: Keep,
  { domain: [O, R, I], loads }: View,
  reductions: number,
  liveLoads: readonly number[],
  gpu: Gpu,
): ReduceShape => {
  const order = keep === 'none' || keep === 'outer' ? 'rows' : 'columns';
  const [groups, length, columns] = {
    none: [1, O * R * I, 1],
    outer: [O, R * I, 1],
    inner: [1, O * R, I],
    outerInner: [O, R, I],
  }[keep] as [number, number, number];
  const wide = widthOf(I, liveLoads.filter((j) => isFull(loads[j]!, [O, R, I])).length);
  // Short rows do not fill packs; results of all threads lie in shared memory at once.
  const fits = (w: number): boolean =>
    THREADS * w * (order === 'columns' ? reductions : 1) * 8 + FLAGS_BYTES <= gpu.sharedBytes &&
    (order === 'columns' || length >= 32 * w);
  const width = ([4, 2, 1] as const).find((w) => w <= wide && fits(w)) ?? 1;
  const step = order === 'rows' ? width : 1;
  const kept = (groups * columns) / (order === 'columns' ? width : 1);
  const { across, down } =
    order === 'rows' ? rowThreads(kept, length / step) : columnThreads(kept, columns / width, length);

  const passes = ceilDiv(length, down * step);
  const keptBlocks = ceilDiv(kept, across);
  const spread =
    passes <= FEW_PASSES ? 1 : Math.min(ceilDiv(FEW_BLOCKS, keptBlocks), ceilDiv(passes, FEW_PASSES / 2));
  const wanted = Math.min(ceilDiv(MOST_BLOCKS, keptBlocks), Math.max(ceilDiv(passes, FEW_PASSES), spread));
  const share = ceilDiv(passes, wanted) * down * step;
  return { order, groups, columns, length, width, across, down, splits: ceilDiv(length, share), share };
};

/** Threads along a row: as many as a power of two allows without idling. */
const rowThreads = (rows: number, packs: number): { readonly across: number; readonly down: number } => {
  const down = Math.min(THREADS, powerBelow(packs));
  return { across: Math.min(THREADS / down, rows), down };
};

/**
 * Up to 64 packs across, so that a block reads whole lines of memory; the other threads share the rows, four
 * or more for each.
 */
const columnThreads = (
  kept: number,
  columns: number,
  length: number,
): { readonly across: number; readonly down: number } => {
  const down = Math.max(
    1,
    Math.min(Math.floor(THREADS / Math.min(columns, 64)), powerBelow(Math.max(1, length / 4))),
  );
  return { across: Math.min(kept, Math.floor(THREADS / down)), down };
};

/*
 * Note [Order of additions]
 *
 * The order follows from sizes alone: nothing here asks for the number of SMs, and no float is added
 * atomically. A thread adds at most RUN elements in float; everything beyond that, over the threads of a
 * block and over blocks, is added in double. Blocks leave their results in the workspace; the one that
 * arrives last adds them up in the order of their numbers, whichever it is. That spares a second launch, of
 * which a training step of ResNet-20 would have sixty. The counters of arrivals lie in the module and are
 * zero between runs.
 */
