/** The worker's work: one bone from one seed, told of step by step, its states shown on the way where that is wished. */
import { packBits } from '../../src/dataset/pack.ts';
import type { Generator } from '../../src/sampling/generator.ts';
import { checkSampling } from '../../src/sampling/latentSampler.ts';
import type { Mask } from '../../src/volume/volume.ts';
import type { PackedMask } from '../ui/mask.ts';
import type { Progress, Sampled, SampleRequest } from './messages.ts';

/** Ends a sample that is no longer wanted. */
export class Cancelled extends Error {}

const packed = ({ data, size, spacing }: Mask): PackedMask => ({
  bits: packBits(data),
  size,
  spacing: spacing[0],
});

/**
 * Samples a bone. `breathe` is awaited before each evaluation of the network and may throw `Cancelled`. Throws `UsageError` for
 * settings out of range, `NumericsError` where the numbers left the finite ones.
 */
export async function sample(
  generator: Generator,
  { showEvery, ...settings }: SampleRequest,
  tell: (progress: Progress) => void,
  breathe: () => Promise<void>,
): Promise<Sampled> {
  checkSampling(generator.meta, settings);
  const begun = performance.now();
  let showing = 0;
  let evaluations = 0;
  const total = settings.solver === 'dopri5' ? null : settings.steps;
  const show = async (latent: Float32Array): Promise<PackedMask> => {
    const before = performance.now();
    const mask = packed(await generator.decode(latent));
    showing += (performance.now() - before) / 1000;
    return mask;
  };
  if (showEvery > 0) tell({ done: 0, total, t: 0, shown: await show(generator.noise(settings)) });
  const latent = await generator.sampleLatent({
    ...settings,
    beforeEvaluation: breathe,
    onEvaluations: (count) => {
      evaluations = count;
    },
    onStep: async (done, t, state) => {
      const last = t >= 1;
      // The last state is the result: it is decoded below.
      const shown = showEvery > 0 && !last && done % showEvery === 0;
      tell({ done, total, t, ...(shown && { shown: await show(state) }) });
    },
  });
  await breathe();
  const mask = await generator.decode(latent);
  return {
    mask: packed(mask),
    latent,
    quality: generator.qualityOf(settings),
    empty: mask.data.every((v) => v === 0),
    evaluations,
    seconds: (performance.now() - begun) / 1000,
    showing,
  };
}
