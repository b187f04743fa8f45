/** Compares a piece of network with PyTorch's values and gradients (scripts/make_torch_fixtures.py). */
import { expect } from 'vitest';
import { readSafetensors } from '../../src/files/safetensorsFile.ts';
import { gradients } from '../../src/graph/autodiff.ts';
import { emit, PARAMETERS_INPUT } from '../../src/graph/emit.ts';
import { Graph, type Tensor } from '../../src/graph/graph.ts';
import { multiply } from '../../src/graph/ops/binary.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { Scope } from '../../src/nn/scope.ts';
import { relativeError, runModel, TARGETS } from '../graph/checks.ts';

interface Stored {
  data: Float32Array | Int32Array;
  shape: readonly number[];
}

/** The tensors of one fixture file by name. */
export function fixture(file: string) {
  const { tensors, metadata } = readSafetensors(
    new URL(`../fixtures/torch/${file}`, import.meta.url).pathname,
  );
  const get = (name: string): Stored => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`${file} has no ${name}`);
    return found as Stored;
  };
  return { get, has: (name: string) => tensors.has(name), names: [...tensors.keys()], metadata };
}

export type Fixture = ReturnType<typeof fixture>;

/**
 * Case `name` of a fixture: `inputs` become inputs of the graph, `parameters` (parameter name -> operand name) weights.
 * Values and all gradients that PyTorch gave must agree, on both targets.
 */
export async function compareWithTorch(
  { get, has }: Fixture,
  name: string,
  inputs: readonly string[],
  parameters: Readonly<Record<string, string>>,
  build: (s: Scope, t: Record<string, Tensor>) => Tensor,
  tolerance = 1e-5,
): Promise<void> {
  const graph = new Graph();
  const feeds: Record<string, Stored> = {};
  const tensors: Record<string, Tensor> = {};
  for (const input of inputs) {
    feeds[input] = get(`${name}/${input}`);
    const dtype = feeds[input].data instanceof Int32Array ? 'int32' : 'float32';
    tensors[input] = graph.input(input, feeds[input].shape, dtype);
  }
  const y = build(new Scope(graph), tensors);
  expect(y.shape).toEqual([...get(`${name}/y`).shape]);
  expect(graph.parameters.map((p) => p.name).sort()).toEqual(Object.keys(parameters).sort());
  const flat = graph.parameters.flatMap((p) => [...get(`${name}/${parameters[p.name]}`).data]);
  if (flat.length > 0) feeds[PARAMETERS_INPUT] = { data: Float32Array.from(flat), shape: [flat.length] };

  const dy = has(`${name}/dy`) ? graph.constant(get(`${name}/dy`).data as Float32Array, y.shape) : undefined;
  const loss = dy === undefined ? y : sum(multiply(y, dy));
  const wrt = [
    ...inputs.map((input) => ({ operand: input, tensor: tensors[input] })),
    ...graph.parameters.map((p, i) => ({ operand: parameters[p.name], tensor: graph.parameterTensors[i] })),
  ].filter(({ operand }) => has(`${name}/d_${operand}`));
  const found = gradients(
    loss,
    wrt.map((w) => w.tensor),
  );
  const outputs = {
    result: y,
    ...Object.fromEntries(wrt.map(({ operand }, i) => [`d_${operand}`, found[i]!])),
  };
  for (const target of TARGETS) {
    const results = await runModel(emit(graph, { outputs, target }), feeds);
    for (const [key, values] of Object.entries(results)) {
      const truth = get(`${name}/${key === 'result' ? 'y' : key}`);
      expect(relativeError(values, truth.data), `${name}/${key}, ${target}`).toBeLessThan(tolerance);
    }
  }
}
