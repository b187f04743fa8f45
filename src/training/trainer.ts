/**
 * A network in training: graph and loss become one compiled step (forward, backward, clipping, Adam, moving average) with
 * its state, which can be written to a checkpoint and taken up again bit for bit.
 */
import { CheckpointError } from '../errors.ts';
import type { Checkpoint } from '../files/checkpoint.ts';
import type { StoredTensor, StoredTensors } from '../files/safetensors.ts';
import { gradients } from '../graph/autodiff.ts';
import { elements, type Graph, type ParameterSpec, type Tensor } from '../graph/graph.ts';
import { RandomStream } from '../random/stream.ts';
import { type SessionOptions, type Value, value } from '../runtime/session.ts';
import { type StateSlot, StepRunner } from '../runtime/stepRunner.ts';
import { type AdamConfig, adam, adamSchedule } from './optimiser.ts';

export interface TrainerDefinition {
  graph: Graph;
  loss: Tensor;
  adam: AdamConfig;
  seed: number;
  /** Values to report beside `loss` and `gradientNorm`. */
  results?: Record<string, Tensor>;
  /** State beside the optimiser's: the codebook. */
  extra?: readonly StateSlot[];
}

/** The starting value of all parameters, in the order of the flat vector; each from its own stream, by name. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): Float32Array {
  const flat = new Float32Array(specs.reduce((n, p) => n + elements(p.shape), 0));
  for (const { name, shape, init, offset } of specs) {
    const part = flat.subarray(offset, offset + elements(shape));
    if (init.kind === 'ones') part.fill(1);
    if (init.kind === 'uniform') {
      const stream = new RandomStream(seed, `init/${name}`);
      for (let i = 0; i < part.length; i++) part[i] = stream.between(-init.bound, init.bound);
    }
  }
  return flat;
}

/** The tensors of a flat vector by name. */
export function namedParameters(
  specs: readonly ParameterSpec[],
  flat: Float32Array,
): Map<string, Float32Array> {
  return new Map(specs.map((p) => [p.name, flat.slice(p.offset, p.offset + elements(p.shape))]));
}

/** Named weights as one flat vector. Throws `CheckpointError` when they are not those that `specs` asks for. */
export function flatParameters(
  specs: readonly ParameterSpec[],
  weights: ReadonlyMap<string, Float32Array>,
): Float32Array {
  const flat = new Float32Array(specs.reduce((n, p) => n + elements(p.shape), 0));
  for (const { name, shape, offset } of specs) {
    const data = weights.get(name);
    if (data?.length !== elements(shape))
      throw new CheckpointError({
        found: `the starting weights ${data === undefined ? `lack ${name}` : `have ${data.length} numbers for ${name}`}`,
        expected: `${elements(shape)} numbers for it, as this configuration has`,
        todo: 'start with the configuration that the weights were trained with',
      });
    flat.set(data, offset);
  }
  return flat;
}

const MODEL_STATE = 'ema';

/** A compiled training step and its state. */
export class Trainer {
  readonly #runner: StepRunner;
  readonly #adam: AdamConfig;
  readonly #state: readonly StateSlot[];
  readonly specs: readonly ParameterSpec[];

  private constructor(runner: StepRunner, definition: TrainerDefinition, state: readonly StateSlot[]) {
    this.#runner = runner;
    this.#adam = definition.adam;
    this.#state = state;
    this.specs = definition.graph.parameters;
  }

  /** Differentiates, emits and compiles the step. */
  static async create(definition: TrainerDefinition, options: SessionOptions = {}): Promise<Trainer> {
    const { graph, loss, seed } = definition;
    const step = adam(graph, gradients(loss, graph.parameterTensors), definition.adam);
    const initial = initialParameters(graph.parameters, seed);
    const zeros = new Float32Array(initial.length);
    const state: StateSlot[] = [
      { input: 'parameters', output: step.after.parameters, initial },
      { input: 'moment1', output: step.after.moment1, initial: zeros },
      { input: 'moment2', output: step.after.moment2, initial: zeros },
      { input: MODEL_STATE, output: step.after.ema, initial },
      ...(definition.extra ?? []),
    ];
    const results = { loss, gradientNorm: step.gradientNorm, ...definition.results };
    return new Trainer(await StepRunner.create({ graph, state, results }, options), definition, state);
  }

  /** Step number `t` (1 the first) at a learning rate; returns the reported values. */
  async step(t: number, learningRate: number, feeds: Record<string, Value>): Promise<Record<string, number>> {
    const schedule = value(adamSchedule(t, learningRate, this.#adam), [4]);
    const results = await this.#runner.run({ ...feeds, schedule });
    return Object.fromEntries(
      Object.entries(results).flatMap(([k, v]) => (v.size === 1 ? [[k, Number(v.data[0])]] : [])),
    );
  }

  /** Starts from given weights instead of random ones. Throws `CheckpointError` when they are not those of the network. */
  start(weights: ReadonlyMap<string, Float32Array>): void {
    const flat = flatParameters(this.specs, weights);
    this.setState('parameters', flat);
    this.setState(MODEL_STATE, flat);
  }

  /** The averaged weights by name: what sampling uses. */
  weights(): Map<string, Float32Array> {
    return namedParameters(this.specs, this.#runner.state(MODEL_STATE));
  }

  state(name: string): Float32Array {
    return this.#runner.state(name);
  }

  setState(name: string, data: Float32Array): void {
    this.#runner.setState(name, data);
  }

  /** The weights as stored tensors. */
  modelTensors(): Map<string, StoredTensor> {
    const weights = this.weights();
    return new Map(
      this.specs.map((p) => [
        p.name,
        { dtype: 'F32', shape: [...p.shape], data: weights.get(p.name)! } as StoredTensor,
      ]),
    );
  }

  /** All state that resuming needs, as stored tensors. */
  optimiserTensors(): Map<string, StoredTensor> {
    return new Map(
      this.#state.map(({ input, output }) => [
        input,
        { dtype: 'F32', shape: [...output.shape], data: this.state(input).slice() } as StoredTensor,
      ]),
    );
  }

  /** Takes up the state of the newest checkpoint, where there is one; the steps it has done. Throws as `restore`. */
  resume(checkpoint: Checkpoint | undefined): number {
    if (checkpoint !== undefined) this.restore(checkpoint);
    return checkpoint?.step ?? 0;
  }

  /** Takes up the state of a checkpoint. Throws `CheckpointError` when a vector is missing or of another length. */
  restore(checkpoint: Checkpoint): void {
    const stored: StoredTensors = checkpoint.files.optimizer ?? new Map();
    for (const { input } of this.#state) {
      const data = stored.get(input)?.data;
      if (!(data instanceof Float32Array) || data.length !== this.state(input).length)
        throw new CheckpointError({
          found: `${checkpoint.path}: state ${input} has ${data?.length ?? 'no'} elements`,
          expected: `${this.state(input).length}, as this configuration has`,
          todo: 'resume with the configuration that the run was started with',
        });
      this.setState(input, data);
    }
  }

  async release(): Promise<void> {
    await this.#runner.release();
  }
}
