/** The thread of aside.ts: one evaluation, then its result or why it was refused. */
import { parentPort, workerData } from 'node:worker_threads';
import { CranioflowError } from '../errors.ts';
import type { AsideAnswer, AsideStart } from './aside.ts';
import { compareSets } from './compareSets.ts';
import { evaluateSets } from './evaluateSets.ts';

const start = workerData as AsideStart;
const answer = (words: AsideAnswer): void => parentPort!.postMessage(words);
/** Pairs are told in steps: a message for each would cost more than the pair. */
const STEP = 256;
const onProgress = (done: number, total: number): void => {
  if (done % STEP === 0 || done === total) answer({ pairs: [done, total] });
};

try {
  const result =
    start.work === 'evaluate'
      ? evaluateSets(start.args[0], { ...start.args[1], onProgress })
      : compareSets(start.args[0], { ...start.args[1], onProgress });
  answer({ result });
} catch (error) {
  if (!(error instanceof CranioflowError)) throw error;
  answer({ refused: { name: error.name, explanation: error.explanation } });
}
