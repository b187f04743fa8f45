/**
 * Who takes part in a private step, and with what. The unit is the person: a subject's cases and their augmented copies are
 * one entry. Each step draws each subject with probability `rate`, independent of the others and of earlier steps (Poisson
 * sampling: what the accountant counts for, where an ordinary shuffled epoch is not); a drawn subject brings `multiplicity`
 * points, each of one of its latents at random with noise and time of its own, whose gradients are averaged before the cut
 * (Dockhorn et al. 2022): less variance at no cost in privacy.
 */
import type { GeneratorConfig } from '../../config/schemas.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { sampleTimes } from '../../flow/time.ts';
import { elements } from '../../graph/graph.ts';
import { RandomStream } from '../../random/stream.ts';
import type { LatentSet } from '../latents.ts';
import { objectiveOf, type TrainingBatch } from '../objective.ts';
import { type SecretKey, SecretStream } from './secretStream.ts';

/** The indices of each subject's cases, in the order in which subjects first come. */
export function casesBySubject(cases: readonly Pick<DatasetCase, 'subject'>[]): number[][] {
  const members = new Map<string, number[]>();
  for (const [i, { subject }] of cases.entries()) members.set(subject, [...(members.get(subject) ?? []), i]);
  return [...members.values()];
}

/** The subjects of a step (1 the first): each of `count` with probability `rate`. */
export function poissonSample(key: SecretKey, step: number, count: number, rate: number): number[] {
  const draw = new SecretStream(key, 'dp/sample', step);
  const taken: number[] = [];
  for (let s = 0; s < count; s++) if (draw.uniform() < rate) taken.push(s);
  return taken;
}

/** Makes the `multiplicity` points of a subject (of `names`) at a step, from normalised latents and the labels of cases. */
export function pointMaker(
  set: LatentSet,
  labels: Int32Array,
  members: readonly (readonly number[])[],
  names: readonly string[],
  config: GeneratorConfig,
  multiplicity: number,
): (step: number, subject: number) => TrainingBatch {
  const { seed, classDropout, model, latents } = config;
  const length = elements(set.shape);
  const objective = objectiveOf(config);
  return (step, subject) => {
    // Keyed by the subject's own name, these numbers are the same whoever else is in the set: one subject more or less changes
    // the sum by that subject's part alone. They need not be secret: the noise hides what they are used on.
    const draw = new RandomStream(seed, `dp/points/${names[subject]}`, step);
    const x1 = new Float32Array(multiplicity * length);
    const label = new Int32Array(multiplicity);
    for (let k = 0; k < multiplicity; k++) {
      const index = members[subject][draw.integer(members[subject].length)];
      const z = x1.subarray(k * length, (k + 1) * length);
      z.set(set.latents[draw.integer(set.copies + 1) * set.cases + index]);
      if (latents.noise > 0) for (let i = 0; i < length; i++) z[i] += latents.noise * draw.normal();
      label[k] = draw.uniform() < classDropout ? model.classes : labels[index];
    }
    const times = sampleTimes(multiplicity, config.time, draw);
    return { ...objective(draw.fillNormal(new Float32Array(x1.length)), x1, times), label };
  };
}

/**
 * Numbers of subjects of each label with normal noise of deviation `noise`, rounded; labels with none are left out (all have
 * one where that leaves nothing). A subject counts once, for its first case: adding or removing one changes one number by 1.
 */
export function noisyClasses(
  key: SecretKey,
  labels: Int32Array,
  members: readonly (readonly number[])[],
  classes: number,
  noise: number,
): { label: number; count: number }[] {
  const counts = new Float64Array(classes);
  for (const [first] of members) counts[labels[first]]++;
  new SecretStream(key, 'dp/classes').addNormals(counts, noise);
  const found = Array.from(counts, (count, label) => ({ label, count: Math.round(count) }));
  const kept = found.filter(({ count }) => count >= 1);
  return kept.length > 0 ? kept : found.map(({ label }) => ({ label, count: 1 }));
}
