/**
 * The checks every op must pass: ONNX Runtime gives the reference's values for both targets (values and gradients in one
 * model), and the gradient graph gives the central finite differences of the reference, in double precision.
 */
import { expect } from 'vitest';
import { gradients } from '../../src/graph/autodiff.ts';
import { type Emitted, emit } from '../../src/graph/emit.ts';
import { Graph, type Shape, type Target, type Tensor } from '../../src/graph/graph.ts';
import { multiply } from '../../src/graph/ops/binary.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { Session, value } from '../../src/runtime/session.ts';
import { evaluate } from './reference.ts';
import { product } from './referenceMath.ts';

export type Feeds = Record<string, Float32Array | Int32Array>;
export const TARGETS: readonly Target[] = ['cpu', 'portable'];

/** Standard normal numbers, in float32, the same in every run. */
export function normals(count: number, index = 0): Float32Array {
  const stream = new RandomStream(7, 'test/engine', index);
  return Float32Array.from({ length: count }, () => stream.normal());
}

/** Runs an emitted model once; inputs are fed by name, results come back by name. */
export async function runModel(
  { model, outputs }: Emitted,
  feeds: Record<string, { data: Float32Array | Int32Array; shape: Shape }>,
): Promise<Record<string, Float32Array>> {
  const session = await Session.create(model, { threads: 1 });
  const results = await session.run(
    Object.fromEntries(Object.entries(feeds).map(([k, f]) => [k, value(f.data, f.shape)])),
    Object.fromEntries(outputs.map((o) => [o, null])),
  );
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([k, v]) => [k, v.data as Float32Array]));
}

/** max |a - b| / max |b|: the error of `actual` where the largest value of the truth is 1. */
export function relativeError(actual: ArrayLike<number>, truth: ArrayLike<number>): number {
  expect(actual.length).toBe(truth.length);
  let [worst, largest] = [0, 1e-30];
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs(actual[i] - truth[i]);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    largest = Math.max(largest, Math.abs(truth[i]));
  }
  return worst / largest;
}

export interface CheckOptions {
  /** Float inputs to differentiate for; by default all. */
  wrt?: readonly string[];
  /** Fed values; by default standard normal. Int32 ones become int32 inputs. */
  feeds?: Feeds;
  /** Largest relative error of ONNX Runtime's float32; default 1e-5. */
  tolerance?: number;
  /** Largest relative error of the gradient graph against finite differences; default 1e-6. */
  gradientTolerance?: number;
  /** Elements of each input moved for finite differences (0: none); default 12. */
  samples?: number;
  targets?: readonly Target[];
}

/**
 * Builds `y` from inputs of the given shapes, takes the loss `sum y . r` for fixed random r, and checks values and gradients.
 * Returns the emitted models, so that a test can see which form was chosen.
 */
export async function checkOp(
  shapes: Record<string, Shape>,
  build: (t: Record<string, Tensor>) => Tensor,
  options: CheckOptions = {},
): Promise<Record<Target, Emitted>> {
  const { tolerance = 1e-5, gradientTolerance = 1e-6, samples = 12 } = options;
  const graph = new Graph();
  const feeds: Feeds = {};
  const tensors: Record<string, Tensor> = {};
  for (const [i, [name, shape]] of Object.entries(shapes).entries()) {
    feeds[name] = options.feeds?.[name] ?? normals(product(shape), i);
    tensors[name] = graph.input(name, shape, feeds[name] instanceof Int32Array ? 'int32' : 'float32');
  }
  const wrt = options.wrt ?? Object.keys(shapes).filter((name) => feeds[name] instanceof Float32Array);
  const y = build(tensors);
  const outputs: Record<string, Tensor> = { y };
  let loss: Tensor | undefined;
  if (wrt.length > 0) {
    loss = sum(multiply(y, graph.constant(normals(product(y.shape), 99), y.shape)));
    const found = gradients(
      loss,
      wrt.map((name) => tensors[name]),
    );
    for (const [i, name] of wrt.entries()) {
      if (found[i] === undefined) throw new Error(`no gradient reaches ${name}`);
      outputs[`d_${name}`] = found[i]!;
    }
  }
  const names = Object.keys(outputs);
  const truth = evaluate(Object.values(outputs), feeds);
  const emitted = {} as Record<Target, Emitted>;
  for (const target of options.targets ?? TARGETS) {
    emitted[target] = emit(graph, { outputs, target });
    const folded = target === 'cpu' ? [emit(graph, { outputs, target, layout: 'folded' })] : [];
    for (const [form, model] of [emitted[target], ...folded].entries()) {
      const used = Object.entries(shapes).filter(([name]) => model.inputs.includes(name));
      const results = await runModel(
        model,
        Object.fromEntries(used.map(([name, shape]) => [name, { data: feeds[name], shape }])),
      );
      for (const [i, name] of names.entries())
        expect(
          relativeError(results[name], truth[i]),
          `${name}, ${target}${form === 1 ? ', folded' : ''}`,
        ).toBeLessThan(tolerance);
    }
  }
  if (loss !== undefined && samples > 0)
    for (const name of wrt) {
      const { moved, differences } = finiteDifferences(loss, feeds, name, samples);
      const whole = truth[names.indexOf(`d_${name}`)];
      const own = moved.map((i) => whole[i]);
      // Scaled by the whole gradient: the moved elements may happen to be its small ones.
      const scale = whole.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
      for (const [k, d] of differences.entries())
        expect(Math.abs(own[k] - d) / scale, `d loss / d ${name}[${moved[k]}]`).toBeLessThan(
          gradientTolerance,
        );
    }
  return emitted;
}

/** (loss(x + h e_i) - loss(x - h e_i)) / 2h for up to `samples` elements i, spread over the input. */
export function finiteDifferences(loss: Tensor, feeds: Feeds, name: string, samples: number) {
  const base = Float64Array.from(feeds[name]);
  const count = Math.min(samples, base.length);
  const moved = Array.from({ length: count }, (_, k) => Math.floor((k * base.length) / count));
  const differences = moved.map((i) => {
    const h = 1e-5 * Math.max(1, Math.abs(base[i]));
    const at = (delta: number) => {
      const x = base.slice();
      x[i] += delta;
      return evaluate([loss], { ...feeds, [name]: x })[0][0];
    };
    return (at(h) - at(-h)) / (2 * h);
  });
  return { moved, differences };
}
