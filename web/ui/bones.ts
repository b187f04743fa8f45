/** The page's side of `bone.worker.ts`: promises of surfaces, distances and files; one worker for the page. */
import { CranioflowError, type Explanation } from '../../src/errors.ts';
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
  if (error instanceof ShownError || error instanceof CranioflowError) return error.explanation;
  return {
    found: error instanceof Error ? error.message : String(error),
    expected: 'this to work',
    todo: 'reload the page; if it stays, report it',
  };
}

interface Waiting {
  request: Request;
  signal?: AbortSignal;
  resolve: (answer: never) => void;
  reject: (error: unknown) => void;
}

let worker: Worker | undefined;
let count = 0;
/** What is being done, and what waits for it. */
let doing: Waiting | undefined;
const line: Waiting[] = [];

function start(): Worker {
  const made = new Worker(new URL('./bone.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = ({ data: { id, answer, error } }: MessageEvent<Answer>) => {
    if (id !== doing?.request.id) return;
    if (error === undefined) doing.resolve(answer as never);
    else doing.reject(error.explanation ? new ShownError(error.explanation) : new Error(error.message));
    next();
  };
  made.onerror = ({ message }) => {
    made.terminate();
    worker = undefined;
    doing?.reject(new Error(message || 'the worker of the page failed'));
    next();
  };
  return made;
}

/** Begins the first job that is still wanted: a bone that was passed over on a slider is not drawn. */
function next(): void {
  doing = line.shift();
  while (doing?.signal?.aborted) {
    doing.reject(doing.signal.reason);
    doing = line.shift();
  }
  if (doing === undefined) return;
  worker ??= start();
  worker.postMessage(doing.request);
}

/**
 * Has the worker do one job; one that `signal` aborts while it waits is not done. Rejects with `ShownError` for what the bone's data make
 * impossible.
 */
export function bone<K extends JobName>(
  job: K,
  ask: Jobs[K]['ask'],
  signal?: AbortSignal,
): Promise<Jobs[K]['answer']> {
  return new Promise((resolve, reject) => {
    line.push({ request: { id: ++count, job, ask } as Request, signal, resolve, reject });
    if (doing === undefined) next();
  });
}
