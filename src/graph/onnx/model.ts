/**
 * ONNX messages: nodes, attributes, constants and value descriptions gathered by an `OnnxBuilder` and written as one
 * ModelProto. Opset 18 and IR version 9 are read by onnxruntime-node and onnxruntime-web alike; `com.microsoft` 1 is
 * declared for the fused operators that the CPU target may use. Field numbers: onnx.proto3 (Apache-2.0, a public format).
 */
import { Message } from './protobuf.ts';

export const OPSET_VERSION = 18;
export const IR_VERSION = 9;

export type DType = 'float32' | 'int32' | 'int64' | 'bool';

const ELEMENT_TYPE: Record<DType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { float: number }
  | { floats: readonly number[] };

/** A whole number, string or list of whole numbers as is; floats as `{float: 0.5}` so that 1.0 is not taken for 1. */
function attribute(name: string, value: AttributeValue): Message {
  const m = new Message().string(1, name);
  if (typeof value === 'number') return m.int(3, value).int(20, 2);
  if (typeof value === 'string') return m.string(4, value).int(20, 3);
  if ('float' in value) return m.float(2, value.float).int(20, 1);
  if ('floats' in value) {
    for (const f of value.floats) m.float(7, f);
    return m.int(20, 6);
  }
  for (const i of value) m.int(8, i);
  return m.int(20, 7);
}

function valueInfo(name: string, dtype: DType, shape: readonly number[]): Message {
  const dims = new Message();
  for (const d of shape) dims.message(1, new Message().int(1, d));
  const tensor = new Message().int(1, ELEMENT_TYPE[dtype]).message(2, dims);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** Collects the parts of one ONNX graph. Values that a caller names are reserved first; all others get fresh names. */
export class OnnxBuilder {
  readonly #graph = new Message();
  readonly #constants = new Map<string, string>();
  readonly #taken = new Set<string>();
  #counter = 0;
  nodeCount = 0;

  /** Takes a name out of the fresh ones; false when it was taken before. */
  reserve(name: string): boolean {
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }

  /** A fresh value name with a readable prefix. */
  fresh(prefix: string): string {
    let name = `${prefix}_${this.#counter++}`;
    while (this.#taken.has(name)) name = `${prefix}_${this.#counter++}`;
    return name;
  }

  input(name: string, dtype: DType, shape: readonly number[]): void {
    this.#graph.message(11, valueInfo(name, dtype, shape));
  }

  output(name: string, dtype: DType, shape: readonly number[]): void {
    this.#graph.message(12, valueInfo(name, dtype, shape));
  }

  /** Adds a node with `outputs` as its result names (an empty string leaves an optional one out). */
  nodeInto(
    outputs: readonly string[],
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): void {
    const m = new Message();
    for (const i of inputs) m.string(1, i);
    for (const o of outputs) m.string(2, o);
    m.string(3, `${type}_${this.nodeCount++}`).string(4, type);
    for (const [name, value] of Object.entries(attributes)) m.message(5, attribute(name, value));
    if (domain !== '') m.string(7, domain);
    this.#graph.message(1, m);
  }

  /** Adds a node of one result and returns the result's name. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): string {
    const out = this.fresh(type.toLowerCase());
    this.nodeInto([out], type, inputs, attributes, domain);
    return out;
  }

  /** A named constant tensor. */
  initializer(name: string, dtype: DType, shape: readonly number[], data: ConstantData): void {
    const m = new Message();
    for (const d of shape) m.int(1, d);
    m.int(2, ELEMENT_TYPE[dtype]).string(8, name);
    m.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#graph.message(5, m);
  }

  /** A constant of 64-bit integers, as ONNX wants for shapes and axes; equal ones are shared. */
  int64(values: readonly number[], scalar = false): string {
    const key = `i${scalar ? 's' : ''}:${values.join(',')}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.fresh('shape');
      this.initializer(name, 'int64', scalar ? [] : [values.length], BigInt64Array.from(values, BigInt));
      this.#constants.set(key, name);
    }
    return name;
  }

  /** A float32 scalar constant; equal ones are shared. */
  float(value: number): string {
    const key = `f:${value}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.fresh('scalar');
      this.initializer(name, 'float32', [], new Float32Array([value]));
      this.#constants.set(key, name);
    }
    return name;
  }

  /** The bytes of the ModelProto. */
  finish(graphName: string): Uint8Array {
    this.#graph.string(2, graphName);
    return new Message()
      .int(1, IR_VERSION)
      .string(2, 'cranioflow')
      .message(7, this.#graph)
      .message(8, new Message().string(1, '').int(2, OPSET_VERSION))
      .message(8, new Message().string(1, 'com.microsoft').int(2, 1))
      .finish();
  }
}
