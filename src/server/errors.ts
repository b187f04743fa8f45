/** What the server answers where it cannot do as asked: an explanation, and the status of HTTP that goes with it. */
import { CranioflowError, type Explanation, GridError, RunFolderError, UsageError } from '../errors.ts';

export type Status = 400 | 403 | 404 | 405 | 409 | 413 | 500;

/** A request that cannot be served, or a server that cannot be started. */
export class ServerError extends CranioflowError {
  readonly tag = 'server';
  readonly status: Status;

  constructor(status: Status, explanation: Explanation, options?: ErrorOptions) {
    super(explanation, options);
    this.status = status;
  }
}

/** 404: what was asked for is not there (any more). */
export const notThere = (what: string): ServerError =>
  new ServerError(404, {
    found: `${what} is not there`,
    expected: 'something below the folder that is viewed',
    todo: 'reload the page: it may have been moved or removed',
  });

/** 400: the request itself is wrong. */
export const badRequest = (found: string, expected: string): ServerError =>
  new ServerError(400, { found, expected, todo: 'reload the page' });

/** 409: it cannot be done now. */
export const cannotNow = (found: string, expected: string, todo: string): ServerError =>
  new ServerError(409, { found, expected, todo });

/** The status of an error: what is in use, or of another grid, stands in the way of the request; what is damaged is a fault of the data. */
export function statusOf(error: unknown): Status {
  if (error instanceof ServerError) return error.status;
  if (error instanceof UsageError) return 400;
  return error instanceof RunFolderError || error instanceof GridError ? 409 : 500;
}

/** What is told of an error; of a fault of ours its message alone. */
export function explanationOf(error: unknown): Explanation {
  if (error instanceof CranioflowError) return error.explanation;
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
  return {
    found: `this is a bug in cranioflow: ${message}`,
    expected: 'an answer',
    todo: 'please report it, with what the terminal shows',
  };
}
