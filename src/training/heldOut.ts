/** What a network in training is measured by, on latents that it never saw: how well it predicts, and how much it reaches. */
import type { GeneratorConfig } from '../config/schemas.ts';
import { prdc } from '../evaluation/prdc.ts';
import { elements } from '../graph/graph.ts';
import { RandomStream } from '../random/stream.ts';
import { Session, type SessionOptions, value } from '../runtime/session.ts';
import { LatentSampler } from '../sampling/latentSampler.ts';
import { type NetworkWeights, velocityModel } from '../sampling/network.ts';
import { sampleDefaults } from '../sampling/solverNames.ts';
import type { LatentSet } from './latents.ts';
import { objectiveOf } from './objective.ts';

const TIMES = [0.2, 0.4, 0.6, 0.8];

/**
 * Mean squared error of the prediction on the first cases of a set, each at four fixed times and noises: the same ones for
 * held-out and training cases, so that their difference shows memorisation. Comparable within one objective only.
 */
export async function predictionError(
  network: NetworkWeights,
  set: LatentSet,
  labels: Int32Array,
  config: Pick<GeneratorConfig, 'seed' | 'objective' | 'diffusion'>,
  options: SessionOptions = {},
): Promise<number> {
  const session = await Session.create(velocityModel(network, 1), options);
  const objective = objectiveOf(config);
  const shape = [1, ...set.shape];
  const length = elements(set.shape);
  let total = 0;
  for (let i = 0; i < set.cases; i++)
    for (const [k, time] of TIMES.entries()) {
      const x0 = new RandomStream(config.seed, 'evaluate/noise', i * TIMES.length + k).fillNormal(
        new Float32Array(length),
      );
      const { x, t, target } = objective(x0, set.latents[i], new Float32Array([time]));
      const feeds = { x: value(x, shape), t: value(t, [1]), label: value(labels.slice(i, i + 1), [1]) };
      const v = (await session.run(feeds, { velocity: null })).velocity.data as Float32Array;
      let error = 0;
      for (let j = 0; j < length; j++) error += (v[j] - target[j]) ** 2;
      total += error / length;
    }
  await session.release();
  return total / (set.cases * TIMES.length);
}

/** No one's seed: generated sets, by which weights are judged later, start from other noise. */
const RECALL_SEED = 2 ** 40;
/** Steps of a sample that only has to tell where it lies. */
const STEPS = 8;

/**
 * Recall (k = 3) of held-out latents by `samples` sampled ones: the share that lies where samples lie. Throws `NumericsError`
 * for fewer than 6 held-out cases.
 */
export async function latentRecall(
  network: NetworkWeights,
  set: LatentSet,
  samples: number,
  options: SessionOptions = {},
): Promise<number> {
  const sampler = new LatentSampler(network, options);
  const { solver } = sampleDefaults(network.meta);
  const fakes: Float32Array[] = [];
  for (let index = 0; index < samples; index++)
    fakes.push(await sampler.sample({ seed: RECALL_SEED, index, steps: STEPS, solver, guidance: 1 }));
  await sampler.release();
  const flat = (latents: readonly Float32Array[]) => {
    const values = new Float32Array(latents.length * latents[0].length);
    for (const [i, z] of latents.entries()) values.set(z, i * z.length);
    return { values, count: latents.length, dim: latents[0].length };
  };
  return prdc(flat(set.latents.slice(0, set.cases)), flat(fakes)).recall;
}
