/**
 * Losses, each a scalar mean over all elements. Bone is rare in a volume, so the cross-entropy of the reconstruction is
 * paired with a soft Dice term, which does not count background.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, divide, multiply, subtract } from '../graph/ops/binary.ts';
import { lessThan } from '../graph/ops/lookup.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { abs, sigmoid, softplus } from '../graph/ops/unary.ts';

/** `mean (a - b)^2`. */
export function mse(a: Tensor, b: Tensor): Tensor {
  const d = subtract(a, b);
  return mean(multiply(d, d));
}

/** `mean |a - b|`. */
export function l1(a: Tensor, b: Tensor): Tensor {
  return mean(abs(subtract(a, b)));
}

/** Huber's loss with threshold 1: `mean d^2 / 2` where |d| < 1, else `|d| - 1/2`. */
export function smoothL1(a: Tensor, b: Tensor): Tensor {
  const d = abs(subtract(a, b));
  const near = lessThan(d, 1);
  const square = multiply(multiply(d, d), 0.5);
  return mean(add(multiply(near, square), multiply(subtract(1, near), subtract(d, 0.5))));
}

/** Cross-entropy of `sigmoid(logits)` against targets in [0, 1]: `mean softplus(x) - x y`, stable for any logit. */
export function bceWithLogits(logits: Tensor, target: Tensor): Tensor {
  return mean(subtract(softplus(logits), multiply(logits, target)));
}

/** `1 - 2 sum p y / (sum p + sum y)`, p = sigmoid(logits), per sample, then the mean; 0 is perfect. Shapes [N, ...]. */
export function softDice(logits: Tensor, target: Tensor): Tensor {
  const p = sigmoid(logits);
  const rest = logits.shape.map((_, i) => i).slice(1);
  const overlap = sum(multiply(p, target), rest);
  const total = add(sum(p, rest), sum(target, rest));
  return mean(subtract(1, divide(add(multiply(overlap, 2), 1), add(total, 1))));
}
