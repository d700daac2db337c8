import { checkOptions, numberThat, type KindsOf } from '../kinds.js';
import { showType, type Attribute, type Tensor } from '../tensor/tensor.js';
import { walk, type Roots } from './graph.js';

const showAttribute = (value: Attribute): string => {
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(showAttribute).join(' ')}${value.length > 8 ? ' ...' : ''}]`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
};

const showAttributes = (node: Tensor): string =>
  Object.entries(node.attributes)
    .filter(([key]) => key !== 'shape' && key !== 'dtype' && key !== 'name' && key !== 'init')
    .map(([key, value]) => ` ${key}=${showAttribute(value)}`)
    .join('');

export interface PrintOptions {
  /** Number of the first line. Default 0. */
  readonly from?: number;
  /** Number of the last line. Default: all. */
  readonly to?: number;
}
const line = numberThat('a number', (n) => !Number.isNaN(n));
const PRINT_OPTIONS: KindsOf<PrintOptions> = { from: line, to: line };

/**
 * The printed graph, one node a line: `%5 = conv2d(%3, %4) stride=[1 1] : f32[2, 8, 8, 4]  # blocks.0.conv1`.
 * Leaves show their name. `from` and `to` print only these lines.
 */
export const print = (roots: Roots, options: PrintOptions = {}): string => {
  checkOptions('print', options, PRINT_OPTIONS);
  const { from = 0, to = Infinity } = options;
  const nodes = walk(roots);
  const number = new Map(nodes.map((n, i) => [n, i]));
  const ref = (n: Tensor): string => `%${number.get(n)}`;
  const lines = nodes.flatMap((n, i) => {
    if (i < from || i > to) return [];
    const name = n.attributes['name'] === undefined ? '' : ` '${String(n.attributes['name'])}'`;
    const args = n.inputs.length === 0 ? name : `(${n.inputs.map(ref).join(', ')})`;
    return [
      `${ref(n)} = ${n.op}${args}${showAttributes(n)} : ${showType(n)}${n.path === '' || name !== '' ? '' : `  # ${n.path}`}`,
    ];
  });
  return [...lines, ...(to === Infinity ? [`return ${roots.map(ref).join(', ')}`] : [])].join('\n');
};
