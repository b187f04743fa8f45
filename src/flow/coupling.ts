/**
 * Coupling: which noise sample of a batch flows to which data sample.
 *
 *   independent    as drawn: the conditional-OT flow matching of the reference
 *   minibatch-ot   the pairing of least summed squared distance inside the batch (Tong et al. 2023, "Improving and
 *                  generalizing flow-based generative models with minibatch optimal transport")
 *
 * With classes the optimal pairing stays inside a class: the noise drawn beside samples of a class is only dealt out
 * anew among them. Pairing across classes would make the noise tell the class, and guidance, which needs noise
 * independent of the class, would break (Cheng and Schwing 2025, "The Curse of Conditions").
 */
import { ShapeError } from '../errors.ts';
import { solveAssignment } from './assignment.ts';

export type Coupling = 'independent' | 'minibatch-ot';

/** Squared Euclidean distances: `cost[i, j] = |data[members[i]] - noise[members[j]]|^2`. */
function squaredDistances(
  noise: Float32Array,
  data: Float32Array,
  length: number,
  members: readonly number[],
): Float64Array {
  const n = members.length;
  const cost = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const a = members[i] * length;
      const b = members[j] * length;
      let sum = 0;
      for (let k = 0; k < length; k++) {
        const d = data[a + k] - noise[b + k];
        sum += d * d;
      }
      cost[i * n + j] = sum;
    }
  return cost;
}

/**
 * For each of `count` data samples the index of its noise sample, a permutation. `noise` and `data` hold the batch flat,
 * sample after sample; `classes`, where given, one class a sample. Throws `ShapeError` where lengths do not fit.
 */
export function couple(
  coupling: Coupling,
  noise: Float32Array,
  data: Float32Array,
  count: number,
  classes?: ArrayLike<number>,
): Int32Array {
  const length = data.length / count;
  if (
    noise.length !== data.length ||
    !Number.isInteger(length) ||
    (classes !== undefined && classes.length !== count)
  )
    throw new ShapeError({
      found: `noise of ${noise.length} numbers, data of ${data.length}, ${count} samples, ${classes?.length ?? 'no'} classes`,
      expected: 'noise and data of equal length, a whole number of values a sample, one class a sample',
      todo: 'give batches of the same shape',
    });
  const noiseOf = Int32Array.from({ length: count }, (_, i) => i);
  if (coupling === 'independent') return noiseOf;
  const groups = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const key = classes === undefined ? 0 : classes[i];
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [i]);
    else members.push(i);
  }
  for (const members of groups.values()) {
    const { columnOfRow } = solveAssignment(squaredDistances(noise, data, length, members), members.length);
    for (let i = 0; i < members.length; i++) noiseOf[members[i]] = members[columnOfRow[i]];
  }
  return noiseOf;
}

/** The noise samples in the order of their data: sample i of the result is noise sample `noiseOf[i]`. */
export function reorder(noise: Float32Array, noiseOf: Int32Array): Float32Array {
  const length = noise.length / noiseOf.length;
  const out = new Float32Array(noise.length);
  for (let i = 0; i < noiseOf.length; i++)
    out.set(noise.subarray(noiseOf[i] * length, (noiseOf[i] + 1) * length), i * length);
  return out;
}
