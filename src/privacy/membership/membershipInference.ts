/**
 * Membership inference against a run: can one who has the model tell who was in its training set? Three attacks, one door:
 *
 *   velocity      a generator predicts better on what it was trained on (velocityErrors.ts), in latents
 *   reference     the same, less what models that never saw these cases find hard; without such models, less what is plain
 *                 to see of the bones (calibrate.ts)
 *   autoencoder   an autoencoder gives back better what it was trained on (reconstructionErrors.ts), in volumes
 *
 * The attack on a released set alone is generatedSet.ts. Members are the cases that the run says it was trained on;
 * non-members are held out. All of it is a function of the run, the data and `seed`.
 */
import type { Dataset } from '../../dataset/dataset.ts';
import { Loader } from '../../dataset/loader.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { DatasetError, UsageError } from '../../errors.ts';
import type { AutoencoderMeta, GeneratorMeta } from '../../models/metadata.ts';
import { RandomStream } from '../../random/stream.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import type { AutoencoderWeights } from '../../sampling/autoencoder.ts';
import type { GeneratorWeights } from '../../sampling/generator.ts';
import { kindOfRun } from '../../sampling/kindOfRun.ts';
import { readAutoencoder } from '../../sampling/readAutoencoder.ts';
import { readGenerator } from '../../sampling/readGenerator.ts';
import { describeCases } from './descriptors.ts';
import type { Combine, ErrorTable } from './errorTable.ts';
import type { EvidenceLimits } from './figures.ts';
import { judge, type MembershipResult } from './judge.ts';
import { reconstructionErrors } from './reconstructionErrors.ts';
import { type Roles, rolesOf, seenBy } from './roles.ts';
import {
  checkProbe,
  PROBE_DEFAULTS,
  type ProbeOptions,
  velocityErrors,
  type WorkOptions,
} from './velocityErrors.ts';

export interface MembershipOptions extends Partial<ProbeOptions>, SessionOptions {
  attack: 'velocity' | 'reference' | 'autoencoder';
  /** Run folder of a generator; for the attack on the autoencoder also of an autoencoder. */
  run: string;
  /** The dataset that the run was trained on. */
  dataset: Dataset;
  /** Runs of the same kind that never saw the cases, each with the dataset it was trained on. */
  references?: readonly { run: string; dataset: Dataset }[];
  /** Cases that a reference saw: refuse them all (default), or judge by the others. */
  shared?: 'refuse' | 'leave out';
  /** Who non-members are: held-out cases (default), or what a `share` left out of the training side. */
  nonMembers?: 'test' | 'unused';
  combine?: Combine;
  /** Most members, and most non-members, drawn at random; default: all. */
  limit?: number;
  evidence?: Partial<EvidenceLimits>;
  /** Errors that were measured before are taken from here, and those measured now put in: attacks share them. */
  measured?: Map<string, ErrorTable>;
  /** Told after each evaluation of a case: how many are done, of how many. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** What is attacked: a network with what it says of itself. */
interface Target {
  meta: GeneratorMeta | AutoencoderMeta;
  hash: string;
  autoencoderHash: string;
  /** Who trained what the errors come from. */
  autoencoder: AutoencoderWeights;
  errors(loader: Loader, work: WorkOptions): Promise<ErrorTable>;
}

/**
 * Attacks a run. Throws `DatasetError` where the dataset is not the run's or a reference saw the cases, `CheckpointError` where
 * a run holds no such network, `UsageError` for settings out of range, `NumericsError` for fewer than 2 members or non-members.
 */
export async function membershipInference(options: MembershipOptions): Promise<MembershipResult> {
  const { attack, dataset, combine, evidence, seed = 0 } = options;
  const { probe, target, others, roles, notes } = openAttack(options);
  const cases = [...roles.members, ...roles.nonMembers];
  const loader = new Loader(dataset, cases);

  let done = 0;
  const work: WorkOptions = {
    threads: options.threads,
    device: options.device,
    signal: options.signal,
    onCase: () => options.onProgress?.(++done, (1 + others.length) * cases.length),
  };
  const who = cases.map((c) => c.id).join();
  const errorsOf = async (of: Target): Promise<ErrorTable> => {
    const key = JSON.stringify([of.meta.kind, of.hash, probe, who]);
    const known = options.measured?.get(key);
    if (known !== undefined) return known;
    const found = await of.errors(loader, work);
    options.measured?.set(key, found);
    return found;
  };
  const table = await errorsOf(target);
  const tables: ErrorTable[] = [];
  for (const other of others) tables.push(await errorsOf(other));
  return judge({
    attack,
    words: words(options, probe, target),
    table,
    members: roles.members.length,
    subjects: cases.map((c) => c.subject),
    described: describeCases(cases, (i) => dataset.loadMask(cases[i])),
    references: tables,
    byDescriptors: attack === 'reference' && others.length === 0,
    combine,
    evidence,
    seed,
    notes: [...notes, ...notesOn(target.meta)],
  });
}

/**
 * Opens and checks all that an attack rests on, without attacking: for those who have other work to do before it. Throws as
 * `membershipInference`.
 */
export function openAttack(options: MembershipOptions) {
  const { attack, dataset, references = [] } = options;
  const probe: ProbeOptions = { ...PROBE_DEFAULTS, ...defined(options) };
  checkProbe(probe);
  checkUse(options);
  const target = openTarget(options.run, attack, probe);
  const others = references.map(({ run }) => openTarget(run, attack, probe));
  const notes: string[] = [];
  const roles = drawn(
    leaveOut(rolesOf(target.meta, dataset, options.nonMembers), target, others, options, notes),
    options,
    notes,
  );
  return { probe, target, others, roles, notes };
}

/** The settings of the probe that were given. */
function defined({ times, noises, condition, seed }: Partial<ProbeOptions>): Partial<ProbeOptions> {
  return Object.fromEntries(
    Object.entries({ times, noises, condition, seed }).filter(([, value]) => value !== undefined),
  );
}

function checkUse({ attack, references = [], limit }: MembershipOptions): void {
  if (references.length > 0 && attack === 'velocity')
    throw new UsageError({
      found: 'the attack velocity with a reference model',
      expected: 'the attack reference (or autoencoder), which sets one against the other',
      todo: 'choose the attack reference, or leave the reference out',
    });
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 2))
    throw new UsageError({
      found: `a limit of ${limit} members`,
      expected: 'a whole number of at least 2',
      todo: 'give another limit, or none',
    });
}

function openTarget(run: string, attack: MembershipOptions['attack'], probe: ProbeOptions): Target {
  if (attack === 'autoencoder' && kindOfRun(run) === 'autoencoder')
    return autoencoderTarget(readAutoencoder(run));
  const source: GeneratorWeights = readGenerator(run);
  if (attack === 'autoencoder')
    return autoencoderTarget({ ...source.autoencoder, hash: source.meta.autoencoderHash });
  return {
    meta: source.meta,
    hash: source.hash,
    autoencoder: source.autoencoder,
    autoencoderHash: source.meta.autoencoderHash,
    errors: (loader, work) => velocityErrors(source, loader, probe, work),
  };
}

function autoencoderTarget(autoencoder: AutoencoderWeights & { hash: string }): Target {
  return {
    meta: autoencoder.meta,
    hash: autoencoder.hash,
    autoencoder,
    autoencoderHash: autoencoder.hash,
    errors: (loader, work) => reconstructionErrors(autoencoder, loader, work),
  };
}

/** Roles without the cases that a reference saw, and without classes that a generator has no label for. */
function leaveOut(
  roles: Roles,
  target: Target,
  others: readonly Target[],
  { references = [], dataset, shared = 'refuse' }: MembershipOptions,
  notes: string[],
): Roles {
  const seen = others.map((other, i) =>
    seenBy(other, references[i].dataset, { dataset, autoencoderHash: target.autoencoderHash }),
  );
  const sawIt = (c: DatasetCase) => seen.some((s) => s.has(c));
  const count = (cases: readonly DatasetCase[]) => cases.filter(sawIt).length;
  const [inside, outside] = [count(roles.members), count(roles.nonMembers)];
  if (inside + outside > 0 && shared === 'refuse')
    throw new DatasetError({
      found: `a reference model was trained on ${inside} of the ${roles.members.length} members and ${outside} of the ${roles.nonMembers.length} non-members`,
      expected: 'references that saw none of them: what both saw would look as if it were no secret',
      todo: 'train the reference on other data, or judge by the other cases only (shared: leave out)',
    });
  if (inside + outside > 0)
    notes.push(`${inside} members and ${outside} non-members that a reference saw are left out`);
  const { meta } = target;
  const known = (c: DatasetCase) => meta.kind !== 'generator' || meta.qualities.includes(c.quality);
  const strange = roles.nonMembers.filter((c) => !known(c)).length;
  if (strange > 0) notes.push(`${strange} non-members of a class that the generator never saw are left out`);
  const keep = (c: DatasetCase) => !sawIt(c) && known(c);
  const kept = { members: roles.members.filter(keep), nonMembers: roles.nonMembers.filter(keep) };
  if (Math.min(kept.members.length, kept.nonMembers.length) >= 2) return kept;
  throw new DatasetError({
    found: `${kept.members.length} members and ${kept.nonMembers.length} non-members are left to judge by`,
    expected: 'at least 2 of either',
    todo: 'take references that saw fewer of them, or hold more out',
  });
}

/** At most `limit` of either, at random, in their order. */
function drawn(
  { members, nonMembers }: Roles,
  { limit, seed = 0 }: MembershipOptions,
  notes: string[],
): Roles {
  if (limit === undefined || limit >= Math.max(members.length, nonMembers.length))
    return { members, nonMembers };
  notes.push(`at most ${limit} members and non-members, drawn by the seed ${seed}`);
  const some = (cases: DatasetCase[], index: number) => {
    const order = new RandomStream(seed, 'privacy/membership-limit', index).permutation(cases.length);
    const kept = new Set(order.subarray(0, limit));
    return cases.filter((_, i) => kept.has(i));
  };
  return { members: some(members, 0), nonMembers: some(nonMembers, 1) };
}

function words(
  { attack, references = [] }: MembershipOptions,
  probe: ProbeOptions,
  { meta }: Target,
): string {
  const [from, to] = [Math.min(...probe.times), Math.max(...probe.times)].map((t) => Number(t.toFixed(3)));
  const asked =
    meta.kind === 'autoencoder'
      ? 'reconstruction error (Dice and cross-entropy) in volumes'
      : `prediction error (${meta.objective}) in latents at ${probe.times.length} times from ${from} to ${to}, ${probe.noises} noises each, ${probe.condition === 'class' ? 'told the class' : 'told no class'}`;
  const models = `${references.length} reference model${references.length === 1 ? '' : 's'}`;
  if (references.length > 0) return `${asked}, less what ${models} foretell`;
  return attack === 'reference' ? `${asked}, less what the bones' plain descriptors foretell` : asked;
}

function notesOn(meta: GeneratorMeta | AutoencoderMeta): string[] {
  if (meta.kind === 'autoencoder' || (meta.distilled === undefined && meta.reflow === undefined)) return [];
  return ['this generator learnt from samples of another, and saw the cases only through it'];
}
