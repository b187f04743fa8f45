/**
 * The only door to ONNX Runtime: a model's bytes become a `Session` that runs typed arrays. Settings are those measured
 * best for our graphs: no memory pattern (it almost doubles the peak of a training step), no profiling, two threads or as
 * many as the machine has. The execution provider is a setting, never another code path; what differs in a browser is in
 * `backend.ts`.
 */
import type * as ort from 'onnxruntime-node';
import { CranioflowError, ShapeError } from '../errors.ts';
import { type DType, describe, elements, type Shape } from '../graph/graph.ts';
import { defaultThreads, providerOf, runtime } from './backend.ts';

export type Device = 'cpu' | 'cuda' | 'webgpu';

export interface SessionOptions {
  device?: Device;
  /** Threads inside an operator; all cores by default. */
  threads?: number;
  /** Keep freed memory for the next tensor (default). Without, each goes back to the system: less where tensors are huge. */
  arena?: boolean;
}

export type Value = ort.Tensor;

/** What a model says of one of its inputs or outputs; a dimension that the model leaves open has a name or is negative. */
export interface Port {
  name: string;
  /** 'float32', 'int64', ...; 'other' for what is no tensor. */
  type: string;
  shape: readonly (number | string)[];
}

/** ONNX Runtime refused a model or failed to run it: a device that is not there, memory, an index out of range. */
export class RuntimeError extends CranioflowError {
  readonly tag = 'runtime';
}

/** Wraps an array as a runtime value; the array is shared, not copied. Throws `ShapeError` when it does not fill `shape`. */
export function value(data: Float32Array | Int32Array, shape: Shape): Value {
  const type: DType = data instanceof Float32Array ? 'float32' : 'int32';
  if (data.length !== elements(shape))
    throw new ShapeError({
      found: `${data.length} numbers for a value ${describe({ dtype: type, shape })}`,
      expected: `${elements(shape)} numbers`,
      todo: 'give the array the length of its shape',
    });
  return new (runtime().Tensor)(type as 'float32', data as Float32Array, shape as number[]);
}

/** A model ready to run. */
export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /**
   * Compiles a model; takes about 0.3 ms a node. A path opens a file, and weights that lie in files beside it. Throws
   * `RuntimeError` when the device or the model is refused.
   */
  static async create(model: Uint8Array | string, options: SessionOptions = {}): Promise<Session> {
    const { device = 'cpu' } = options;
    try {
      // Two overloads of one function.
      const session = await runtime().InferenceSession.create(model as string, {
        executionProviders: [providerOf(device)],
        graphOptimizationLevel: 'all',
        enableMemPattern: false,
        enableCpuMemArena: options.arena ?? true,
        intraOpNumThreads: options.threads ?? defaultThreads(),
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: FATAL,
      });
      return new Session(session);
    } catch (cause) {
      throw new RuntimeError(
        {
          found: `ONNX Runtime cannot open this model on the device '${device}': ${message(cause)}`,
          expected: "a whole ONNX model and a device this machine has ('cpu' always works)",
          todo:
            device === 'cpu' ? 'make the model file again' : `install what '${device}' needs, or use 'cpu'`,
        },
        { cause },
      );
    }
  }

  /** What the model wants to be fed. */
  get inputs(): Port[] {
    return this.#session.inputMetadata.map(port);
  }

  /** What the model gives. */
  get outputs(): Port[] {
    return this.#session.outputMetadata.map(port);
  }

  /**
   * Runs the model. Results named in `into` are written into those values in place; those with null are new. Throws
   * `ShapeError` for a value that is missing, of another shape or type, and `RuntimeError` where the run itself fails.
   */
  async run(
    feeds: Record<string, Value>,
    into: Record<string, Value | null>,
  ): Promise<Record<string, Value>> {
    checkValues('input', this.#session.inputMetadata, feeds);
    const wanted = this.#session.outputMetadata.filter(({ name }) => name in into);
    checkValues('output', wanted, into);
    for (const name of Object.keys(into))
      if (!this.#session.outputNames.includes(name))
        throw new ShapeError({
          found: `no output '${name}' in the model`,
          expected: `outputs among ${this.#session.outputNames.join(', ')}`,
          todo: 'ask for an output the model has',
        });
    try {
      return (await this.#session.run(feeds, into)) as Record<string, Value>;
    } catch (cause) {
      throw new RuntimeError(
        {
          found: `ONNX Runtime failed to run the model: ${message(cause)}`,
          expected: 'indices in range and memory enough for the batch',
          todo: 'check the values fed; if memory was short, take a smaller batch',
        },
        { cause },
      );
    }
  }

  /** Frees the native memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** ONNX Runtime's own messages go into our errors; only what ends the process is printed besides. */
const FATAL = 4;

const port = (m: ort.InferenceSession.ValueMetadata): Port =>
  m.isTensor ? { name: m.name, type: m.type, shape: m.shape } : { name: m.name, type: 'other', shape: [] };

/** Whether a value of these sizes fits a shape whose open dimensions are names or negative. */
const fits = (dims: readonly number[], shape: readonly (number | string)[]): boolean =>
  dims.length === shape.length && shape.every((d, i) => typeof d === 'string' || d < 0 || d === dims[i]);

const message = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)).trim();

/** Throws `ShapeError` unless every value that `metadata` names is there (an output may be null) and has its shape. */
function checkValues(
  kind: 'input' | 'output',
  metadata: readonly ort.InferenceSession.ValueMetadata[],
  values: Readonly<Record<string, Value | null>>,
): void {
  for (const m of metadata) {
    const v = values[m.name];
    if (!m.isTensor || (v === null && kind === 'output')) continue;
    const shape = m.shape as Shape;
    if (v?.type === m.type && fits(v.dims, m.shape)) continue;
    throw new ShapeError({
      found: `${kind} '${m.name}' is ${v == null ? 'missing' : describe({ dtype: v.type as DType, shape: v.dims })}`,
      expected: describe({ dtype: m.type as DType, shape }),
      todo: 'feed the model the values it was built for',
    });
  }
}
