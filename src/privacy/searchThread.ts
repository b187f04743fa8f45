/** A thread of searchPool.ts: answers questions about the index that it started with, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { CranioflowError } from '../errors.ts';
import { type Question, type SearchAnswer, searchOne } from './searchPool.ts';
import type { ShapeIndex } from './shapeIndex.ts';

const index = workerData as ShapeIndex;

parentPort!.on('message', (question: Question) => {
  let answer: SearchAnswer;
  try {
    answer = { match: searchOne(index, question) };
  } catch (error) {
    if (error instanceof CranioflowError) answer = { refused: error.explanation };
    else answer = { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort!.postMessage(answer);
});
