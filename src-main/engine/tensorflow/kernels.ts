import * as tf from '@tensorflow/tfjs-core';
import { type Operator, sameShape, size } from '../graph.ts';

/** Each operator of the graph in terms of tfjs-core. Products are given explicitly transposed operands, since the transpose flags are slow. */

type Computed = Exclude<Operator, { kind: 'input' | 'constant' }>;

/** @param shape of the result. */
export function execute(operator: Computed, operands: readonly tf.Tensor[], shape: number[]): tf.Tensor {
  const [a, b, c] = operands;
  const last = a.rank - 1;
  switch (operator.kind) {
    case 'add':
      return tf.add(a, b);
    case 'subtract':
      return tf.sub(a, b);
    case 'multiply':
      return tf.mul(a, b);
    case 'divide':
      return tf.div(a, b);
    case 'negate':
      return tf.neg(a);
    case 'exp':
      return tf.exp(a);
    case 'log':
      return tf.log(a);
    case 'sqrt':
      return tf.sqrt(a);
    case 'erf':
      return tf.erf(a);
    case 'normalCumulative':
      return normalCumulative(a);
    case 'gelu':
      return tf.mul(a, normalCumulative(a));
    case 'matmul':
      return matmul(a, b, shape);
    case 'transpose':
      return tf.transpose(a, [...operator.order]);
    case 'reshape':
      return tf.reshape(a, shape);
    case 'expand':
      return tf.broadcastTo(a, shape);
    case 'concat':
      return tf.concat([...operands], operator.axis);
    case 'slice': {
      const begin = a.shape.map((_, axis) => (axis === operator.axis ? operator.start : 0));
      return tf.slice(a, begin, shape);
    }
    case 'pad': {
      const amounts = a.shape.map((_, axis): [number, number] =>
        axis === operator.axis ? [operator.before, operator.after] : [0, 0],
      );
      return tf.pad(a, amounts);
    }
    case 'sum':
      return tf.sum(a, [...operator.axes], true);
    case 'max':
      return tf.max(a, operator.axis, true);
    case 'softmax':
      return tf.softmax(a);
    case 'logSoftmax':
      return tf.logSoftmax(a);
    case 'layerNorm': {
      const { mean, variance } = tf.moments(a, last, true);
      const normalised = tf.div(tf.sub(a, mean), tf.sqrt(tf.add(variance, operator.epsilon)));
      return tf.add(tf.mul(normalised, b), c);
    }
    case 'inverseDeviation': {
      const { variance } = tf.moments(a, last, true);
      return tf.div(1, tf.sqrt(tf.add(variance, operator.epsilon)));
    }
  }
}

function normalCumulative(x: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5);
}

/** tfjs-core computes wrong values where both batches have extents to repeat, so those are repeated before. */
function matmul(a: tf.Tensor, b: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const batch = shape.slice(0, -2);
  const whole = (x: tf.Tensor) => {
    const own = x.shape.slice(0, -2);
    return size(own) === 1 || sameShape(own, batch) ? x : tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  };
  return tf.matMul(whole(a), whole(b));
}
