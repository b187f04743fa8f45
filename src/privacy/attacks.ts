/**
 * Every membership attack that an audit makes: on the set that is to be shared, and on the network behind it.
 *
 *   generated set   cases that lie nearer to the generated bones were trained on (1 - Dice, as they lie): needs the set alone
 *   velocity, reference, autoencoder   need the weights (membership/membershipInference.ts)
 *
 * Velocity and reference look at the same errors, which are measured once.
 */

import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { trainedOn } from '../dataset/trainedOn.ts';
import { crossDistances } from '../evaluation/distanceMatrix.ts';
import { diceDistance, packedMask } from '../evaluation/overlap.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import type { ErrorTable } from './membership/errorTable.ts';
import { generatedSetMembership } from './membership/generatedSet.ts';
import type { MembershipResult } from './membership/judge.ts';
import { membershipInference } from './membership/membershipInference.ts';

export interface AttackOptions {
  run: string;
  /** The dataset that the run was trained on. */
  data: Dataset;
  /** What made the set, its decoder included. */
  generator: GeneratorWeights;
  heldOut: readonly DatasetCase[];
  /** The set was decoded by a decoder of its own. */
  decoder?: string;
  fake: Dataset;
  /** Runs of the same kind that never saw these cases, each with its dataset. */
  references?: readonly { run: string; dataset: Dataset }[];
  seed: number;
  threads?: number;
  signal?: AbortSignal;
  /** Told after each case of an attack. */
  onAttack?: (attack: string, done: number, total: number) => void;
}

export interface Attacks {
  results: MembershipResult[];
  notes: string[];
  /** Why a part of the network could not be attacked. */
  unattacked?: string;
}

/**
 * Attacks the set, then the network. Members are the cases that the generator was trained on: a share of the training side
 * where it learnt from a share. Throws as `membershipInference` and `generatedSetMembership`.
 */
export async function attacks(options: AttackOptions): Promise<Attacks> {
  const { run, data, generator, decoder, heldOut, fake, references = [], seed } = options;
  const { threads, signal, onAttack } = options;
  const members = trainedOn(generator.meta, data);
  const cases = [...members, ...heldOut];
  const packed = (set: Dataset, list: readonly DatasetCase[]) => list.map((c) => packedMask(set.loadBits(c)));
  const results = [
    generatedSetMembership({
      distances: crossDistances(packed(data, cases), packed(fake, fake.cases), diceDistance),
      members: members.length,
      cases,
      mask: (row) => data.loadMask(cases[row]),
      seed,
    }),
  ];
  const measured = new Map<string, ErrorTable>();
  const attack = async (name: 'velocity' | 'reference' | 'autoencoder'): Promise<void> => {
    const onProgress = (done: number, total: number) => onAttack?.(name, done, total);
    const common = { attack: name, run, dataset: data, measured, seed, threads, signal, onProgress };
    results.push(await membershipInference({ ...common, ...(name === 'reference' && { references }) }));
  };
  await attack('velocity');
  await attack('reference');
  if (decoder !== undefined) {
    const unattacked = 'the decoder that made the set was not attacked: who trained it is not in its weights';
    return { results, notes: [unattacked], unattacked };
  }
  if (generator.autoencoder.meta.dataHash === dataHash(data.split('train'))) {
    await attack('autoencoder');
    return { results, notes: [] };
  }
  return {
    results,
    notes: [
      `the autoencoder learnt from other cases ("${generator.autoencoder.meta.dataset}"): it cannot tell who is in this training set`,
    ],
  };
}
