import type { FusedStep, Plan } from '../../plan/plan.js';
import { perElement } from './copy.js';
import { ALONE, indexType, type Draft } from './kernel.js';
import { elementLines, liveLoads, placesUsed, programOf, type Places } from './program.js';
import { THREADS, type Gpu } from './gpu.js';
import { isFull, viewOf, widthOf, type Strides, type View } from './view.js';

/** Lines that find o, r and i of element e. */
export const decodeLines = (
  {
    index,
    view: {
      domain: [O, R, I],
    },
  }: Places,
  needed: ReadonlySet<string>,
  element = 'e',
): string[] => {
  const at = (divisor: number, extent: number, isLast: boolean): string =>
    `${divisor === 1 ? element : `${element} / ${index.of(divisor)}`}${isLast ? '' : ` % ${index.of(extent)}`}`;
  return [
    ...(needed.has('i') ? [`const ${index.type} i = ${at(1, I, O * R === 1)};`] : []),
    ...(needed.has('r') ? [`const ${index.type} r = ${at(I, R, O === 1)};`] : []),
    ...(needed.has('o') ? [`const ${index.type} o = ${at(R * I, O, true)};`] : []),
  ];
};

/** Elements that the loads of a view reach: their indices must fit the index type too. */
export const reachOf = ({ domain, loads }: View): number =>
  Math.max(
    domain[0] * domain[1] * domain[2],
    ...loads.map((s) => s.reduce((n, x, k) => n + x * (domain[k]! - 1), 1)),
  );

/** A fused step without reductions: a thread for each element, or for a few neighbours. */
export const mapDrafts = (plan: Plan, step: FusedStep, gpu: Gpu, frame = ALONE): Draft[] => {
  const program = programOf(plan, step, step.stores, []);
  const view = viewOf(
    step.domain as unknown as Strides,
    step.loads.map((l) => l.strides as unknown as Strides),
    null,
  );
  const [O, R, I] = view.domain;
  const n = O * R * I;
  if (n === 0 || step.stores.length === 0) return [];
  const loads = liveLoads(program);
  const wide = widthOf(I, loads.filter((j) => isFull(view.loads[j]!, view.domain)).length);
  // packs are worth it only where their threads still occupy half of the GPU
  const width = n / wide >= (THREADS * gpu.smCount) / 2 ? wide : 1;
  const index = indexType(reachOf(view) + THREADS * width);
  const places: Places = { index, view, width };
  return [
    {
      doc: `[${view.domain.join(', ')}], ${width === 1 ? 'one element' : `${width} elements`} a thread`,
      parameters: program.parameters,
      ...perElement(
        n / width,
        index,
        [
          ...decodeLines(places, placesUsed(program, loads, places)),
          ...elementLines(program, loads, plan, places, () => ''),
        ],
        frame,
        width,
      ),
    },
  ];
};
