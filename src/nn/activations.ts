import { ops } from '../ops/registry.js';
import type { Shape, Tensor } from '../tensor/tensor.js';
import { checkNumber, checkWord } from '../options.js';

/**
 * Activation functions: elementwise, of any shape. Those that are piecewise linear (relu, relu6, leakyRelu)
 * have a meaning in the path algebra, so that PX and SynFlow prune networks made of them; the others work
 * with all criteria that only differentiate.
 */

/** x with the shape type of `like`; the ops used here are elementwise, so the shape is the same. */
const shaped = <S extends Shape>(y: Tensor, _like: Tensor<S>): Tensor<S> => y as Tensor<S>;

/** 1 / (1 + e^-x) */
export const sigmoid = <S extends Shape>(x: Tensor<S>): Tensor<S> => ops.sigmoid(x);

export const tanh = <S extends Shape>(x: Tensor<S>): Tensor<S> => ops.tanh(x);

/** log(1 + e^x) */
export const softplus = <S extends Shape>(x: Tensor<S>): Tensor<S> => ops.softplus(x);

/** x sigmoid(x), also called swish (Elfwing et al. 2018). */
export const silu = <S extends Shape>(x: Tensor<S>): Tensor<S> => shaped(ops.mul(x, ops.sigmoid(x)), x);

/**
 * x Phi(x) with Phi the normal distribution (Hendrycks and Gimpel 2016): by the error function, or by the
 * approximation with tanh that some pre-trained networks were made with, x / 2 (1 + tanh(sqrt(2 / pi) (x +
 * 0.044715 x^3))).
 */
export const gelu = (form: 'exact' | 'tanh' = 'exact'): (<S extends Shape>(x: Tensor<S>) => Tensor<S>) => {
  checkWord('gelu: form', form, ['exact', 'tanh']);
  return <S extends Shape>(x: Tensor<S>): Tensor<S> => {
    const half = ops.mul(x, ops.scalar(0.5));
    const one = ops.scalar(1);
    if (form === 'exact') {
      const phi = ops.add(ops.erf(ops.mul(x, ops.scalar(Math.SQRT1_2))), one);
      return shaped(ops.mul(half, phi), x);
    }
    const cubic = ops.mul(x, ops.add(ops.mul(ops.mul(x, x), ops.scalar(0.044715)), one));
    const inner = ops.mul(cubic, ops.scalar(Math.sqrt(2 / Math.PI)));
    return shaped(ops.mul(half, ops.add(ops.tanh(inner), one)), x);
  };
};

/** x where x > 0, else slope x. */
export const leakyRelu = (slope = 0.01): (<S extends Shape>(x: Tensor<S>) => Tensor<S>) => {
  checkNumber('leakyRelu: slope', slope, Number.isFinite, 'a finite number; the usual one is 0.01');
  return (x) => shaped(ops.gate(x, ops.select(ops.step(x), ops.scalar(1), ops.scalar(slope))), x);
};

/** min(max(x, 0), 6), written as relu(x) - relu(x - 6), whose two gates the path algebra knows. */
export const relu6 = <S extends Shape>(x: Tensor<S>): Tensor<S> =>
  shaped(ops.sub(ops.relu(x), ops.relu(ops.sub(x, ops.scalar(6)))), x);

/** x relu6(x + 3) / 6 (Howard et al. 2019). */
export const hardswish = <S extends Shape>(x: Tensor<S>): Tensor<S> =>
  shaped(ops.mul(ops.mul(x, relu6(ops.add(x, ops.scalar(3)))), ops.scalar(1 / 6)), x);
