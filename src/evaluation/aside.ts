/**
 * An evaluation in a thread of its own. It is one long computation, in which no signal would be heard: beside it the main
 * thread goes on listening, and Ctrl-C ends it at once. Nothing is lost, since an evaluation keeps nothing before its end.
 * Masks are copied to the thread: for as long as it works they are held twice.
 */

import type { CranioflowError, Explanation } from '../errors.ts';
import * as errors from '../errors.ts';
import { interruptedError } from '../files/interrupt.ts';
import { startThread } from '../files/thread.ts';
import { RuntimeError } from '../runtime/session.ts';
import type { compareSets, SetComparison } from './compareSets.ts';
import type { EvaluateOptions, evaluateSets } from './evaluateSets.ts';
import type { SetEvaluation } from './setReport.ts';

export interface Aside {
  signal?: AbortSignal;
  onProgress?: EvaluateOptions['onProgress'];
}

/** What the thread starts with: the arguments of one of the two functions, without what cannot be sent. */
export type AsideStart =
  | { work: 'evaluate'; args: Parameters<typeof evaluateSets> }
  | { work: 'compare'; args: Parameters<typeof compareSets> };

/** What it answers, several times `pairs`, at last one of the others. */
export type AsideAnswer =
  | { pairs: readonly [done: number, total: number] }
  | { result: SetEvaluation | SetComparison }
  | { refused: { name: string; explanation: Explanation } };

/** `evaluateSets` in a thread. Throws the same errors, and `InterruptedError` when `signal` fires. */
export const evaluateAside = (args: Parameters<typeof evaluateSets>, aside: Aside): Promise<SetEvaluation> =>
  run({ work: 'evaluate', args }, aside) as Promise<SetEvaluation>;

/** `compareSets` in a thread. Throws the same errors, and `InterruptedError` when `signal` fires. */
export const compareAside = (args: Parameters<typeof compareSets>, aside: Aside): Promise<SetComparison> =>
  run({ work: 'compare', args }, aside) as Promise<SetComparison>;

async function run(start: AsideStart, { signal, onProgress }: Aside): Promise<SetEvaluation | SetComparison> {
  const stopped = () =>
    interruptedError('an evaluation writes nothing before it is done', 'run the same command again');
  if (signal?.aborted) throw stopped();
  const worker = startThread('asideThread', import.meta.url, { workerData: start });
  let stop = (): void => {};
  try {
    return await new Promise((resolve, reject) => {
      stop = () => reject(stopped());
      signal?.addEventListener('abort', stop, { once: true });
      worker.on('message', (answer: AsideAnswer) => {
        if ('pairs' in answer) onProgress?.(...answer.pairs);
        else if ('result' in answer) resolve(answer.result);
        else reject(rebuilt(answer.refused));
      });
      worker.on('error', (error) => reject(outOfMemory(error) ? ended('ran out of memory') : error));
      worker.on('exit', (code) => reject(ended(`ended with code ${code}`)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

const outOfMemory = (error: NodeJS.ErrnoException): boolean => error.code === 'ERR_WORKER_OUT_OF_MEMORY';

const ended = (how: string): RuntimeError =>
  new RuntimeError({
    found: `the thread of the evaluation ${how}`,
    expected: 'a thread that answers',
    todo: 'compare fewer shapes, or give Node more memory (NODE_OPTIONS=--max-old-space-size=8192)',
  });

/** An error of ours as it was in the thread. */
function rebuilt({ name, explanation }: { name: string; explanation: Explanation }): Error {
  const kind = (errors as Record<string, unknown>)[name] as
    | (new (
        e: Explanation,
      ) => CranioflowError)
    | undefined;
  return kind === undefined ? new RuntimeError(explanation) : new kind(explanation);
}
