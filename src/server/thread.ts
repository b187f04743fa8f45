/** A thread of pool.ts: does the jobs it is sent, one at a time, and answers with plain data. */
import { parentPort } from 'node:worker_threads';
import { CranioflowError } from '../errors.ts';
import { explanationOf, statusOf } from './errors.ts';
import { JOBS } from './jobs.ts';
import type { Answer, Sent } from './pool.ts';

async function answerTo({ kind, ask }: Sent): Promise<Answer> {
  try {
    const work = (await JOBS[kind]()) as (ask: unknown) => unknown;
    return { answer: work(ask) };
  } catch (error) {
    // What is a fault of ours is to be seen in the terminal too.
    const fault = error instanceof CranioflowError ? undefined : String((error as Error)?.stack ?? error);
    return { refused: { status: statusOf(error), explanation: explanationOf(error) }, fault };
  }
}

parentPort!.on('message', async (sent: Sent) => parentPort!.postMessage(await answerTo(sent)));
