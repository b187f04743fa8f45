/**
 * Runs a graph that carries state: a training step whose weights, moments and codebook go in and come out changed. Every
 * state vector has two buffers; a run reads one and the runtime writes the other in place, then they change roles, so
 * nothing is copied and a step that failed leaves the old state whole.
 */
import { ShapeError } from '../errors.ts';
import { emit } from '../graph/emit.ts';
import { elements, type Graph, type Tensor } from '../graph/graph.ts';
import { Session, type SessionOptions, type Value, value } from './session.ts';

/** One vector of state: the name of the graph input it is read from, the tensor that replaces it, where it starts. */
export interface StateSlot {
  input: string;
  output: Tensor;
  initial: Float32Array;
}

export interface StepDefinition {
  graph: Graph;
  state: readonly StateSlot[];
  /** Values to report each step, by name. */
  results: Record<string, Tensor>;
}

/**
 * Numbers in a tensor from which on the runtime's arena wastes more than it saves: the autoencoder's step at the reference
 * size (97 M numbers a tensor) peaked at 21.7 GB with it and at 18.7 GB without, at the same speed.
 */
const HUGE = 2 ** 26;

/** A compiled step with its state. */
export class StepRunner {
  readonly #session: Session;
  readonly #current = new Map<string, Value>();
  readonly #next = new Map<string, Value>();
  readonly #results: string[];
  readonly nodeCount: number;

  private constructor(session: Session, definition: StepDefinition, nodeCount: number) {
    this.#session = session;
    this.nodeCount = nodeCount;
    this.#results = Object.keys(definition.results);
    for (const { input, output, initial } of definition.state) {
      this.#current.set(input, value(initial.slice(), output.shape));
      this.#next.set(input, value(new Float32Array(initial.length), output.shape));
    }
  }

  /** Emits and compiles the step. */
  static async create(definition: StepDefinition, options: SessionOptions = {}): Promise<StepRunner> {
    const outputs: Record<string, Tensor> = { ...definition.results };
    for (const { input, output } of definition.state) outputs[`next_${input}`] = output;
    const target = (options.device ?? 'cpu') === 'cpu' ? 'cpu' : 'portable';
    const emitted = emit(definition.graph, { outputs, target });
    const huge = definition.graph.nodes.some((n) => n.outputs.some((t) => elements(t.shape) > HUGE));
    const session = await Session.create(emitted.model, { arena: !huge, ...options });
    return new StepRunner(session, definition, emitted.nodeCount);
  }

  /** One step: returns the results and moves the state on. */
  async run(feeds: Record<string, Value>): Promise<Record<string, Value>> {
    const all: Record<string, Value> = { ...feeds };
    const into: Record<string, Value | null> = {};
    for (const [name, v] of this.#current) all[name] = v;
    for (const name of this.#results) into[name] = null;
    for (const [name, v] of this.#next) into[`next_${name}`] = v;
    const results = await this.#session.run(all, into);
    for (const [name, v] of this.#current) {
      this.#current.set(name, this.#next.get(name)!);
      this.#next.set(name, v);
    }
    return results;
  }

  /**
   * The present value of a state vector; read it before the next run, which reuses the memory two steps later. Throws
   * `ShapeError` for a name that is not among the state.
   */
  state(name: string): Float32Array {
    const found = this.#current.get(name);
    if (found !== undefined) return found.data as Float32Array;
    throw new ShapeError({
      found: `no state '${name}'`,
      expected: `one of ${[...this.#current.keys()].join(', ')}`,
      todo: 'ask for a vector the step was defined with',
    });
  }

  /** Replaces a state vector, as when resuming. Throws `ShapeError` when the length differs. */
  setState(name: string, data: Float32Array): void {
    const state = this.state(name);
    if (data.length !== state.length)
      throw new ShapeError({
        found: `${data.length} numbers for the state '${name}'`,
        expected: `${state.length} numbers`,
        todo: 'restore the state of the same model',
      });
    state.set(data);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
