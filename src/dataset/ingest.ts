/**
 * Head CT, bone masks and meshes into a dataset: read, take the bone (readCase.ts), bring it into the common frame, resample
 * onto the grid, grade, pack. What cannot be used is refused with the reason, and the others go on; what is finished
 * survives a kill, and the same command takes it up again. Nothing is cut off in silence: a bone that the grid does
 * not hold is refused with the grid that would hold it.
 *
 * Every case leaves a record of pictures and figures, accepted or refused, and all records make `cases.html`. Cases get
 * ids under a secret salt (identity.ts), and nothing of their names is kept, unless the user says that they are public.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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
import { FRAMES } from '../skull/orient.ts';
import type { QualityScore } from '../skull/quality.ts';
import { placeOf } from '../volume/scan/index.ts';
import type { Vec3 } from '../volume/volume.ts';
import { type CaseJob, runCases } from './casePool.ts';
import type { Dataset } from './dataset.ts';
import { decide, remakeNarrower } from './decide.ts';
import { filesHash, parametersHash } from './fingerprint.ts';
import { Identity } from './identity.ts';
import { type CaseFacts, type CaseInput, collectCases, type InputFile, pathsOf } from './inputs.ts';
import { gridFor, type MakeOptions } from './makeCase.ts';
import { Memory, type Refusal } from './memory.ts';
import { pairBones } from './pairs.ts';
import { Scores } from './scores.ts';
import type { SplitOptions } from './split.ts';
import { DATASET_LOCK, type DatasetHeader, DatasetWriter } from './writer.ts';

export interface IngestOptions extends MakeOptions, Partial<SplitOptions> {
  /** Files, or folders to search. */
  inputs: readonly string[];
  name?: string;
  /** What the bone is called: `mandible`. */
  bone?: string;
  attribution?: string;
  licence?: string;
  /** Whose bone a file is; undefined refuses the file. Default: every file is a subject of its own. */
  subjects?: (file: InputFile) => CaseFacts | undefined;
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
  onProgress?: (progress: IngestProgress) => void;
  signal?: AbortSignal;
  /** Told what a person should know (a dead process's lock taken over). */
  onWarning?: (text: string) => void;
}

export interface IngestProgress {
  done: number;
  total: number;
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
  refused: { file: string; reason: string }[];
  /** How many of the refused were not read again, for nothing had changed since. */
  remembered: number;
  /** Ids of cases that a person dropped, now or before. */
  dropped: string[];
  /** Ids of finished cases that got another quality. */
  regraded: string[];
  /** Cases of the dataset that the quality file does not decide: they keep the quality they have. */
  withoutScore?: number;
  /** The smallest grid, in multiples of 8, that would hold every bone read at this spacing. */
  smallestGrid: Vec3;
  /** The page of all cases; absent without pictures. */
  casesPage?: string;
  /** Where the salt and the list of secret ids lie; absent when every case kept its name. */
  privateFile?: string;
}

/** One case and what it is called. */
interface Named {
  input: CaseInput;
  id: string;
  /** For messages. */
  label: string;
  /** Whose bone it is, or why that is not known. */
  subject: () => CaseFacts | Explanation;
  /** Noted in the private file: what a secret id stands for. */
  secret: boolean;
}

/**
 * Makes a dataset. Throws `UsageError` for impossible options, `FileError` when an input does not exist or the reference
 * cannot be read, `DatasetError` when every case is refused or `out` holds another dataset, `DiskError` when the disk
 * refuses, `RunFolderError` when another process writes `out`, `InterruptedError` when `signal` fires (finished cases stay).
 */
export async function ingest(options: IngestOptions): Promise<IngestResult> {
  checkOptions(options);
  const found = await collectCases(options.inputs);
  const inputs = options.withoutPairs ? found : pairBones(found, options.subjects);
  checkLandmarks(options, inputs.length);
  const table = options.qualityFile === undefined ? undefined : Scores.read(options.qualityFile);
  const release = acquireLock(join(options.out, DATASET_LOCK), (text) => options.onWarning?.(text));
  try {
    return await ingestCases(inputs, options, table);
  } finally {
    release();
  }
}

async function ingestCases(
  inputs: readonly CaseInput[],
  options: IngestOptions,
  table: Scores | undefined,
): Promise<IngestResult> {
  const writer = new DatasetWriter(options.out, headerOf(options));
  const identity = Identity.open(options.out);
  const memory = Memory.open(options.out);
  const cases = inputs.map((input) => nameOf(input, identity, options));
  if (cases.some((c) => c.secret)) {
    for (const c of cases) if (c.secret) identity.note(c.id, sourceOf(c.input));
    identity.save();
  }
  const named = cases.map(({ id, input }) => ({ id, paths: pathsOf(input) }));
  const { scores, regraded, unknown } = decide(named, { writer, memory, table });
  if (unknown.length > 0)
    options.onWarning?.(
      `${options.qualityFile}: no case has the name in line ${unknown.join(', ')}; nothing was done for it`,
    );
  remakeNarrower(writer, cases, options);
  const accepted: IngestResult['accepted'] = [];
  const refused: IngestResult['refused'] = [];
  const dropped = cases.filter((c) => memory.dropped.has(c.id)).map((c) => c.id);
  const kept = cases.filter((c) => writer.has(c.id)).map((c) => c.id);
  const past = new Set([...dropped, ...kept]);
  const reach = [0, 0, 0];
  const facts = new Map<string, CaseFacts>();
  const looks = new Map<string, { parameters: string; files: string | undefined }>();
  const jobs: CaseJob[] = [];
  const { attribution = 'unknown', licence = 'unknown', onProgress } = options;
  let remembered = 0;
  const tell = (file: string) => {
    const done = past.size + accepted.length + refused.length;
    onProgress?.({ done, total: cases.length, file, accepted: accepted.length, refused: refused.length });
  };
  const refuse = (file: string, { found, todo }: Explanation) => {
    refused.push({ file, reason: `${found}; ${todo}` });
    tell(file);
  };
  const farther = (to?: readonly number[]) => {
    for (let c = 0; c < 3; c++) reach[c] = Math.max(reach[c], to?.[c] ?? 0);
  };
  const parameters = parametersHash(options);
  const recorded = new Set(options.withoutPictures ? [] : recordedCases(options.out));
  for (const { id, input, label, subject } of cases) {
    if (past.has(id)) {
      tell(label);
      continue;
    }
    const fact = subject();
    if ('found' in fact) {
      refuse(label, fact);
      continue;
    }
    const look = { parameters, files: filesHash(input) };
    const again = options.retry || !(options.withoutPictures || recorded.has(id));
    const known = again ? undefined : memory.refusal(id, look, [label, ...pathsOf(input)]);
    if (known !== undefined) {
      remembered++;
      farther(known.reach);
      refuse(label, known.refused);
      continue;
    }
    looks.set(id, look);
    facts.set(id, fact);
    const quality = scores.get(id) ?? fact.quality ?? options.quality;
    jobs.push({ input, task: { id, label, quality: quality as QualityScore | undefined } });
  }
  const remember = ({ input, task: { id, label } }: CaseJob, refusal: Refusal) =>
    memory.refuse(id, looks.get(id)!, [label, ...pathsOf(input)], refusal);
  for await (const { job, outcome } of runCases(jobs, options)) {
    const { input, task } = job;
    farther(outcome.reach);
    memory.forget(task.id);
    if ('refused' in outcome) {
      if (!outcome.transient) remember(job, outcome);
      refuse(task.label, outcome.refused);
    } else {
      const { mask, provenance, quality } = outcome;
      const names = pathsOf(input).map((path) => basename(path));
      const source = options.keepNames && names.length > 0 ? names.join(' + ') : provenance.kind;
      const { subject } = facts.get(task.id)!;
      try {
        writer.add({ id: task.id, subject, source, attribution, licence, quality, provenance }, mask);
        accepted.push({ id: task.id, file: task.label, cutShare: provenance.cutShare, quality });
        tell(task.label);
      } catch (error) {
        // A mask that the grid leaves empty refuses the case; a full disk ends the run.
        if (!(error instanceof CranioflowError) || error instanceof DiskError) throw error;
        remember(job, { refused: error.explanation });
        refuse(task.label, error.explanation);
      }
    }
  }
  const ended = past.size + accepted.length + refused.length;
  if (options.signal?.aborted && ended < cases.length) throw interrupted(ended, cases.length);
  const order = new Map(cases.map((c, i) => [c.label, i]));
  const inOrder = (a: { file: string }, b: { file: string }) => order.get(a.file)! - order.get(b.file)!;
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
    regraded,
    ...(table && { withoutScore: dataset.cases.filter((c) => !scores.has(c.id)).length }),
    smallestGrid: gridFor(reach, options.spacing),
    casesPage: page,
    ...(cases.some((c) => c.secret) && { privateFile: identity.path }),
  };
}

function nameOf(input: CaseInput, identity: Identity, { keepNames, subjects }: IngestOptions): Named {
  if (input.kind === 'scan') {
    const { key, label, subjectKey = key } = input.scan;
    const id = identity.caseId(key);
    return { input, id, label, secret: true, subject: () => ({ subject: identity.subjectId(subjectKey) }) };
  }
  const { file } = input;
  const label = pathsOf(input).join(' + ');
  const id = keepNames ? file.id : identity.caseId(`file ${file.id}`);
  const subject = (): CaseFacts | Explanation => {
    if (subjects === undefined) return { subject: keepNames ? id : identity.subjectId(`file ${file.id}`) };
    // Of two files a table may name either, or the case.
    const facts = pathsOf(input)
      .map((path) => subjects({ path, id }))
      .find((f) => f !== undefined);
    if (facts === undefined) return noSubject(label);
    return keepNames || facts.chosen ? facts : { ...facts, subject: identity.subjectId(facts.subject) };
  };
  return { input, id, label, secret: !keepNames, subject };
}

function sourceOf(input: CaseInput): string {
  return input.kind === 'scan' ? `${input.scan.label}: ${placeOf(input.scan)}` : pathsOf(input).join(' + ');
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
  const { grid, spacing, bone = 'bone' } = options;
  const recorded = new Set(recordedCases(options.out));
  return writeCasesPage(options.out, {
    title: options.name ?? `${bone}: cases`,
    lead: `Every case on the grid of ${grid.join('x')} voxels of ${spacing} mm.`,
    ids: cases.map((c) => c.id).filter((id) => recorded.has(id)),
    kept,
  });
}

function checkOptions(o: IngestOptions): void {
  const fail = (found: string, expected: string, todo: string) => new UsageError({ found, expected, todo });
  if (!o.grid.every((n) => Number.isInteger(n) && n >= 8 && n <= 1024 && n % 4 === 0))
    throw fail(
      `a grid of ${o.grid.join('x')} voxels`,
      'sides that are multiples of 4, 8 to 1024',
      'give --grid 64x56x48',
    );
  if (!(o.spacing > 0 && Number.isFinite(o.spacing)))
    throw fail(`a spacing of ${o.spacing} mm`, 'a positive number of mm', 'give --spacing 2');
  for (const [name, value, least, most] of [
    ['cut', o.cut ?? 0.5, 0.01, 1],
    ['max-cut', o.maxCut ?? 0, 0, 1],
    ['test-share', o.testShare ?? 0.2, 0, 1],
    ['quality', o.quality ?? 6, 2, 6],
    ['components', o.components ?? 1, 1, 1e6],
    ['max-slice-spacing', o.maxSliceSpacing ?? 3, 0.1, 20],
    ['min-slices', o.minSlices ?? 16, 2, 1e6],
  ] as const)
    if (!(value >= least && value <= most))
      throw fail(`--${name} ${value}`, `a number from ${least} to ${most}`, 'correct the option');
}

/** How the masks were made is part of the header: a folder made with other settings is not added to. */
function headerOf(o: IngestOptions): DatasetHeader {
  const bone =
    o.label !== undefined
      ? `Bone is the label ${o.label}.`
      : o.threshold === 'otsu'
        ? "Bone is what lies above Otsu's threshold of each scan."
        : o.threshold !== undefined
          ? `Bone is what lies above ${o.threshold}.`
          : 'Of a scan in Hounsfield units bone is segmented by a threshold found for each, of a mask it is the higher of two values.';
  const frame = [
    frameText(o),
    o.alignTo === undefined
      ? ''
      : `Turned and shifted to lie as ${referenceName(o.alignTo, o.keepNames)} does.`,
    bone,
    o.components === undefined ? '' : `The ${o.components} largest connected component(s) of each are kept.`,
    `Resampled by linear interpolation, averaged over a voxel, cut at ${o.cut ?? 0.5}.`,
    o.meshSpace === 'RAS' ? 'Meshes that do not say lie in RAS.' : '',
    o.maxCut ? `Up to ${100 * o.maxCut} % of a bone may lie outside the grid.` : '',
  ];
  const [x, y, z] = o.grid;
  return {
    name: o.name ?? `${o.bone ?? 'bone'} masks`,
    bone: o.bone ?? 'bone',
    phantom: false,
    size: [x, y, z],
    spacing: o.spacing,
    frame: frame.filter((s) => s !== '').join(' '),
  };
}

/** What the reference is called: a file's name may be a patient's, a hash of its content tells it from another as well. */
function referenceName(path: string, keepNames = false): string {
  if (keepNames) return basename(path);
  try {
    return `a reference bone (content ${createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 8)})`;
  } catch {
    // A folder of vtk.js, or no file at all, which reading it tells.
    return 'a reference bone';
  }
}

function frameText({ frame, landmarks }: IngestOptions): string {
  if (landmarks !== undefined || frame === 'frankfort') return FRANKFORT;
  if (frame !== undefined) return FRAMES[frame];
  return `Scans: ${FRANKFORT} Masks and meshes: ${FRAMES.patient}`;
}

/** In words; register/frame.ts has the definition. */
const FRANKFORT =
  'Frankfort frame: x through the porions to the left, y to the back along the Frankfort plane, z up; aligned by shape to a template whose box is centred on the grid.';

function noSubject(path: string): Explanation {
  return {
    found: `${path} has no subject`,
    expected: 'a subject for every file: the split goes by subject',
    todo: 'widen the subject pattern or add the file to the table',
  };
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
