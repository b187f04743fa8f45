/**
 * The tensor graph: nodes of static shape, in the order they were added, each an application of an operator (`Op`).
 * A graph is built once by plain functions (`conv3d(x, w)`), differentiated (`autodiff.ts`), and emitted as ONNX
 * (`emit.ts`); it holds no values but its constants. Shapes are inferred, and refused, the moment an op is added.
 *
 * Parameters are named leaves. Their values live outside: one flat float32 vector in training (so that Adam, EMA,
 * clipping and checkpoints are one operation each), baked constants when sampling.
 */
import { ShapeError } from '../errors.ts';
import type { ConstantData, DType, OnnxBuilder } from './onnx/model.ts';

export type { DType } from './onnx/model.ts';
export type Shape = readonly number[];

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value of the graph: one output of one node. */
export interface Tensor extends TensorType {
  readonly graph: Graph;
  readonly node: Node;
  readonly output: number;
}

/** What a lowering may know beside its node: the value names, and which fused operators the target has. */
export interface Lowering {
  readonly builder: OnnxBuilder;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Which of the outputs anything else needs. */
  readonly used: readonly boolean[];
  readonly target: Target;
}

/** `cpu` may use com.microsoft's fused operators; `portable` only standard ONNX. */
export type Target = 'cpu' | 'portable';

/**
 * The form of an operator on volumes *folded* to [N, D, C, H, W] in memory: depth beside the batch, so that slices can be
 * taken as a batch of pictures. Shapes in the graph stay [N, C, D, H, W]. Outputs of rank 5 come out folded.
 */
export interface FoldedForm<A> {
  /** Worth folding the operands for; otherwise an op takes this form only where an operand is folded already. */
  leads?(node: Node<A>): boolean;
  /** The operands that must be folded; none: this node has no folded form. */
  volumes(node: Node<A>): readonly number[];
  /** Writes ONNX nodes as `Op.lower` does. */
  lower(node: Node<A>, lowering: Lowering): void;
}

/** An operator: its shape rule, its gradient and its form in ONNX. `A` is the type of its attributes. */
export interface Op<A = unknown> {
  readonly type: string;
  /** The result types, or a `ShapeError` naming what does not fit. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /** Gradients for the inputs, given those of the outputs (`undefined`: does not reach the loss). Absent: a dead end. */
  gradient?(node: Node<A>, outputs: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[];
  /**
   * For cheap ops on large values: the same outputs, computed anew from what is kept anyway, by nodes unlike the first
   * ones (the runtime merges equal nodes). The backward pass then uses these, and the first values need not be kept.
   */
  recompute?(node: Node<A>, inputs: readonly Tensor[]): readonly Tensor[];
  /** Writes ONNX nodes that produce `lowering.outputs` from `lowering.inputs`. Absent: a leaf, bound by the emitter. */
  lower?(node: Node<A>, lowering: Lowering): void;
  /** The form on folded volumes. Absent: operands are unfolded first. */
  readonly folded?: FoldedForm<A>;
}

export interface Node<A = unknown> {
  readonly id: number;
  readonly op: Op<A>;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly outputs: readonly Tensor[];
}

/** How a parameter starts: zeros, ones, or uniform in +-bound. */
export type Initialiser = { kind: 'zeros' } | { kind: 'ones' } | { kind: 'uniform'; bound: number };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Initialiser;
  /** First element in the flat vector of all parameters. */
  readonly offset: number;
}

interface LeafAttributes {
  name: string;
  type: TensorType;
}

const leaf = (type: string): Op<LeafAttributes> => ({ type, infer: (_, a) => [a.type] });
export const INPUT = leaf('input');
export const PARAMETER = leaf('parameter');
export const FLAT_PARAMETERS = leaf('flatParameters');
export const CONSTANT: Op<{ type: TensorType; data: ConstantData }> = {
  type: 'constant',
  infer: (_, a) => [a.type],
};

/** Number of elements of a shape. */
export function elements(shape: Shape): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** `float32 [2, 8, 4]`, for messages. */
export function describe(type: TensorType): string {
  return `${type.dtype} [${type.shape.join(', ')}]`;
}

/** True when every type is float32, as most operators want. */
export function allFloat(types: readonly TensorType[]): boolean {
  return types.every((t) => t.dtype === 'float32');
}

/** The `ShapeError` of op `type` on `inputs`: every operand with its shape, and the rule that was broken. */
export function shapeError(type: string, inputs: readonly TensorType[], expected: string): ShapeError {
  return new ShapeError({
    found: `${type}(${inputs.map(describe).join(', ')})`,
    expected,
    todo: 'check the shapes of the operands where the graph is built',
  });
}

/**
 * The `gradient` of an operator that is itself a derivative: refuses a second differentiation, which an absent gradient
 * would silently take for zero.
 */
export function onceDifferentiable(node: Node<never>): never {
  throw shapeError(node.op.type, node.inputs, 'one differentiation only: second derivatives are not built');
}

/** A tensor graph under construction. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly #parameters = new Map<string, { spec: ParameterSpec; tensor: Tensor }>();
  readonly #inputs = new Map<string, Tensor>();
  readonly #scalars = new Map<number, Tensor>();
  #parameterCount = 0;
  #flat: Tensor | undefined;

  /** Appends a node; throws `ShapeError` when the op refuses its inputs. */
  add<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): readonly Tensor[] {
    for (const t of inputs)
      if (t.graph !== this) throw shapeError(op.type, inputs, 'operands that all belong to one graph');
    const types = op.infer(inputs, attributes);
    for (const { shape } of types)
      if (shape.some((d) => !Number.isInteger(d) || d < 1))
        throw shapeError(op.type, inputs, `a result of whole sizes, 1 or more, not [${shape.join(', ')}]`);
    const outputs: Tensor[] = [];
    const node: Node<A> = { id: this.nodes.length, op, inputs, attributes, outputs };
    for (const [output, type] of types.entries())
      outputs.push({ shape: type.shape, dtype: type.dtype, graph: this, node: node as Node, output });
    this.nodes.push(node as Node);
    return outputs;
  }

  /** A value fed at run time. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
    if (this.#inputs.has(name))
      throw shapeError('input', [{ shape, dtype }], `a new name, not '${name}' again`);
    const tensor = this.add(INPUT, [], { name, type: { shape, dtype } })[0];
    this.#inputs.set(name, tensor);
    return tensor;
  }

  /** A trained float32 tensor; asking twice for a name gives the same tensor, and its shape must agree. */
  parameter(name: string, shape: Shape, init: Initialiser): Tensor {
    const known = this.#parameters.get(name);
    if (known !== undefined) {
      if (known.spec.shape.join() === shape.join()) return known.tensor;
      throw shapeError(
        `parameter ${name}`,
        [known.tensor, { shape, dtype: 'float32' }],
        'one shape for one name',
      );
    }
    if (this.#flat !== undefined)
      throw shapeError(`parameter ${name}`, [this.#flat], 'all parameters declared before flatParameters()');
    const tensor = this.add(PARAMETER, [], { name, type: { shape, dtype: 'float32' } })[0];
    this.#parameters.set(name, { spec: { name, shape, init, offset: this.#parameterCount }, tensor });
    this.#parameterCount += elements(shape);
    return tensor;
  }

  /** All parameters as one vector; closes the list of parameters. */
  flatParameters(): Tensor {
    this.#flat ??= this.add(FLAT_PARAMETERS, [], {
      name: 'parameters',
      type: { shape: [this.#parameterCount], dtype: 'float32' },
    })[0];
    return this.#flat;
  }

  /** A constant tensor. */
  constant(data: ConstantData, shape: Shape): Tensor {
    const dtype: DType =
      data instanceof Float32Array
        ? 'float32'
        : data instanceof Int32Array
          ? 'int32'
          : data instanceof BigInt64Array
            ? 'int64'
            : 'bool';
    if (elements(shape) !== data.length)
      throw shapeError('constant', [{ shape, dtype }], `${data.length} elements, as many as the data has`);
    return this.add(CONSTANT, [], { type: { shape, dtype }, data })[0];
  }

  /** A float32 constant of rank 0; equal ones are shared. */
  scalar(value: number): Tensor {
    let tensor = this.#scalars.get(value);
    if (tensor === undefined) {
      tensor = this.constant(new Float32Array([value]), []);
      this.#scalars.set(value, tensor);
    }
    return tensor;
  }

  get parameters(): ParameterSpec[] {
    return [...this.#parameters.values()].map((p) => p.spec);
  }

  get parameterTensors(): Tensor[] {
    return [...this.#parameters.values()].map((p) => p.tensor);
  }

  get parameterCount(): number {
    return this.#parameterCount;
  }
}
