/**
 * Reflow (Liu et al. 2022, "Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow"): the
 * velocity network is trained again, from the weights it has, on straight lines between each noise and the sample that it
 * made of it,
 *
 *   x_t = (1 - t) x0 + t z1(x0)          target z1(x0) - x0.
 *
 * Such lines hardly cross, so the new paths are nearly straight and a few steps follow them. The result is an ordinary
 * generator of the objective otfm.
 */
import type { ReflowConfig } from '../config/fewStep.ts';
import { batchIndices } from '../dataset/loader.ts';
import { pathPoint, pathVelocity } from '../flow/path.ts';
import { RandomStream } from '../random/stream.ts';
import { type FewStepOptions, trainFewStep } from './fewStep.ts';
import type { TrainingBatch } from './objective.ts';
import type { PairSet } from './pairs.ts';
import { guidanceWithin } from './source.ts';

/** Trains, or goes on training, a rectified generator in the run folder `out`; returns the last held-out loss. */
export async function trainReflow(options: FewStepOptions<ReflowConfig>): Promise<{ heldOutLoss: number }> {
  const { source, config } = options;
  const guidance = guidanceWithin(source, config.guidance);
  // Where guidance is part of the pairs there is no null class left to learn.
  const dropped = { share: guidance === 1 ? config.classDropout : 0, to: source.meta.config.classes };
  return trainFewStep('reflow', options, async (pairs) => ({
    title: 'train reflow',
    meta: { reflow: { source: source.hash, pairs: pairs.count, guidance } },
    times: [0, 0.25, 0.5, 0.75],
    batch: reflowBatches(pairs, config, dropped),
  }));
}

/** Batches on the lines of pairs, a pure function of (seed, step); labels are replaced now and then, by `dropped.to`. */
export function reflowBatches(
  pairs: PairSet,
  { seed, batch, noiseEnd }: Pick<ReflowConfig, 'seed' | 'batch' | 'noiseEnd'>,
  dropped: { share: number; to: number },
): (step: number) => TrainingBatch {
  const length = pairs.data[0].length;
  return (step) => {
    const draw = new RandomStream(seed, 'train/reflow', step);
    const [x0, x1] = [new Float32Array(batch * length), new Float32Array(batch * length)];
    const label = new Int32Array(batch);
    const t = new Float32Array(batch);
    for (const [b, i] of batchIndices(seed, step - 1, batch, pairs.count).entries()) {
      x0.set(pairs.noise(i), b * length);
      x1.set(pairs.data[i], b * length);
      t[b] = draw.uniform() < noiseEnd ? 0 : draw.uniform();
      label[b] = draw.uniform() < dropped.share ? dropped.to : pairs.labels[i];
    }
    const x = pathPoint(x0, x1, t, new Float32Array(x0.length));
    return { x, t, label, target: pathVelocity(x0, x1, x0) };
  };
}
