/**
 * The only door to ONNX Runtime: a model's bytes become a `Session` that runs typed arrays. Settings are those measured
 * best for our graphs: no memory pattern (it almost doubles the peak of a training step), no profiling, two threads or as
 * many as the machine has. The execution provider is a setting, never another code path.
 */
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import type { DType, Shape } from '../graph/graph.ts';

export type Device = 'cpu' | 'cuda' | 'webgpu';

export interface SessionOptions {
  device?: Device;
  /** Threads inside an operator; all cores by default. */
  threads?: number;
}

export type Value = ort.Tensor;

/** Wraps an array as a runtime value; the array is shared, not copied. */
export function value(data: Float32Array | Int32Array, shape: Shape): Value {
  const type: DType = data instanceof Float32Array ? 'float32' : 'int32';
  return new ort.Tensor(type as 'float32', data as Float32Array, shape as number[]);
}

/** A model ready to run. */
export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** Compiles a model; takes about 0.3 ms a node. */
  static async create(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [options.device ?? 'cpu'],
      graphOptimizationLevel: 'all',
      enableMemPattern: false,
      intraOpNumThreads: options.threads ?? availableParallelism(),
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
    return new Session(session);
  }

  /** Runs the model. Results named in `into` are written into those values in place; the others are new. */
  async run(
    feeds: Record<string, Value>,
    into: Record<string, Value | null>,
  ): Promise<Record<string, Value>> {
    return (await this.#session.run(feeds, into)) as Record<string, Value>;
  }

  /** Frees the native memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}
