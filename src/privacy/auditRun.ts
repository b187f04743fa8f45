/**
 * The audit of a run and the set it made: folders in, `audit.json` and `audit.html` out. Nothing is written before all is
 * done, so an audit that was stopped leaves no half a verdict.
 */
import { join } from 'node:path';
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { requireWritableFolder, writeFileAtomic } from '../files/atomic.ts';
import { packageVersion } from '../files/version.ts';
import { RESEARCH_USE } from '../sampling/generateProvenance.ts';
import { type AttackOptions, attacks } from './attacks.ts';
import { type AuditFolders, openAuditInputs } from './auditInputs.ts';
import { type AuditedShape, type AuditRecord, RECORD_HEAD, writeAudit } from './auditRecord.ts';
import { type AuditSets, type AuditSetsOptions, auditSets, type SetsAudit } from './auditSets.ts';
import { latentSpace } from './latentSpace.ts';
import type { MembershipResult as Attacked } from './membership/judge.ts';
import { openAttack } from './membership/membershipInference.ts';
import { auditPage, type PagePicture } from './page.ts';
import { pairPicture } from './pairPicture.ts';
import { fieldGrid } from './shapeField.ts';
import { judge, LIMITS, type Limits } from './verdict.ts';

export interface AuditRunOptions
  extends AuditFolders,
    Partial<Omit<AuditSetsOptions, 'spaces' | 'membership'>>,
    Pick<AttackOptions, 'references' | 'onAttack'> {
  /** Leave the membership attacks out: the set cannot be called anonymised then. */
  noMembership?: boolean;
  /** Leave the latents of the run's autoencoder out. */
  shapesOnly?: boolean;
  /** Spaces beside shapes and latents. */
  spaces?: AuditSetsOptions['spaces'];
  limits?: Partial<Limits>;
  /** The command line, for the page. */
  command?: string;
}

export interface WrittenAudit {
  record: AuditRecord;
  /** audit.json and audit.html. */
  files: { record: string; page: string };
}

/** What the record keeps of an attack: no scores of single cases, which would tell who was trained on. */
function brief(result: Attacked) {
  const { attack, words, members, nonMembers, auc, pValue, evidence, notes } = result;
  const { value, low, high, pValue: p } = result.tprAtFpr1;
  const tprAtFpr1 = { value, low, high, pValue: p };
  return { attack, words, members, nonMembers, auc, tprAtFpr1, pValue, evidence, notes };
}

/** Most pairs on the page. */
const MOST_PICTURES = 12;
/** Pairs shown where none is flagged. */
const FEW_PICTURES = 3;

/** Scans of one person are one subject; a list of a dataset's cases as masks. */
function listOf(dataset: Dataset, cases: readonly DatasetCase[]) {
  return {
    count: cases.length,
    at: (i: number) => dataset.loadMask(cases[i]),
    subjects: cases.map((c) => c.subject),
    names: cases.map((c) => c.id),
    classes: cases.map((c) => c.quality),
  };
}

/**
 * Audits a set and writes the result. Throws as `openAuditInputs` and `auditSets`, and `DiskError`. A verdict other than a
 * pass is a result, not an error.
 */
export async function auditRun(options: AuditRunOptions): Promise<WrittenAudit> {
  const {
    out,
    limits: changed,
    shapesOnly = false,
    noMembership = false,
    references,
    onAttack,
    spaces = [],
    command,
    ...rest
  } = options;
  const inputs = openAuditInputs(options);
  const { generator, data, train, heldOut, fake, empty } = inputs;
  requireWritableFolder(out);
  // What the attacks would refuse is refused before the search, which may take hours.
  if (!noMembership) openAttack({ attack: 'reference', run: options.run, dataset: data, references });
  const limits = { ...LIMITS, ...changed };
  const sets: AuditSets = {
    train: listOf(data, train),
    heldOut: listOf(data, heldOut),
    fake: listOf(fake, fake.cases),
  };
  const { seed = 0, threads, signal } = options;
  const { run, decoder } = options;
  const latents = shapesOnly ? undefined : await latentSpace(generator.autoencoder, run, { threads });
  const found = await auditSets(sets, {
    ...rest,
    spaces: [...(latents === undefined ? [] : [latents]), ...spaces],
  }).finally(() => latents?.release());
  const attacked = noMembership
    ? undefined
    : await attacks({ ...inputs, run, decoder, references, seed, threads, signal, onAttack });
  const real = new Set([...train, ...heldOut].map((c) => c.sha256));
  const figures = {
    ...found.figures,
    // The same bone many times is one piece of evidence.
    counts: { ...found.figures.counts, fake: new Set(fake.cases.map((c) => c.sha256)).size },
    identical: fake.cases.filter((c) => real.has(c.sha256)).length,
    ...(attacked && { membership: attacked.results.map(brief) }),
    ...(attacked?.unattacked !== undefined && { unattacked: attacked.unattacked }),
  };
  const shapes = found.matches.map((match, i): AuditedShape => {
    const { p, isolation, flagged, why } = found.suspicions[i];
    const [first] = match.neighbours;
    return {
      id: fake.cases[i].id,
      distance: first.distance,
      surface_mm: match.surface_mm,
      isolation,
      p,
      flagged,
      why,
      ...(flagged && { nearest: train[first.index].id }),
      mirrored: first.mirrored,
    };
  });
  const record: AuditRecord = {
    ...RECORD_HEAD,
    cranioflow: packageVersion(),
    use: RESEARCH_USE,
    ...judge(figures, limits),
    run: { hash: generator.hash, objective: generator.meta.objective, step: generator.meta.step },
    fake: { hash: dataHash(fake.cases), shapes: fake.cases.length, empty },
    data: {
      name: data.manifest.name,
      phantom: data.manifest.phantom,
      trainHash: dataHash(train),
      heldOutHash: dataHash(heldOut),
    },
    seed,
    limits,
    figures,
    shapes,
    notes: [...inputs.notes, ...found.notes, ...(attacked?.notes ?? [])],
  };
  const page = join(out, 'audit.html');
  writeFileAtomic(page, auditPage(record, picturesOf(record, found, sets), found.reals, command));
  // Last: who finds the record finds the page.
  return { record, files: { record: writeAudit(out, record), page } };
}

/** Flagged pairs, those most alone first; where there are none, the three most alone. */
function picturesOf(
  { shapes, data }: AuditRecord,
  found: SetsAudit,
  { train, fake }: AuditSets,
): PagePicture[] {
  const order = shapes.map((_, i) => i).sort((a, b) => shapes[a].isolation - shapes[b].isolation);
  const flagged = order.filter((i) => shapes[i].flagged);
  const shown = flagged.length > 0 ? flagged.slice(0, MOST_PICTURES) : order.slice(0, FEW_PICTURES);
  return shown.map((i) => {
    const [first] = found.matches[i].neighbours;
    const [made, near] = [fake.at(i), train.at(first.index)];
    const names: [string, string] = [shapes[i].id, train.names[first.index]];
    const image = pairPicture(made, near, first, fieldGrid(made), { phantom: data.phantom, names });
    return { image, shape: i, nearest: names[1] };
  });
}
