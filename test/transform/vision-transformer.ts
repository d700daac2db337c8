import { gelu } from '../../src/nn/activations.js';
import { linear } from '../../src/nn/layers.js';
import { network, type Network } from '../../src/nn/network.js';
import { parameter } from '../../src/nn/parameter.js';
import { ops } from '../../src/ops/registry.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/**
 * A small Vision Transformer, its attention written with products of matrices, one for each image and head.
 */

type Matrix = Tensor<readonly [number, number]>;

const overRow = (x: Tensor, perRow: Tensor): Tensor => ops.broadcast(perRow, x.shape, [0]);

export const layerNorm =
  (name: string) =>
  (x: Matrix): Matrix => {
    const width = x.shape[1];
    const mean = (y: Tensor): Tensor => ops.mul(ops.sum(y, [1]), ops.scalar(1 / width));
    const centred = ops.sub(x, overRow(x, mean(x)));
    const scale = ops.rsqrt(ops.add(mean(ops.mul(centred, centred)), ops.scalar(1e-5)));
    const gamma = parameter(`${name}.weight`, [width], 'scale', { kind: 'constant', value: 1 });
    const beta = parameter(`${name}.bias`, [width], 'shift', { kind: 'constant', value: 0 });
    return ops.add(ops.mul(ops.mul(centred, overRow(x, scale)), gamma), beta) as Matrix;
  };

export const softmax = (x: Matrix): Matrix => {
  const e = ops.exp(ops.sub(x, overRow(x, ops.maximum(x, [1]))));
  return ops.div(e, overRow(x, ops.sum(e, [1]))) as Matrix;
};

const block = (x: Tensor, rows: readonly [number, number], columns: readonly [number, number]): Tensor =>
  ops.slice(x, [rows[0], columns[0]], [rows[1], columns[1]], [1, 1]);

/** Of [images * tokens, width]. */
export const attention =
  (name: string, tokens: number, heads: number) =>
  (x: Matrix): Matrix => {
    const [rows, width] = x.shape;
    const [q, k, v] = ['q', 'k', 'v'].map((part) =>
      linear(`${name}.${part}`, width)(x),
    ) as unknown as Matrix[];
    const size = width / heads;
    const images = Array.from({ length: rows / tokens }, (_, i) => {
      const own = Array.from({ length: heads }, (_head, h) => {
        const [qh, kh, vh] = [q!, k!, v!].map((t) =>
          block(t, [i * tokens, (i + 1) * tokens], [h * size, (h + 1) * size]),
        );
        const scores = ops.mul(ops.matmul(qh!, kh!, { transposeB: true }), ops.scalar(1 / Math.sqrt(size)));
        return ops.matmul(softmax(scores as Matrix), vh!);
      });
      return ops.concat(own, 1);
    });
    return linear(`${name}.out`, width)(ops.concat(images, 0) as Matrix) as Matrix;
  };

/** Of 8x8 images in four patches; one block. */
export const visionTransformer = (width = 4, heads = 2, classes = 3): Network =>
  network('vit', [8, 8, 2], (x) => {
    const patches = parameter('patches.weight', [width, 4, 4, 2], 'weight', {
      kind: 'kaimingNormal',
      fanIn: 32,
    });
    const geometry = { stride: [4, 4], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;
    const n = x.shape[0];
    const tokens = ops.reshape(ops.conv2d(x, patches, geometry), [n * 4, width]);
    const attended = ops.add(tokens, attention('attention', 4, heads)(layerNorm('norm1')(tokens)));
    const hidden = gelu()(linear('mlp.0', 2 * width)(layerNorm('norm2')(attended as Matrix)));
    const out = ops.add(attended, linear('mlp.1', width)(hidden));
    const mean = ops.mul(ops.sum(ops.reshape(out, [n, 4, width]), [1]), ops.scalar(1 / 4));
    return linear('head', classes)(mean as Matrix);
  }) as unknown as Network;
