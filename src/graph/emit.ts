/**
 * From graph to ONNX: the nodes that the outputs need, lowered in order. Parameters are bound in one of two ways:
 * *flat*, one input vector that is split inside the model (training: the values change every step), or *baked*, one
 * constant each (sampling: the runtime may pack them once).
 */
import { ShapeError } from '../errors.ts';
import {
  CONSTANT,
  describe,
  elements,
  FLAT_PARAMETERS,
  type Graph,
  INPUT,
  type Node,
  PARAMETER,
  type Target,
  type Tensor,
} from './graph.ts';
import { OnnxBuilder } from './onnx/model.ts';

export interface EmitOptions {
  /** Named results, in order. */
  outputs: Record<string, Tensor>;
  /** Values of the parameters by name, to bake them in; left out, they are the input `parameters` [P]. */
  weights?: ReadonlyMap<string, Float32Array>;
  target?: Target;
  /**
   * `folded`: volumes lie as [N, D, C, H, W] wherever that is faster. For baked weights, which the runtime packs once; inputs
   * and outputs of the model stay as they are.
   */
  layout?: 'plain' | 'folded';
  name?: string;
}

export interface Emitted {
  model: Uint8Array;
  inputs: string[];
  outputs: string[];
  nodeCount: number;
}

/** The name of the flat parameter vector among the model's inputs. */
export const PARAMETERS_INPUT = 'parameters';

/**
 * Writes the part of `graph` that `outputs` need as an ONNX model. Throws `ShapeError` when a weight to bake is missing or
 * misshaped, when the flat vector itself is needed but weights are baked, or when two named values share a name.
 */
export function emit(
  graph: Graph,
  { outputs, weights, target = 'cpu', layout = 'plain', name = 'cranioflow' }: EmitOptions,
): Emitted {
  const b = new OnnxBuilder();
  const { needed, used } = neededFor(Object.values(outputs));
  const values = new Values(b);
  const inputs: string[] = [];
  const addInput = (t: Tensor, input: string) => {
    b.input(input, t.dtype, t.shape);
    inputs.push(input);
  };

  const ops = new Set<unknown>([...needed].map((n) => n.op));
  if (weights !== undefined && ops.has(FLAT_PARAMETERS))
    throw new ShapeError({
      found: 'weights to bake into a graph that uses the flat parameter vector',
      expected: 'outputs that need only parameters by name, as a sampling graph does',
      todo: 'emit this graph without weights, and feed the vector',
    });
  const flat = weights === undefined && (ops.has(PARAMETER) || ops.has(FLAT_PARAMETERS));
  reserveNames(b, [
    ...(flat ? [PARAMETERS_INPUT] : []),
    ...graph.nodes
      .filter(
        (n) => needed.has(n) && (n.op === (INPUT as unknown) || (!flat && n.op === (PARAMETER as unknown))),
      )
      .map((n) => (n.attributes as { name: string }).name),
    ...Object.keys(outputs),
  ]);
  if (flat) bindFlat(graph, b, values, addInput);

  for (const node of graph.nodes) {
    if (!needed.has(node)) continue;
    const out = node.outputs[0];
    const op = node.op as unknown;
    if (op === INPUT) {
      const input = (node.attributes as { name: string }).name;
      addInput(out, input);
      values.set(out, input);
    } else if (op === PARAMETER) {
      if (weights !== undefined) bake(b, node, weights, values);
    } else if (op === CONSTANT) {
      const constant = b.fresh('constant');
      b.initializer(constant, out.dtype, out.shape, (node.attributes as { data: Float32Array }).data);
      values.set(out, constant);
    } else if (op !== FLAT_PARAMETERS) {
      const fold = layout === 'folded' ? volumesToFold(node, values) : [];
      const inputNames = node.inputs.map((t, i) => values.get(t, fold.includes(i)));
      const outputNames = node.outputs.map((t) => {
        const value = b.fresh(node.op.type);
        values.set(t, value, fold.length > 0 && t.shape.length === 5);
        return value;
      });
      (fold.length > 0 ? node.op.folded! : node.op).lower!(node, {
        builder: b,
        inputs: inputNames,
        outputs: outputNames,
        used: node.outputs.map((t) => used.has(t)),
        target,
      });
    }
  }
  for (const [output, tensor] of Object.entries(outputs)) {
    b.nodeInto([output], 'Identity', [values.get(tensor)]);
    b.output(output, tensor.dtype, tensor.shape);
  }
  return { model: b.finish(name), inputs, outputs: Object.keys(outputs), nodeCount: b.nodeCount };
}

function reserveNames(b: OnnxBuilder, names: readonly string[]): void {
  for (const name of names)
    if (!b.reserve(name))
      throw new ShapeError({
        found: `two values of the model named '${name}'`,
        expected: 'different names for inputs, parameters and outputs',
        todo: 'rename one of them',
      });
}

/** Splits the flat parameter vector into its tensors, in the order they were declared. */
function bindFlat(
  graph: Graph,
  b: OnnxBuilder,
  values: Values,
  addInput: (t: Tensor, n: string) => void,
): void {
  const vector = graph.flatParameters();
  addInput(vector, PARAMETERS_INPUT);
  values.set(vector, PARAMETERS_INPUT);
  const parts = graph.parameters.map((p) => b.fresh(p.name));
  const sizes = graph.parameters.map((p) => elements(p.shape));
  b.nodeInto(parts, 'Split', [PARAMETERS_INPUT, b.int64(sizes)], { axis: 0 });
  for (const [i, t] of graph.parameterTensors.entries())
    values.set(t, b.node('Reshape', [parts[i], b.int64(t.shape)]));
}

function bake(b: OnnxBuilder, node: Node, weights: ReadonlyMap<string, Float32Array>, values: Values): void {
  const { name } = node.attributes as { name: string };
  const out = node.outputs[0];
  const data = weights.get(name);
  if (data === undefined || data.length !== elements(out.shape))
    throw new ShapeError({
      found: `${data === undefined ? 'no weight' : `a weight of ${data.length} numbers`} for the parameter ${name}`,
      expected: `${describe(out)}, ${elements(out.shape)} numbers`,
      todo: 'load the weights of a model of this configuration',
    });
  b.initializer(name, 'float32', out.shape, data);
  values.set(out, name);
}

/** The operands of a node to fold: those of its folded form, where it leads or one of them is folded already. */
function volumesToFold(node: Node, values: Values): readonly number[] {
  const volumes = node.op.folded?.volumes(node) ?? [];
  return node.op.folded?.leads?.(node) || volumes.some((i) => values.isFolded(node.inputs[i])) ? volumes : [];
}

/** The names of the model's values; a volume may exist as [N, C, D, H, W], folded, or, when both are asked for, both. */
class Values {
  readonly #builder: OnnxBuilder;
  readonly #plain = new Map<Tensor, string>();
  readonly #folded = new Map<Tensor, string>();

  constructor(builder: OnnxBuilder) {
    this.#builder = builder;
  }

  set(t: Tensor, name: string, folded = false): void {
    (folded ? this.#folded : this.#plain).set(t, name);
  }

  isFolded(t: Tensor): boolean {
    return this.#folded.has(t);
  }

  get(t: Tensor, folded = false): string {
    const [here, there] = folded ? [this.#folded, this.#plain] : [this.#plain, this.#folded];
    let name = here.get(t);
    if (name === undefined) {
      // Exchanging C and D is its own inverse.
      name = this.#builder.node('Transpose', [there.get(t)!], { perm: [0, 2, 1, 3, 4] });
      here.set(t, name);
    }
    return name;
  }
}

/** The nodes that the outputs rest on, and which of their results are asked for. */
function neededFor(outputs: readonly Tensor[]): { needed: Set<Node>; used: Set<Tensor> } {
  const needed = new Set<Node>();
  const used = new Set<Tensor>(outputs);
  const todo = outputs.map((t) => t.node);
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    for (const t of node.inputs) {
      used.add(t);
      todo.push(t.node);
    }
  }
  return { needed, used };
}
