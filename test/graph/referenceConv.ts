/** The 3D convolution and its kernel's gradient by their defining sums, seven nested loops each. */
import type { Node } from '../../src/graph/graph.ts';
import type { ConvAttributes } from '../../src/graph/ops/conv3d.ts';
import { product } from './referenceMath.ts';

/** Calls `f` with the flat positions in x, w and y of every product of the convolution. */
function everyProduct(
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  { stride, before }: ConvAttributes,
  f: (xAt: number, wAt: number, yAt: number) => void,
): void {
  const [batch, inputs, depth, height, width] = x;
  const [outputs, , kd, kh, kw] = w;
  const [, , d2, h2, w2] = y;
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++)
        for (let p = 0; p < d2 * h2 * w2; p++) {
          const z0 = Math.floor(p / (h2 * w2)) * stride - before[0];
          const y0 = (Math.floor(p / w2) % h2) * stride - before[1];
          const x0 = (p % w2) * stride - before[2];
          const yAt = (n * outputs + o) * d2 * h2 * w2 + p;
          for (let c = 0; c < kd; c++)
            for (let b = 0; b < kh; b++)
              for (let a = 0; a < kw; a++) {
                const [zz, yy, xx] = [z0 + c, y0 + b, x0 + a];
                if (zz < 0 || yy < 0 || xx < 0 || zz >= depth || yy >= height || xx >= width) continue;
                const xAt = (((n * inputs + i) * depth + zz) * height + yy) * width + xx;
                f(xAt, (((o * inputs + i) * kd + c) * kh + b) * kw + a, yAt);
              }
        }
}

export function convolution([x, w, bias]: readonly Float64Array[], node: Node<never>): Float64Array {
  const [xs, ws] = node.inputs.map((t) => t.shape);
  const { shape } = node.outputs[0];
  const cells = product(shape.slice(2));
  const y = Float64Array.from(
    { length: product(shape) },
    (_, i) => bias?.[Math.floor(i / cells) % shape[1]] ?? 0,
  );
  everyProduct(xs, ws, shape, node.attributes, (xAt, wAt, yAt) => {
    y[yAt] += x[xAt] * w[wAt];
  });
  return y;
}

export function kernelGradient([x, dy]: readonly Float64Array[], node: Node<never>): Float64Array {
  const [xs, ys] = node.inputs.map((t) => t.shape);
  const { shape } = node.outputs[0];
  const dw = new Float64Array(product(shape));
  everyProduct(xs, shape, ys, node.attributes, (xAt, wAt, yAt) => {
    dw[wAt] += x[xAt] * dy[yAt];
  });
  return dw;
}
