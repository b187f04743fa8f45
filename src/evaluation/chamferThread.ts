/** A thread of chamferTables.ts: measures all clouds against each target it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ChamferAnswer, ChamferStart } from './chamferTables.ts';
import { PointTree } from './nearest.ts';
import { NearestCells } from './nearestCells.ts';

const { xyz, start, box, cells } = workerData as ChamferStart;
const points = new Float32Array(xyz);
const clouds = Array.from({ length: start.length - 1 }, (_, c) => points.subarray(start[c], start[c + 1]));

parentPort!.on('message', (target: number) => {
  const cloud = { xyz: clouds[target], tree: new PointTree(clouds[target]) };
  const nearest = new NearestCells(cloud, box, cells);
  const means = Float64Array.from(clouds, (from) => nearest.meanSquaredDistance(from));
  parentPort!.postMessage({ target, means } satisfies ChamferAnswer, [means.buffer]);
});
