/**
 * Cases at work at once, each in a thread of its own: the next idle thread takes the next case, so the order of what comes
 * back is not that of what went in; what a case becomes does not depend on it. Only who asks for one at a time, and cannot
 * interrupt it, gets it in this thread: work on a case is one long step, in which no signal would be heard.
 *
 * A thread that dies (its heap full, say) refuses the case it was at, and another takes its place.
 *
 * Memory: a thread at work on a 512x512x452 CT peaks at 1.5 GB (docs/ingest.md). The number of threads is the least of the
 * cores, the cases and one for every 2 GB of the machine's memory.
 */
import { availableParallelism, totalmem } from 'node:os';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import { DiskError, type Explanation } from '../errors.ts';
import { startThread } from '../files/thread.ts';
import type { CaseInput } from './inputs.ts';
import { CaseMaker, type CaseOutcome, type CaseTask, type MakeOptions, outOfMemory } from './makeCase.ts';

export interface CaseJob {
  input: CaseInput;
  task: CaseTask;
}

export interface PoolOptions extends MakeOptions {
  inputs: readonly string[];
  jobs?: number;
  signal?: AbortSignal;
  /** Of each thread. Default: those of Node. */
  resourceLimits?: ResourceLimits;
}

/** What a thread is sent. A scan is an open door, not data: its key, by which a thread finds it again among the inputs. */
export interface ThreadTask {
  input: Exclude<CaseInput, { kind: 'scan' }> | { kind: 'scan'; key: string };
  task: CaseTask;
}

/** What a thread starts with. */
export interface ThreadStart {
  inputs: readonly string[];
  options: MakeOptions;
}

/** What a thread answers: an outcome, or what ends the run. */
export type ThreadAnswer = { outcome: CaseOutcome } | { disk: Explanation } | { fault: string };

const GIGABYTES_A_THREAD = 2;

function threadsFor(cases: number, wanted?: number): number {
  const memory = Math.floor(totalmem() / 2 ** 30 / GIGABYTES_A_THREAD);
  return Math.max(1, Math.min(cases, wanted ?? Math.min(availableParallelism(), memory)));
}

/** The outcomes of `jobs`, as they are done; ends early when the signal is aborted. Throws `DiskError`, and faults of ours. */
export async function* runCases(
  jobs: readonly CaseJob[],
  { inputs, jobs: wanted, signal, resourceLimits, ...all }: PoolOptions,
): AsyncGenerator<{ job: CaseJob; outcome: CaseOutcome }> {
  const options = plain(all);
  const threads = threadsFor(jobs.length, wanted);
  if (threads === 1 && signal === undefined) {
    const maker = await CaseMaker.create(options);
    try {
      for (const job of jobs) yield { job, outcome: await maker.make(job.input, job.task) };
    } finally {
      await maker.release();
    }
    return;
  }
  // What is wrong with the reference or the landmarks is told once, before any thread starts.
  await (await CaseMaker.create(options)).release();
  const thread = () => new Thread({ inputs, options }, resourceLimits);
  const pool = new Set(Array.from({ length: jobs.length > 0 ? threads : 0 }, thread));
  try {
    const waiting = [...jobs];
    const running = new Map<Thread, Promise<{ thread: Thread; job: CaseJob; outcome: CaseOutcome }>>();
    const start = (thread: Thread) => {
      const job = waiting.shift();
      if (job !== undefined) {
        const done = thread.run(job).then((outcome) => ({ thread, job, outcome }));
        // Threads that are ended before they answer reject what nobody waits for any more.
        done.catch(() => undefined);
        running.set(thread, done);
      }
    };
    for (const thread of pool) start(thread);
    const aborted = new Promise<undefined>((resolve) => {
      if (signal?.aborted) resolve(undefined);
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    while (running.size > 0) {
      const done = await Promise.race([aborted, ...running.values()]);
      if (done === undefined) return;
      running.delete(done.thread);
      for (const idle of [...pool].filter((t) => !running.has(t))) {
        if (idle.dead) {
          pool.delete(idle);
          if (waiting.length > 0) pool.add(thread());
        }
      }
      for (const idle of pool) if (!running.has(idle)) start(idle);
      yield { job: done.job, outcome: done.outcome };
    }
  } finally {
    await Promise.all([...pool].map((thread) => thread.end()));
  }
}

/** The options without what cannot be sent to a thread. */
function plain(options: MakeOptions): MakeOptions {
  return JSON.parse(JSON.stringify(options)) as MakeOptions;
}

function died(label: string, code: number): Explanation {
  return {
    found: `${label}: the thread at work on it ended with code ${code}`,
    expected: 'a thread that answers',
    todo: 'run the same command again; if it happens again, with --jobs 1',
  };
}

class Thread {
  readonly #worker: Worker;
  #dead = false;

  constructor(start: ThreadStart, resourceLimits?: ResourceLimits) {
    this.#worker = startThread('caseThread', import.meta.url, { workerData: start, resourceLimits });
    this.#worker.on('exit', () => {
      this.#dead = true;
    });
    // Heard even when it is at work on nothing: an error that nobody hears would end the process.
    this.#worker.on('error', () => {
      this.#dead = true;
    });
  }

  /** True when it has ended by itself. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Makes a case. A thread that dies over it refuses it; rejects with `DiskError` and with faults of ours. */
  run({ input, task }: CaseJob): Promise<CaseOutcome> {
    const sent: ThreadTask = {
      input: input.kind === 'scan' ? { kind: 'scan', key: input.scan.key } : input,
      task,
    };
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const listeners = {
        message(answer: ThreadAnswer) {
          if ('outcome' in answer) resolve(answer.outcome);
          else reject('disk' in answer ? new DiskError(answer.disk) : new Error(answer.fault));
          stop();
        },
        error(error: NodeJS.ErrnoException) {
          const { code } = error;
          if (code === 'ERR_WORKER_OUT_OF_MEMORY')
            resolve({ refused: outOfMemory(task.label, error).explanation, transient: true });
          else reject(error);
          stop();
        },
        exit(code: number) {
          resolve({ refused: died(task.label, code), transient: true });
          stop();
        },
      };
      // Each by itself: the worker listens to itself too.
      const stop = () => {
        for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
      };
      for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
      worker.postMessage(sent);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
