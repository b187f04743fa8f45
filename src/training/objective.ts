/**
 * What one training step sees. Both objectives draw the same cases, copies, noise, times and dropped labels from the same
 * streams, a pure function of (seed, step), and differ only in the state they make of them and in what is to be learnt:
 *
 *   otfm   x_t = (1 - t) x0 + t x1          target x1 - x0, the velocity
 *   ddpm   x_k = sqrt(a_k) x1 + sqrt(1 - a_k) x0, k the index of t     target x0 (epsilon) or v
 *
 * so that two runs which differ in `objective` alone compare the objectives and nothing else.
 */
import type { GeneratorConfig } from '../config/schemas.ts';
import { batchIndices } from '../dataset/loader.ts';
import { diffusionPoint, diffusionTarget } from '../diffusion/process.ts';
import { diffusionSchedule, indexAt, timeOf } from '../diffusion/schedule.ts';
import { couple, reorder } from '../flow/coupling.ts';
import { pathPoint, pathVelocity } from '../flow/path.ts';
import { sampleTimes } from '../flow/time.ts';
import { elements } from '../graph/graph.ts';
import { RandomStream } from '../random/stream.ts';
import type { LatentSet } from './latents.ts';

/** States, the times the network is told, and what it shall answer; flat, sample after sample. */
export interface TrainingPoint {
  x: Float32Array;
  t: Float32Array;
  target: Float32Array;
}

export interface TrainingBatch extends TrainingPoint {
  label: Int32Array;
}

/** The point of noise `x0` and data `x1` at times `t` (0 noise, 1 data; one a sample). */
export type Objective = (x0: Float32Array, x1: Float32Array, t: Float32Array) => TrainingPoint;

/** The objective of a configuration. */
export function objectiveOf({
  objective,
  diffusion,
}: Pick<GeneratorConfig, 'objective' | 'diffusion'>): Objective {
  if (objective === 'ddpm') {
    const { steps, prediction } = diffusion;
    const schedule = diffusionSchedule(diffusion.schedule, steps);
    return (x0, x1, t) => {
      const k = Array.from(t, (time) => indexAt(time, steps));
      return {
        x: diffusionPoint(schedule, x0, x1, k, new Float32Array(x1.length)),
        t: Float32Array.from(k, (index) => timeOf(index, steps)),
        target: diffusionTarget(schedule, prediction, x0, x1, k, new Float32Array(x1.length)),
      };
    };
  }
  return (x0, x1, t) => ({
    x: pathPoint(x0, x1, t, new Float32Array(x1.length)),
    t,
    target: pathVelocity(x0, x1, new Float32Array(x1.length)),
  });
}

/** Makes the batch of any step (1 the first) from normalised latents and their labels. */
export function batchMaker(
  set: LatentSet,
  labels: Int32Array,
  config: GeneratorConfig,
): (step: number) => TrainingBatch {
  const { seed, batch, classDropout, model, latents } = config;
  const length = elements(set.shape);
  const objective = objectiveOf(config);
  const classes = membersOf(labels);
  return (step) => {
    const draw = new RandomStream(seed, 'train/flow', step);
    const indices = batchIndices(seed, step - 1, batch, set.cases);
    const x1 = new Float32Array(batch * length);
    const label = new Int32Array(batch);
    for (let b = 0; b < batch; b++) {
      x1.set(set.latents[draw.integer(set.copies + 1) * set.cases + indices[b]], b * length);
      label[b] = labels[indices[b]];
    }
    if (latents.mix > 0 || latents.noise > 0) {
      const vary = new RandomStream(seed, 'train/latents', step);
      for (let b = 0; b < batch; b++)
        varyLatent(x1.subarray(b * length, (b + 1) * length), set, classes.get(label[b])!, latents, vary);
    }
    let x0 = new RandomStream(seed, 'train/noise', step).fillNormal(new Float32Array(batch * length));
    x0 = reorder(x0, couple(config.coupling, x0, x1, batch, label)) as Float32Array<ArrayBuffer>;
    const times = sampleTimes(batch, config.time, draw);
    for (let b = 0; b < batch; b++) if (draw.uniform() < classDropout) label[b] = model.classes;
    return { ...objective(x0, x1, times), label };
  };
}

/** Cases of each label. */
function membersOf(labels: Int32Array): Map<number, number[]> {
  const members = new Map<number, number[]>();
  labels.forEach((label, i) => {
    members.set(label, [...(members.get(label) ?? []), i]);
  });
  return members;
}

/** Now and then `z <- w z + (1 - w) other of the class`, w uniform; then normal noise; in place. */
function varyLatent(
  z: Float32Array,
  set: LatentSet,
  members: readonly number[],
  { mix, noise }: GeneratorConfig['latents'],
  draw: RandomStream,
): void {
  if (draw.uniform() < mix) {
    const other =
      set.latents[draw.integer(set.copies + 1) * set.cases + members[draw.integer(members.length)]];
    const w = draw.uniform();
    for (let i = 0; i < z.length; i++) z[i] = w * z[i] + (1 - w) * other[i];
  }
  if (noise > 0) for (let i = 0; i < z.length; i++) z[i] += noise * draw.normal();
}
