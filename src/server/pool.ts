/**
 * Work in threads, so that the server goes on answering: jobs wait in line for an idle thread, and leave the line when nobody
 * waits for them any more. A thread starts with the first job that needs it; one that dies refuses its job, and another takes
 * its place.
 */
import type { Worker } from 'node:worker_threads';
import type { Explanation } from '../errors.ts';
import { startThread } from '../files/thread.ts';
import { cannotNow, ServerError, type Status } from './errors.ts';
import type { JobKind, Jobs } from './jobs.ts';

/** What a thread is sent, and what it answers. */
export interface Sent {
  kind: JobKind;
  ask: unknown;
}
export type Answer =
  | { answer: unknown }
  | { refused: { status: Status; explanation: Explanation }; fault?: string };

interface Waiting {
  sent: Sent;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
}

export class Pool {
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  #closed = false;

  constructor(threads: number) {
    this.#most = threads;
  }

  /** Does a job. Throws `ServerError` where it is refused; where `signal` is aborted before it began, the signal's reason. */
  run<K extends JobKind>(kind: K, ask: Jobs[K]['ask'], signal?: AbortSignal): Promise<Jobs[K]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#closed || signal?.aborted) {
        reject(signal?.reason ?? stopping());
        return;
      }
      const job: Waiting = { sent: { kind, ask }, resolve: resolve as Waiting['resolve'], reject };
      const leave = (): void => {
        const at = this.#waiting.indexOf(job);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#closed) return;
    if (this.#idle.length === 0 && this.#all.size < this.#most) {
      const fresh = startThread('thread', import.meta.url, {});
      // An unused server ends like any program; what waits for a job holds the socket open.
      fresh.unref();
      // Without a listener an error would end the server.
      fresh.on('error', () => undefined);
      fresh.on('exit', () => this.#forget(fresh));
      this.#all.add(fresh);
      this.#idle.push(fresh);
    }
    const worker = this.#idle.pop();
    const job = worker && this.#waiting.shift();
    if (job) this.#do(worker, job);
  }

  #do(worker: Worker, { sent, resolve, reject }: Waiting): void {
    const done = (): void => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const heard = (answer: Answer): void => {
      done();
      if ('answer' in answer) resolve(answer.answer);
      else {
        if (answer.fault !== undefined) process.stderr.write(`${answer.fault}\n`);
        reject(new ServerError(answer.refused.status, answer.refused.explanation));
      }
      this.#idle.push(worker);
      this.#next();
    };
    const lost = (why: string): void => {
      done();
      this.#forget(worker);
      reject(diedOf(why));
      this.#next();
    };
    const failed = (error: Error): void => lost(error.message);
    const ended = (code: number): void => lost(`it ended with code ${code}`);
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', ended);
    worker.postMessage(sent);
  }

  #forget(worker: Worker): void {
    this.#all.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Ends all threads; jobs that are not done are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(stopping());
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }
}

const stopping = (): ServerError =>
  cannotNow('the server is being stopped', 'a viewer that runs', 'start `cranioflow view` again');

const diedOf = (why: string): ServerError =>
  new ServerError(500, {
    found: `the thread at work on this gave no answer: ${why}`,
    expected: 'enough memory for one bone of this grid',
    todo: 'try again; if it happens again, start `cranioflow view` with more memory (NODE_OPTIONS=--max-old-space-size=8192)',
  });
