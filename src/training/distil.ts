/**
 * Consistency distillation of a generator (Song et al. 2023): a copy of the source learns to jump from any point of the
 * source's paths to their end (consistencyTarget.ts). Points are made from samples of the source and fresh noise, so no
 * patient's data are needed; intervals of time are few and long at first, where targets settle soon, then shorter, where
 * the source crosses them exactly. The averaged weights of each step are what the next one learns from; they are an input
 * of a model compiled once.
 *
 * Measured on phantoms at 32^3 (preset tiny, 400 steps; 3 x 40 samples against 40 held-out skulls; the source with 64
 * evaluations in brackets): one evaluation gives a coverage of 0.48 (0.51), a recall of features of 0.81 (0.88) and a Dice of
 * 0.92 to the source's own skull of the same noise; two give 0.53 and 0.82. The source itself at one: 0.24 and 0.23.
 */
import type { DistilConfig } from '../config/fewStep.ts';
import { batchIndices } from '../dataset/loader.ts';
import { pathPoint } from '../flow/path.ts';
import { RandomStream } from '../random/stream.ts';
import { BatchVelocity, LiveVelocity } from '../sampling/batchVelocity.ts';
import { SOLVERS } from '../sampling/solvers.ts';
import { consistencyTarget, intervalsAt } from './consistencyTarget.ts';
import { type FewStepOptions, trainFewStep } from './fewStep.ts';
import { guidanceWithin } from './source.ts';

/** Trains, or goes on training, a consistency model in the run folder `out`; returns the last held-out loss. */
export async function trainDistil(options: FewStepOptions<DistilConfig>): Promise<{ heldOutLoss: number }> {
  const { source, config, threads } = options;
  const { seed, batch, steps, intervals, teacher } = config;
  const guidance = guidanceWithin(source, config.guidance);
  const crossing = { solver: SOLVERS[teacher.solver], steps: teacher.steps };
  return trainFewStep('distil', options, async (pairs) => {
    const sourced = await BatchVelocity.create(source, { batch, guidance: config.guidance }, { threads });
    const averages = await LiveVelocity.create(source.meta, batch, { threads });
    const length = pairs.data[0].length;
    return {
      title: 'train distil',
      meta: { objective: 'consistency', distilled: { source: source.hash, guidance } },
      async batch(step, averaged) {
        const draw = new RandomStream(seed, 'train/distil', step);
        const count = intervalsAt(step, steps, intervals);
        const x1 = new Float32Array(batch * length);
        const label = new Int32Array(batch);
        const t = new Float32Array(batch);
        for (const [b, i] of batchIndices(seed, step - 1, batch, pairs.count).entries()) {
          x1.set(pairs.data[i], b * length);
          label[b] = pairs.labels[i];
          t[b] = draw.integer(count) / count;
        }
        const noise = new RandomStream(seed, 'train/noise', step).fillNormal(new Float32Array(x1.length));
        const x = pathPoint(noise, x1, t, x1);
        const target = await consistencyTarget(
          sourced.field(label),
          averages.field(averaged(), label),
          x,
          t,
          1 / count,
          crossing,
        );
        return { x, t, label, target };
      },
      async release() {
        await sourced.release();
        await averages.release();
      },
    };
  });
}
