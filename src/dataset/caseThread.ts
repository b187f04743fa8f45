/** A thread of casePool.ts: makes the cases it is sent, one at a time, and answers with plain data. */
import { parentPort, workerData } from 'node:worker_threads';
import { DiskError } from '../errors.ts';
import type { ThreadAnswer, ThreadStart, ThreadTask } from './casePool.ts';
import { type CaseInput, collectScans } from './inputs.ts';
import { CaseMaker } from './makeCase.ts';

const { inputs, options } = workerData as ThreadStart;
const making = CaseMaker.create(options);
let scans: ReturnType<typeof collectScans> | undefined;

async function inputOf({ input }: ThreadTask): Promise<CaseInput> {
  if (input.kind !== 'scan') return input;
  // Headers are looked through only where there are scans, and once.
  scans ??= collectScans(inputs);
  const scan = (await scans).find(({ key }) => key === input.key);
  if (scan === undefined) throw new Error('a scan that was there is not found again: were files moved?');
  return { kind: 'scan', scan };
}

async function answer(sent: ThreadTask): Promise<ThreadAnswer> {
  try {
    const maker = await making;
    return { outcome: await maker.make(await inputOf(sent), sent.task) };
  } catch (error) {
    if (error instanceof DiskError) return { disk: error.explanation };
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort!.on('message', async (sent: ThreadTask) => {
  const message = await answer(sent);
  const mask = 'outcome' in message && 'mask' in message.outcome ? message.outcome.mask : undefined;
  parentPort!.postMessage(message, mask === undefined ? [] : [mask.data.buffer as ArrayBuffer]);
});
