/** A thread of casePool.ts: makes the cases it is sent, one at a time, and answers with plain data. */
import { parentPort, workerData } from 'node:worker_threads';
import { DiskError } from '../errors.ts';
import type { ThreadAnswer, ThreadStart } from './casePool.ts';
import { collectCases } from './inputs.ts';
import { CaseMaker, type CaseTask } from './makeCase.ts';

const { inputs, options } = workerData as ThreadStart;
const ready = Promise.all([collectCases(inputs), CaseMaker.create(options)]);

async function answer(index: number, task: CaseTask): Promise<ThreadAnswer> {
  try {
    const [cases, maker] = await ready;
    return { outcome: await maker.make(cases[index], task) };
  } catch (error) {
    if (error instanceof DiskError) return { disk: error.explanation };
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort!.on('message', async ({ index, task }: { index: number; task: CaseTask }) => {
  const message = await answer(index, task);
  const mask = 'outcome' in message && 'mask' in message.outcome ? message.outcome.mask : undefined;
  parentPort!.postMessage(message, mask === undefined ? [] : [mask.data.buffer as ArrayBuffer]);
});
