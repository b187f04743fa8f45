/** The thread of batchAhead.ts: makes the batch of each step that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { elements } from '../graph/graph.ts';
import type { AheadStart } from './batchAhead.ts';
import { batchMaker } from './objective.ts';

const { shape, copies, cases, shared, labels, config } = workerData as AheadStart;
const length = elements(shape);
const flat = new Float32Array(shared);
const latents = Array.from({ length: (copies + 1) * cases }, (_, i) =>
  flat.subarray(i * length, (i + 1) * length),
);
const make = batchMaker({ shape, copies, cases, latents }, labels, config);

parentPort!.on('message', (step: number) => {
  const batch = make(step);
  const { x, t, label, target } = batch;
  parentPort!.postMessage(
    batch,
    [x, t, label, target].map(({ buffer }) => buffer as ArrayBuffer),
  );
});
