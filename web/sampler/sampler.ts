/**
 * A generator in the browser, as a page uses it: its weights go to a worker, where the modules that sample on Node build the
 * networks and run them. One bone at a time. A worker that does not heed a cancel within a moment is dropped, and a new one
 * made when it is needed.
 */
import { ShownError } from '../ui/bones.ts';
import type {
  DeviceWish,
  Loaded,
  Progress,
  Reply,
  Request,
  RuntimeBuilds,
  Sampled,
  SampleRequest,
  WeightsBytes,
} from './messages.ts';

export interface SamplerOptions {
  weights: WeightsBytes;
  builds: RuntimeBuilds;
  device?: DeviceWish;
  /** Threads of the processor; default: all where the page is isolated from other origins, else 1. */
  threads?: number;
  /** Told what is being done while it loads. */
  onDoing?: (what: string) => void;
}

/** The runtime for the GPU did not start; that for the processor may. */
export class GpuBuildFault extends ShownError {}

/** How long a cancelled sample may go on, ms: an evaluation of a large network on few cores takes seconds. */
const PATIENCE = 4000;
/** More gain nothing: the network's operators are small. */
const THREADS_MOST = 16;

/** All cores where threads may share memory; else one. */
export const threadsHere = (): number =>
  crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, THREADS_MOST) : 1;

type Final = Extract<Reply, { kind: 'loaded' | 'sampled' | 'cancelled' }>;

export class Sampler {
  readonly #options: SamplerOptions;
  #worker: Worker | undefined;
  #loaded: Promise<Loaded> | undefined;
  #count = 0;
  /** Ends what is being waited for when the worker is dropped. */
  #drop: ((why: 'cancelled' | ShownError) => void) | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Starts the worker and compiles the networks, once. Rejects with `ShownError`, of which one is `GpuBuildFault`. */
  load(): Promise<Loaded> {
    this.#loaded ??= this.#begin();
    return this.#loaded;
  }

  async #begin(): Promise<Loaded> {
    const { weights, builds, device = 'auto', threads = threadsHere(), onDoing } = this.#options;
    onDoing?.('starting the sampler');
    this.#worker = new Worker(new URL('./sampler.worker.ts', import.meta.url), { type: 'module' });
    try {
      const answer = await this.#ask('load', { weights, builds, device, threads }, (reply) => {
        if (reply.kind === 'doing') onDoing?.(reply.what);
      });
      if (answer.kind === 'loaded') return answer.loaded;
      throw new ShownError({
        found: 'the generator was given up while it loaded',
        expected: 'to be let load to the end',
        todo: 'load it again',
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * One bone; null where it was cancelled. `signal` cancels it. Rejects with `ShownError` for settings out of range, numbers
   * that left the finite ones, or a device that failed.
   */
  async sample(
    settings: SampleRequest,
    { onProgress, signal }: { onProgress?: (progress: Progress) => void; signal?: AbortSignal } = {},
  ): Promise<Sampled | null> {
    await this.load();
    if (signal?.aborted) return null;
    if (this.#drop !== undefined) throw new Error('the sampler makes one bone at a time');
    const id = this.#count + 1;
    let late: ReturnType<typeof setTimeout> | undefined;
    const cancel = (): void => {
      this.#worker?.postMessage({ id, kind: 'cancel' } satisfies Request);
      late = setTimeout(() => this.close(), PATIENCE);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const answer = await this.#ask('sample', settings, (reply) => {
        if (reply.kind === 'progress') onProgress?.(reply.progress);
      });
      return answer.kind === 'sampled' ? answer.sampled : null;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #ask<K extends 'load' | 'sample'>(
    kind: K,
    ask: Extract<Request, { kind: K }>['ask'],
    onReply: (reply: Reply) => void,
  ): Promise<Final> {
    const worker = this.#worker!;
    const id = ++this.#count;
    return new Promise<Final>((resolve, reject) => {
      this.#drop = (why) => (why === 'cancelled' ? resolve({ id, kind: 'cancelled' }) : reject(why));
      worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
        if (reply.id !== id) return;
        if (reply.kind === 'failed')
          reject(reply.ofGpuBuild ? new GpuBuildFault(reply.error) : new ShownError(reply.error));
        else if (reply.kind === 'doing' || reply.kind === 'progress') onReply(reply);
        else resolve(reply);
      };
      worker.onerror = ({ message }) => {
        this.#drop = (why) => reject(why);
        this.close(
          new ShownError({
            found: `the worker of the page stopped${message ? `: ${message}` : ''}`,
            expected: 'a worker that answers',
            todo: 'try again; if it stays, the browser may lack memory for this generator',
          }),
        );
      };
      worker.postMessage({ id, kind, ask } as Request);
    }).finally(() => {
      this.#drop = undefined;
    });
  }

  /** Ends the worker at once; what it was doing counts as cancelled. The next use starts another. */
  close(why: 'cancelled' | ShownError = 'cancelled'): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#loaded = undefined;
    this.#drop?.(why);
    this.#drop = undefined;
  }
}
