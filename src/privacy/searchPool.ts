/**
 * Searches of one index, several at once, each in a thread of its own; results come back in the order of the questions. The
 * index lies in shared memory, so that a thread costs no copy of it. What is found does not depend on the threads.
 */

import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { type Explanation, NumericsError, VolumeError } from '../errors.ts';
import { nextTurn } from '../files/interrupt.ts';
import { startThread } from '../files/thread.ts';
import type { Mask } from '../volume/volume.ts';
import { type Match, nearestOthers, nearestShapes } from './nearestShape.ts';
import type { ShapeIndex } from './shapeIndex.ts';

/** What is looked for: a mask, or a training case among the others. */
export type Question = Mask | number;

/** What a thread answers. */
export type SearchAnswer = { match: Match } | { refused: Explanation } | { fault: string };

/** Answers one question in this thread. */
export function searchOne(index: ShapeIndex, question: Question): Match {
  return typeof question === 'number' ? nearestOthers(index, question) : nearestShapes(index, question);
}

/** Below this many questions, starting a thread takes longer than it saves. */
const WORTH_A_THREAD = 20;

export class SearchPool {
  readonly #index: ShapeIndex;
  readonly #threads: number;
  #workers: Worker[] = [];

  /** Threads start with the first long list of questions. */
  constructor(index: ShapeIndex, threads = availableParallelism()) {
    this.#index = index;
    this.#threads = threads;
  }

  /**
   * The matches of `count` questions, made one by one by `questionAt` when their turn comes; `onMatch` is called after each.
   * It ends early, with the matches so far, where `stop` says so. Throws what a search throws.
   */
  async search(
    count: number,
    questionAt: (i: number) => Question,
    onMatch: () => void,
    stop: () => boolean,
  ): Promise<Match[]> {
    const out: Match[] = [];
    let next = 0;
    const take = async (answer: (question: Question) => Promise<Match>): Promise<void> => {
      while (next < count && !stop()) {
        const i = next++;
        out[i] = await answer(questionAt(i));
        onMatch();
      }
    };
    if (this.#threads < 2 || count < WORTH_A_THREAD) {
      await take(async (question) => {
        // A search is one long step: signals are heard between two.
        await nextTurn();
        return searchOne(this.#index, question);
      });
      return out;
    }
    while (this.#workers.length < this.#threads)
      this.#workers.push(startThread('searchThread', import.meta.url, { workerData: this.#index }));
    await Promise.all(this.#workers.map((worker) => take((question) => ask(worker, question))));
    return out;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, question: Question): Promise<Match> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const heard = (answer: SearchAnswer): void => {
      done();
      if ('match' in answer) resolve(answer.match);
      else if ('refused' in answer) reject(new VolumeError(answer.refused));
      else reject(new Error(answer.fault));
    };
    const failed = (error: unknown): void => {
      done();
      reject(error);
    };
    const ended = (code: number): void => {
      done();
      reject(
        new NumericsError({
          found: `a thread that searches ended with code ${code}`,
          expected: 'a thread that answers',
          todo: 'run the same command again; if it happens again, with --threads 1',
        }),
      );
    };
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', ended);
    worker.postMessage(question);
  });
}
