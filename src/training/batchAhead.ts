/**
 * Batches made one step ahead, in a thread of their own, so that pairing noise and data by an optimal assignment costs the
 * training nothing: its cost grows with the square of the batch (5 ms for 8 latents of 8x16x16x16 in one class, 80 ms
 * for 32, 1 s for 128), and it is hidden while a step of the network takes longer. A batch is a pure function of its step, so where it is
 * made changes no number.
 */
import type { Worker } from 'node:worker_threads';
import type { GeneratorConfig } from '../config/schemas.ts';
import { startThread } from '../files/thread.ts';
import { elements } from '../graph/graph.ts';
import type { LatentSet } from './latents.ts';
import { batchMaker, type TrainingBatch } from './objective.ts';

/** What the thread starts with; all latents lie in one memory that both sides see. */
export interface AheadStart {
  shape: number[];
  copies: number;
  cases: number;
  shared: SharedArrayBuffer;
  labels: Int32Array;
  config: GeneratorConfig;
}

export interface BatchSource {
  /** The batch of a step, 1 the first. */
  batch(step: number): TrainingBatch | Promise<TrainingBatch>;
  end(): Promise<void>;
}

/** Batches for a configuration: ahead, in a thread, where making one takes long; else when they are asked for. */
export function batchSource(set: LatentSet, labels: Int32Array, config: GeneratorConfig): BatchSource {
  if (config.coupling === 'minibatch-ot') return new BatchAhead(set, labels, config);
  return { batch: batchMaker(set, labels, config), end: async () => undefined };
}

class BatchAhead implements BatchSource {
  readonly #worker: Worker;
  readonly #last: number;
  #ahead?: { step: number; batch: Promise<TrainingBatch> };

  constructor(set: LatentSet, labels: Int32Array, config: GeneratorConfig) {
    const { shape, copies, cases, latents } = set;
    const length = elements(shape);
    const shared = new SharedArrayBuffer(4 * length * latents.length);
    const flat = new Float32Array(shared);
    for (const [i, z] of latents.entries()) {
      flat.set(z, i * length);
      // The set looks at the shared memory from now on: one copy in all.
      latents[i] = flat.subarray(i * length, (i + 1) * length);
    }
    const workerData: AheadStart = { shape, copies, cases, shared, labels, config };
    this.#worker = startThread('batchThread', import.meta.url, { workerData });
    this.#last = config.steps;
  }

  async batch(step: number): Promise<TrainingBatch> {
    const ahead = this.#ahead;
    // Whatever the thread is at work on comes first: answers carry no step.
    const made = await ahead?.batch;
    const batch = made !== undefined && ahead?.step === step ? made : await this.#ask(step);
    if (step < this.#last) {
      this.#ahead = { step: step + 1, batch: this.#ask(step + 1) };
      // A run that stops before it needs this batch waits for it no more.
      this.#ahead.batch.catch(() => undefined);
    }
    return batch;
  }

  #ask(step: number): Promise<TrainingBatch> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const listeners = {
        message(batch: TrainingBatch) {
          stop();
          resolve(batch);
        },
        error(error: unknown) {
          stop();
          reject(error);
        },
        exit(code: number) {
          stop();
          reject(new Error(`the thread that makes batches ended with code ${code}`));
        },
      };
      const stop = () => {
        for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
      };
      for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
      worker.postMessage(step);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
