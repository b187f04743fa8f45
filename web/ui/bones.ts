/** The page's side of `bone.worker.ts`: promises of surfaces, distances and files; one worker for the page. */
import type { Explanation } from '../../src/errors.ts';
import type { Answer, JobName, Jobs, Request } from './bone.worker.ts';

/** An error that a page shows: what was found, what was expected, what to do. */
export class ShownError extends Error {
  readonly explanation: Explanation;
  constructor(explanation: Explanation) {
    super(explanation.found);
    this.explanation = explanation;
  }
}

/** Any error in the three parts of ours. */
export function explained(error: unknown): Explanation {
  if (error instanceof ShownError) return error.explanation;
  return {
    found: error instanceof Error ? error.message : String(error),
    expected: 'this to work',
    todo: 'reload the page; if it stays, report it',
  };
}

let worker: Worker | undefined;
let count = 0;
const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();

function start(): Worker {
  const made = new Worker(new URL('./bone.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = ({ data: { id, answer, error } }: MessageEvent<Answer>) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(answer as never);
    else one?.reject(error.explanation ? new ShownError(error.explanation) : new Error(error.message));
  };
  made.onerror = ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(message || 'the worker of the page failed'));
    waiting.clear();
    worker = undefined;
  };
  return made;
}

/** Has the worker do one job. Rejects with `ShownError` for what the bone's data make impossible. */
export function bone<K extends JobName>(job: K, ask: Jobs[K]['ask']): Promise<Jobs[K]['answer']> {
  worker ??= start();
  const id = ++count;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker!.postMessage({ id, job, ask } as Request);
  });
}
