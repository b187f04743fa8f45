/**
 * Every membership attack that an audit makes: on the set that is to be shared, and on the network behind it.
 *
 *   generated set   cases that lie nearer to the generated bones were trained on (1 - Dice, as they lie): needs the set alone
 *   velocity, reference, autoencoder   need the weights (membership/membershipInference.ts)
 *
 * Velocity and reference look at the same errors, which are measured once.
 */
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import type { ErrorTable } from './membership/errorTable.ts';
import { diceTable, generatedSetMembership } from './membership/generatedSet.ts';
import type { MembershipResult } from './membership/judge.ts';
import { membershipInference } from './membership/membershipInference.ts';

export interface AttackOptions {
  run: string;
  /** The dataset that the run was trained on. */
  data: Dataset;
  /** Cases that count as trained on, and those held out. */
  train: readonly DatasetCase[];
  heldOut: readonly DatasetCase[];
  fake: Dataset;
  /** Runs of the same kind that never saw these cases, each with its dataset. */
  references?: readonly { run: string; dataset: Dataset }[];
  seed: number;
  threads?: number;
  signal?: AbortSignal;
  /** Told after each case of an attack. */
  onAttack?: (attack: string, done: number, total: number) => void;
}

/** Attacks the set, then the network. Throws as `membershipInference` and `generatedSetMembership`. */
export async function attacks(options: AttackOptions): Promise<MembershipResult[]> {
  const { run, data, train, heldOut, fake, references = [], seed, threads, signal, onAttack } = options;
  const cases = [...train, ...heldOut];
  const results = [
    generatedSetMembership({
      distances: diceTable(
        cases.map((c) => data.loadMask(c)),
        fake.cases.map((c) => fake.loadMask(c)),
      ),
      members: train.length,
      cases,
      mask: (row) => data.loadMask(cases[row]),
      seed,
    }),
  ];
  const measured = new Map<string, ErrorTable>();
  for (const attack of ['velocity', 'reference', 'autoencoder'] as const)
    results.push(
      await membershipInference({
        attack,
        run,
        dataset: data,
        ...(attack === 'reference' && { references }),
        measured,
        seed,
        threads,
        signal,
        onProgress: (done, total) => onAttack?.(attack, done, total),
      }),
    );
  return results;
}
