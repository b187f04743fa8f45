/**
 * Head CT, bone masks and meshes into a dataset: read, take the bone (readCase.ts), bring it into the common frame, resample
 * onto the grid, grade, pack. What cannot be used is refused with the reason, and the others go on; what is finished
 * survives a kill, and the same command takes it up again. Nothing is cut off in silence: a bone that the grid does
 * not hold is refused with the grid that would hold it.
 *
 * Every case leaves a record of pictures and figures, accepted or refused, and all records make `cases.html`. Cases get
 * ids under a secret salt (identity.ts), and nothing of their names is kept, unless the user says that they are public.
 */
import { basename, join, resolve } from 'node:path';
import {
  CranioflowError,
  DatasetError,
  DiskError,
  type Explanation,
  InterruptedError,
  UsageError,
} from '../errors.ts';
import { acquireLock } from '../files/lock.ts';
import { recordedCases, writeCasesPage } from '../report/cases.ts';
import type { QualityScore } from '../skull/quality.ts';
import type { Vec3 } from '../volume/volume.ts';
import { type CaseJob, runCases } from './casePool.ts';
import { copyRefused, originalOf } from './copies.ts';
import { bitsHash, type Dataset } from './dataset.ts';
import { decide, remakeNarrower, reviseRecord } from './decide.ts';
import { filesHash, lookOf, parametersHash } from './fingerprint.ts';
import { regraded as regrade } from './grade.ts';
import { Identity } from './identity.ts';
import { checkOptions, headerOf } from './ingestHeader.ts';
import {
  type CaseFacts,
  type CaseInput,
  collectCases,
  type InputFile,
  pathsOf,
  type SubjectsOf,
} from './inputs.ts';
import { gridFor, type MadeCase, type MakeOptions } from './makeCase.ts';
import { Memory, type Refusal } from './memory.ts';
import { leaveOtherwisePaired, type Named, nameOf, sourceOf } from './named.ts';
import { packBits } from './pack.ts';
import { pairBones } from './pairs.ts';
import { checkNames, type Finished, rerun } from './rerun.ts';
import { Scores } from './scores.ts';
import type { SplitOptions } from './split.ts';
import { DATASET_LOCK, DatasetWriter } from './writer.ts';

export interface IngestOptions extends MakeOptions, Partial<SplitOptions> {
  /** Files, or folders to search. */
  inputs: readonly string[];
  name?: string;
  /** What the bone is called: `mandible`. */
  bone?: string;
  attribution?: string;
  licence?: string;
  /** Whose bone a file is; undefined refuses the file. Default: every file is a subject of its own. */
  subjects?: SubjectsOf;
  /** Quality of cases that no table grades. Default: as measured, where it is (scans, and whatever lies in the Frankfort frame); else 6. */
  quality?: number;
  /** A table of what a person decided: scores.ts. It stands above every other quality, and reaches finished cases too. */
  qualityFile?: string;
  /** Read cases again that were refused before, though neither they nor the parameters changed. */
  retry?: boolean;
  /** Take each file as a case, also where cranium and mandible of one subject lie in two (pairs.ts). */
  withoutPairs?: boolean;
  /** Call open files by their names instead of ids under a secret salt: for public data. */
  keepNames?: boolean;
  /** Cases at work at once, each in a thread of its own. Default: as cores and memory allow. */
  jobs?: number;
  /** The command line, for the page of cases: without names that may be those of patients. */
  command?: string;
  onProgress?: (progress: IngestProgress) => void;
  signal?: AbortSignal;
  /** Told what a person should know (a dead process's lock taken over). */
  onWarning?: (text: string) => void;
}

export interface IngestProgress {
  /** 0 at the start, before anything is read. */
  done: number;
  total: number;
  /** The case that has ended; empty at the start. */
  file: string;
  accepted: number;
  refused: number;
}

export interface IngestResult {
  dataset: Dataset;
  /** `file` is what messages call the case: the path of an open file, or what was typed and a number. */
  accepted: { id: string; file: string; cutShare: number; quality: number }[];
  /** Finished by an earlier run, not read again. */
  kept: string[];
  refused: { id: string; file: string; reason: string }[];
  /** How many of the refused were not read again, for nothing had changed since. */
  remembered: number;
  /** Ids of cases that a person dropped, now or before. */
  dropped: string[];
  /** Ids of finished cases that got another quality. */
  regraded: string[];
  /** Ids of finished cases that were read again, for their files had changed. */
  changed: string[];
  /** Ids of finished cases that got another attribution or licence. */
  attributed: string[];
  /** Cases of the dataset that the quality file does not decide: they keep the quality they have. */
  withoutScore?: number;
  /** The smallest grid, in multiples of 8, that would hold every bone read at this spacing. */
  smallestGrid: Vec3;
  /** The page of all cases; absent without pictures. */
  casesPage?: string;
  /** Where the salt and the list of secret ids lie; absent when every case kept its name. */
  privateFile?: string;
}

/**
 * Makes a dataset. Throws `UsageError` for impossible options, `FileError` when an input does not exist or the reference
 * cannot be read, `DatasetError` when every case is refused or `out` holds another dataset, `DiskError` when the disk
 * refuses, `RunFolderError` when another process writes `out`, `InterruptedError` when `signal` fires (finished cases stay).
 */
export async function ingest(options: IngestOptions): Promise<IngestResult> {
  checkOptions(options);
  checkOut(options);
  const found = await collectCases(options.inputs);
  const inputs = options.withoutPairs ? found : pairBones(found, options.subjects);
  checkLandmarks(options, inputs.length);
  const table = options.qualityFile === undefined ? undefined : Scores.read(options.qualityFile);
  const files = found.flatMap((input) => (input.kind === 'scan' ? [] : [input.file]));
  const release = acquireLock(join(options.out, DATASET_LOCK), (text) => options.onWarning?.(text));
  try {
    return await ingestCases(inputs, files, options, table);
  } finally {
    release();
  }
}

/** A dataset among its own inputs would be taken in with them the next time. Throws `UsageError`. */
function checkOut({ inputs, out }: IngestOptions): void {
  const same = inputs.find((input) => resolve(input) === resolve(out));
  if (same === undefined) return;
  throw new UsageError({
    found: `--out ${out} is the folder that is taken in`,
    expected: 'a folder of its own for the dataset',
    todo: 'choose another --out',
  });
}

async function ingestCases(
  inputs: readonly CaseInput[],
  files: readonly InputFile[],
  options: IngestOptions,
  table: Scores | undefined,
): Promise<IngestResult> {
  const writer = new DatasetWriter(options.out, headerOf(options));
  const identity = Identity.open(options.out);
  const memory = Memory.open(options.out);
  checkNames(writer, memory, options.keepNames);
  const { onProgress, onWarning = () => undefined } = options;
  const cases = inputs.map((input) => nameOf(input, identity, options));
  if (cases.some((c) => c.secret)) {
    for (const c of cases) if (c.secret) identity.note(c.id, sourceOf(c.input));
    identity.save();
  }
  const accepted: IngestResult['accepted'] = [];
  const refused: IngestResult['refused'] = [];
  const past = new Set<string>();
  const tell = (file: string) => {
    const done = past.size + accepted.length + refused.length;
    onProgress?.({ done, total: cases.length, file, accepted: accepted.length, refused: refused.length });
  };
  tell('');
  const named = cases.map(({ id, input }) => ({ id, paths: pathsOf(input) }));
  const { scores, regraded, unknown } = decide(named, { writer, memory, table });
  if (unknown.length > 0)
    onWarning(
      `${options.qualityFile}: no case has the name in line ${unknown.join(', ')}; nothing was done for it`,
    );
  remakeNarrower(writer, cases, options);
  leaveOtherwisePaired(writer, cases, files, identity, options);
  const facts = new Map(cases.map((c) => [c.id, c.subject()]));
  const spare = options.subjects?.unused?.() ?? [];
  if (spare.length > 0)
    onWarning(
      `the table of subjects: no file has the name in line ${spare.join(', ')}; nothing was done for it`,
    );
  const looks = new Map(cases.map((c) => [c.id, filesHash(c.input)]));
  const givenTo = (id: string) => {
    const fact = facts.get(id)!;
    return 'found' in fact ? options.quality : (fact.quality ?? options.quality);
  };
  const finished = cases
    .filter((c) => writer.has(c.id))
    .map(({ id, input }): Finished => {
      const fact = facts.get(id)!;
      const subject =
        options.subjects && input.kind !== 'scan' && !('found' in fact) ? fact.subject : undefined;
      return { id, files: looks.get(id), subject, ...(!scores.has(id) && { quality: givenTo(id) }) };
    });
  const { changed, ...revised } = rerun(finished, { writer, memory }, options);
  if (revised.keptQuality.length > 0)
    onWarning(
      `${revised.keptQuality.length} finished cases keep the quality that a person gave them: --quality-file changes it`,
    );
  const dropped = cases.filter((c) => memory.dropped.has(c.id)).map((c) => c.id);
  const kept = cases.filter((c) => writer.has(c.id) && !changed.has(c.id)).map((c) => c.id);
  for (const id of [...dropped, ...kept]) past.add(id);
  const reach = [0, 0, 0];
  const jobs: CaseJob[] = [];
  let remembered = 0;
  const refuse = (id: string, file: string, { found, todo }: Explanation) => {
    refused.push({ id, file, reason: `${found}; ${todo}` });
    tell(file);
  };
  const farther = (to?: readonly number[]) => {
    for (let c = 0; c < 3; c++) reach[c] = Math.max(reach[c], to?.[c] ?? 0);
  };
  const parameters = parametersHash(options);
  const recorded = new Set(options.withoutPictures ? [] : recordedCases(options.out));
  const original = (id: string) => (writer.has(id) && !changed.has(id)) || memory.dropped.has(id);
  for (const { id, input, label } of cases) {
    if (past.has(id)) {
      tell(label);
      continue;
    }
    const fact = facts.get(id)!;
    if ('found' in fact) {
      if (changed.has(id)) writer.revise([id]);
      refuse(id, label, fact);
      continue;
    }
    const look = { parameters, files: looks.get(id) };
    const again = options.retry || changed.has(id) || !(options.withoutPictures || recorded.has(id));
    const known = again ? undefined : memory.refusal(id, look, [label, ...pathsOf(input)], original);
    if (known !== undefined) {
      remembered++;
      farther(known.reach);
      refuse(id, label, known.refused);
      continue;
    }
    const quality = scores.get(id) ?? givenTo(id);
    jobs.push({ input, task: { id, label, quality: quality as QualityScore | undefined } });
  }
  const remember = ({ input, task: { id, label } }: CaseJob, refusal: Refusal) =>
    memory.refuse(id, { parameters, files: looks.get(id) }, [label, ...pathsOf(input)], refusal);
  const order = new Map(cases.map((c, i) => [c.id, i]));
  const landmarks = options.landmarks === undefined ? undefined : lookOf([options.landmarks]);
  const fresh = new Map<string, CaseJob>();

  /** Refuses a made case as a copy of another; its record was written as that of an accepted one. */
  const refuseCopy = (job: CaseJob, of: string, subject: string) => {
    const { id, label } = job.task;
    const subjectsKnown = options.subjects !== undefined || job.input.kind === 'scan';
    const whose = writer.case(of)?.subject ?? subject;
    const why = copyRefused(label, of, subjectsKnown && whose !== subject);
    remember(job, { refused: why, copyOf: of });
    const reason = `${why.found.replaceAll(label, 'the case')}; ${why.todo}`;
    reviseRecord(options.out, id, { status: 'refused', reason });
    refuse(id, label, why);
  };
  const take = (job: CaseJob, made: MadeCase) => {
    const { input, task } = job;
    const { id } = task;
    const { mask, content: bone } = made;
    const { subject } = facts.get(id) as CaseFacts;
    const content = options.keepNames ? bone.slice(0, 32) : identity.contentId(bone);
    const sha256 = bitsHash(packBits(mask.data));
    const before = writer.case(id);
    const look = { files: looks.get(id), landmarks, content };
    let { quality, provenance } = made;
    const same = before?.sha256 === sha256 && memory.made(id)?.content === content;
    if (before?.provenance?.measured !== undefined && same && !scores.has(id)) {
      // Its files look otherwise, and hold what they held: what a person gave stays.
      const given = regrade({ quality, provenance }, before.quality as QualityScore);
      quality = given.quality.score;
      provenance = given.provenance!;
      reviseRecord(options.out, id, { quality: given.quality });
    }
    const { attribution = before?.attribution ?? 'unknown', licence = before?.licence ?? 'unknown' } =
      options;
    if (before !== undefined) writer.revise([id]);
    const of = originalOf(id, { sha256, content }, writer, memory);
    const later = of === undefined ? undefined : fresh.get(of);
    // Of two made now the first in order is the original, whichever was done first.
    if (of !== undefined && !(later && order.get(of)! > order.get(id)!)) {
      refuseCopy(job, of, subject);
      return;
    }
    const names = pathsOf(input).map((path) => basename(path));
    const source = options.keepNames && names.length > 0 ? names.join(' + ') : provenance.kind;
    if (of !== undefined) writer.revise([of]);
    memory.make(id, look);
    writer.add({ id, subject, source, attribution, licence, quality, provenance }, mask);
    accepted.push({ id, file: task.label, cutShare: provenance.cutShare, quality });
    fresh.set(id, job);
    if (of !== undefined && later) {
      accepted.splice(
        accepted.findIndex((a) => a.id === of),
        1,
      );
      fresh.delete(of);
      refuseCopy(later, id, (facts.get(of) as CaseFacts).subject);
    } else tell(task.label);
  };
  for await (const { job, outcome } of runCases(jobs, options)) {
    const { id, label } = job.task;
    farther(outcome.reach);
    memory.forget(id);
    if ('refused' in outcome) {
      if (writer.has(id)) writer.revise([id]);
      if (!outcome.transient) remember(job, outcome);
      refuse(id, label, outcome.refused);
      continue;
    }
    try {
      take(job, outcome);
    } catch (error) {
      // A mask that the grid leaves empty refuses the case; a full disk ends the run.
      if (!(error instanceof CranioflowError) || error instanceof DiskError) throw error;
      const { found, todo } = error.explanation;
      remember(job, { refused: error.explanation });
      reviseRecord(options.out, id, { status: 'refused', reason: `${found}; ${todo}` });
      refuse(id, label, error.explanation);
    }
  }
  const ended = past.size + accepted.length + refused.length;
  if (options.signal?.aborted && ended < cases.length) throw interrupted(ended, cases.length);
  const inOrder = (a: { id: string }, b: { id: string }) => order.get(a.id)! - order.get(b.id)!;
  accepted.sort(inOrder);
  refused.sort(inOrder);
  const page = options.withoutPictures ? undefined : pageOf(options, cases, kept);
  if (accepted.length + kept.length === 0) throw allRefused(refused, dropped.length, page);
  const dataset = writer.finish({ seed: options.seed, testShare: options.testShare });
  return {
    dataset,
    accepted,
    kept,
    refused,
    remembered,
    dropped,
    regraded: [...regraded, ...revised.regraded],
    changed: cases.filter((c) => changed.has(c.id)).map((c) => c.id),
    attributed: revised.attributed,
    ...(table && { withoutScore: dataset.cases.filter((c) => !scores.has(c.id)).length }),
    smallestGrid: gridFor(reach, options.spacing),
    casesPage: page,
    ...(cases.some((c) => c.secret) && { privateFile: identity.path }),
  };
}

/** Landmarks are of one case; several would all be put where one lies. */
function checkLandmarks({ landmarks, frame, alignTo }: IngestOptions, cases: number): void {
  if (landmarks === undefined) return;
  const problem =
    cases !== 1
      ? `--landmarks for ${cases} cases`
      : alignTo !== undefined
        ? '--landmarks and --align-to together'
        : frame !== undefined && frame !== 'frankfort'
          ? `--landmarks with --frame ${frame}`
          : undefined;
  if (problem === undefined) return;
  throw new UsageError({
    found: problem,
    expected: 'one case, whose landmarks define its Frankfort frame',
    todo: 'ingest that case by itself into the same --out, and leave the other option out',
  });
}

/** The page of the cases of this command: those made now, those kept, those refused. */
function pageOf(options: IngestOptions, cases: readonly Named[], kept: readonly string[]): string {
  const { grid, spacing, bone = 'bone', command } = options;
  const recorded = new Set(recordedCases(options.out));
  return writeCasesPage(options.out, {
    title: options.name ?? `${bone}: cases`,
    lead: `Every case on the grid of ${grid.join('x')} voxels of ${spacing} mm.`,
    ids: cases.map((c) => c.id).filter((id) => recorded.has(id)),
    kept,
    command,
    commandNote: 'Names of files may be those of patients: INPUT and FILE stand for them here.',
  });
}

function interrupted(done: number, total: number): InterruptedError {
  return new InterruptedError({
    found: `stopped after ${done} of ${total} files`,
    expected: 'all files',
    todo: 'run the same command again: finished cases are kept',
  });
}

function allRefused(refused: IngestResult['refused'], dropped: number, page?: string): DatasetError {
  const shown = refused.slice(0, 10).map((r) => `\n    ${r.reason}`);
  const more = refused.length > 10 ? `\n    and ${refused.length - 10} more` : '';
  return new DatasetError({
    found: `none of ${refused.length + dropped} cases could be used${dropped > 0 ? ` (${dropped} dropped by a person)` : ''}${refused.length > 0 ? ':' : ''}${shown.join('')}${more}`,
    expected: 'at least one usable case',
    todo: `${refused.length > 0 ? 'follow the reason given for each' : 'give a case a number in --quality-file'}${page === undefined ? '' : `; pictures in ${page}`}`,
  });
}
