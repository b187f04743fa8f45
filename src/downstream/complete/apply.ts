/**
 * A patient's defective bone to an implant in the patient's own coordinates:
 *
 *   CT, mask or mesh -> bone (as ingest reads it) -> pose -> the method's grid -> the whole bone
 *     -> what is missing there -> back onto the patient's voxels -> implant (downstream/implant) -> STL, NRRD, picture, facts
 *   and the bone that is there as STL, to be looked at beside it
 *
 * The patient's voxels are never resampled: the implant is cut against the bone as it was read. Research use, not a medical
 * device.
 */

import { openAligner } from '../../aligner/aligner.ts';
import { alignerHash } from '../../aligner/network.ts';
import type { ReadCase, ReadOptions } from '../../dataset/readCase.ts';
import { readOne } from '../../dataset/readOne.ts';
import { UsageError, VolumeError } from '../../errors.ts';
import { requireWritableFolder } from '../../files/atomic.ts';
import { interruptedError, nextTurn } from '../../files/interrupt.ts';
import { type Mesh, meshVolume } from '../../mesh/mesh.ts';
import { alignReference } from '../../skull/align.ts';
import { cropToBone } from '../../skull/orient.ts';
import { transformToMatrix } from '../../skull/register/transform.ts';
import { boneMoments, centroidOf } from '../../volume/centroid.ts';
import { resampleMask } from '../../volume/resample.ts';
import { type Grid, type Mask, voxelCount } from '../../volume/volume.ts';
import type { AlignMethod } from '../align/method.ts';
import { cutImplant, type Implant } from '../implant/cutImplant.ts';
import { implantMesh, meshGap } from '../implant/implantMesh.ts';
import { checkExtent, checkPlacement, defectWarnings, gapWarnings } from './applyChecks.ts';
import { type ApplyFacts, type ImplantFacts, REST } from './applyFacts.ts';
import { checkFolder, checkOwn, fileNames, writeImplants } from './applyFiles.ts';
import { copyBlock, coreOf, type FinePair, finePair, touchesEdge } from './applyImplant.ts';
import { keyOf, settingsOf } from './applyKey.ts';
import { implantPicture } from './applyPicture.ts';
import { type Pose, type PoseWay, placedGrid, poseOf, wayOfFrame } from './applyPose.ts';
import { readRegion } from './applyRegion.ts';
import { restSurface } from './applyRest.ts';
import { requireAnswers } from './method.ts';
import { type OpenedMethod, openMethod } from './methods.ts';
import { boneExtent } from './trainTaught.ts';

export interface ApplyOptions extends Pick<ReadOptions, 'threshold' | 'label' | 'components' | 'meshSpace'> {
  /** CT (DICOM or volume), mask or mesh. */
  input: string;
  out: string;
  /** `unet`, `mirror` or `prior`. */
  method: string;
  /** Run folder of its network. */
  run?: string;
  /** How the bone's axes are found; at most one of these. Default: by the human template for a head CT, else the patient's. */
  frame?: string;
  alignTo?: string;
  aligner?: string;
  aligned?: boolean;
  /** `x0,x1,y0,y1,z0,z1` in LPS mm, or a mask file: only there is the defect looked for. */
  region?: string;
  /** mm between implant and bone. */
  gapMm?: number;
  /** Pieces of the implant, at most. Default 1. */
  pieces?: number;
  /** Make implant.png. Default true. */
  picture?: boolean;
  /** Of methods that draw. */
  answers?: number;
  seed?: number;
  threads?: number;
  signal?: AbortSignal;
  /** Told what is being done, for a progress line. */
  onStep?: (step: string) => void;
}

export interface ApplyResult {
  facts: ApplyFacts;
  /** Seconds of each step. */
  seconds: Record<string, number>;
}

/** What the parts below share. */
interface Case {
  label: string;
  read: ReadCase;
  /** The patient's bone, cut to it. */
  bone: Mask;
}

/** How methods and trained aligners are opened; tests exchange them. */
export interface ApplyDoors {
  open?: (name: string, options: { run?: string; threads?: number }) => Promise<OpenedMethod>;
  aligner?: (run: string, options: { threads?: number }) => Promise<AlignMethod>;
  /** SHA-256 of an aligner's weights. */
  alignerHash?: (run: string) => string;
}

const DOORS: Required<ApplyDoors> = {
  open: openMethod,
  aligner: openAligner,
  alignerHash,
};

/** No two sides of a bone are alike, so the mirror finds something to add in every one. */
const ASYMMETRY =
  'the mirror takes every asymmetry for a defect: look whether this is one, and say where it is with --region';

const STATEMENT = 'Research use, not a medical device: nothing here may go into a patient.';
const HEAD = /^(human )?(skull|cranium|head)$/i;

/**
 * Completes the bone of one input and writes the implant. Throws the tagged error of what refuses it: an input that cannot be
 * read or has no bone, a bone unlike those of the network, no defect or more defect than bone, a folder of another case.
 */
export async function applyCompletion(options: ApplyOptions, doors: ApplyDoors = {}): Promise<ApplyResult> {
  const { out, signal } = options;
  const own = { ...DOORS, ...doors };
  checkWays(options);
  checkOwn(out);
  requireWritableFolder(out);
  const clock = new Clock(options);
  let opened = await own.open(options.method, options);
  try {
    await clock.next('read the bone');
    const one = await readPatient(options, opened);
    const region = options.region === undefined ? undefined : await readRegion(options.region);
    const key = keyOf(one.bone, settingsOf(options, opened, own.alignerHash));
    checkFolder(out, key);
    checkExtent(one.bone, opened, one.label);

    await clock.next('find its pose');
    const pose = await findPose(options, own, one, opened);
    if (opened.gridFor) opened = { ...opened, grid: opened.gridFor(one.bone, pose.transform) };
    const placed = placedGrid(opened.grid, pose);
    const coarse: Mask = { ...opened.grid, data: resampleMask(one.bone, placed).data };
    const { placement, warnings } = checkPlacement(one.bone, coarse, placed, opened, pose, one.label);

    if (opened.method.name === 'mirror' && region === undefined) warnings.push(ASYMMETRY);

    await clock.next('complete');
    const { seed = 0, answers = 1 } = options;
    const completions = await opened.method.complete(coarse, { seed, index: 0, answers, signal });
    for (const { doubt } of completions) {
      if (doubt === undefined) continue;
      if (pose.ownMiddle) throw doubtful(doubt, one.label);
      warnings.unshift(doubt);
    }
    if (completions.length < answers)
      warnings.push(`${answers} answers were asked for; ${opened.method.name} gave ${completions.length}`);

    await clock.next('cut the implant');
    const made: (Implant & { bone: Mask })[] = [];
    for (const answer of completions) {
      await clock.breathe();
      const core = coreOf(coarse, answer.whole, placed, one.read.grid, region);
      const pair = finePair(one.bone, one.read.grid, placed, core, answer, region);
      const cutOut = cut(pair, opened, options);
      const found = {
        implant: cutOut.implant,
        leftOut: core.leftOut,
        atEdge: touchesEdge(cutOut.implant, one.read.grid),
      };
      for (const text of defectWarnings(found, coarse, pose, opened))
        if (!warnings.includes(text)) warnings.push(text);
      made.push({ ...cutOut, bone: pair.defective });
    }

    await clock.next('draw and write');
    const parts: { mesh: Mesh; facts: ImplantFacts }[] = [];
    const boneMm3 = boneMoments(one.bone).count * one.bone.spacing.reduce((a, b) => a * b);
    for (const [i, cutOut] of made.entries()) {
      await clock.breathe();
      const { gapMm } = options;
      const mesh = implantMesh(cutOut.implant, cutOut.bone, gapMm === undefined ? {} : { gapMm });
      const own = factsOf(cutOut, mesh, i, made.length, { ...options, boneMm3 });
      warnings.push(...gapWarnings(own, cutOut.implant));
      parts.push({ mesh, facts: own });
    }
    await clock.breathe();
    const rest = await restSurface(one.bone);
    const facts: ApplyFacts = {
      statement: STATEMENT,
      units: "mm, LPS (x to the patient's left, y to the back, z to the head), in the space of the input",
      key,
      method: { name: opened.method.name, words: opened.method.words, ...networkOf(opened) },
      ...(opened.bone && { bone: opened.bone }),
      input: inputOf(one),
      pose: {
        matrix: transformToMatrix(pose.transform),
        words: pose.words,
        ...(placement.fit !== undefined && { fit: placement.fit }),
        ...(pose.uncertainty && { uncertaintyAtStart: pose.uncertainty }),
      },
      gridOfMethod: { size: [...opened.grid.size], spacingMm: opened.grid.spacing[0] },
      rest: { stl: REST, voxelMm: rest.voxelMm },
      implants: parts.map((part) => part.facts),
      warnings,
    };
    const title = `Implant by ${opened.method.name}`;
    const subtitle =
      warnings[0] ?? `of ${opened.bone ?? 'a bone'}, ${facts.implants[0].volumeCm3.stl.toFixed(1)} cm³`;
    const masks = made.map((m) => m.implant);
    const picture =
      options.picture === false
        ? undefined
        : implantPicture(one.bone, masks, pose, opened.grid, { title, subtitle });
    const pieces = made.map(({ implant: mask }, i) => ({
      mesh: parts[i].mesh,
      mask: one.read.grid === undefined ? mask : onGrid(mask, one.read.grid),
    }));
    await writeImplants(out, facts, pieces, { picture, rest: rest.mesh });
    return { facts, seconds: clock.end() };
  } catch (error) {
    if (signal?.aborted && error === signal.reason)
      throw interruptedError(`nothing is written in ${out}`, 'run the same command again');
    throw error;
  } finally {
    await opened.method.release?.();
  }
}

function checkWays({ frame, alignTo, aligner, aligned, answers = 1 }: ApplyOptions): void {
  requireAnswers(answers);
  const given = {
    '--frame': frame,
    '--align-to': alignTo,
    '--aligner': aligner,
    '--aligned': aligned || undefined,
  };
  const names = Object.entries(given).flatMap(([name, v]) => (v === undefined ? [] : [name]));
  if (names.length > 1)
    throw new UsageError({
      found: names.join(' and '),
      expected: 'one way to find the pose',
      todo: 'leave all but one out',
    });
}

async function readPatient(options: ApplyOptions, { bone: name, grid }: OpenedMethod): Promise<Case> {
  const { input: label, threshold, label: value, components, meshSpace } = options;
  const read = await readOne(label, {
    threshold,
    label: value,
    components,
    meshSpace,
    spacing: grid.spacing[0],
  });
  if (read.kind === 'ct' && name !== undefined && !HEAD.test(name))
    throw new VolumeError({
      found: `${label} is a CT, of which the skull is segmented, and the network completes a ${name}`,
      expected: `a mask or mesh of a ${name}`,
      todo: 'segment the bone first (for example with 3D Slicer) and give its mask; or use a network of skulls',
    });
  return { label, read, bone: cropToBone(read.mask) };
}

async function findPose(
  options: ApplyOptions,
  doors: Required<ApplyDoors>,
  one: Case,
  opened: OpenedMethod,
): Promise<Pose> {
  const way = await wayOf(options, doors, one, opened);
  try {
    return await poseOf(one.bone, way, opened.template);
  } finally {
    if (way.kind === 'aligner') await way.method.release?.();
  }
}

/** The way that was asked for, or that of the input. */
async function wayOf(
  options: ApplyOptions,
  doors: Required<ApplyDoors>,
  { read, bone }: Case,
  { bone: name }: OpenedMethod,
): Promise<PoseWay> {
  const { frame, alignTo, aligner, aligned } = options;
  if (aligned) return { kind: 'aligned' };
  if (aligner !== undefined) return { kind: 'aligner', method: await doors.aligner(aligner, options) };
  if (alignTo !== undefined) {
    const { mask } = await readOne(alignTo, { spacing: Math.min(...bone.spacing) });
    return { kind: 'reference', reference: alignReference(mask, 'patient') };
  }
  if (frame !== undefined) return wayOfFrame(frame);
  return { kind: read.kind === 'ct' && (name === undefined || HEAD.test(name)) ? 'frankfort' : 'patient' };
}

/** A mirror image across the middle of whatever is left of a bone is no answer. */
const doubtful = (doubt: string, label: string): VolumeError =>
  new VolumeError({
    found: `${label}: ${doubt}, which is the middle of what is left of it`,
    expected: 'a bone with both sides, or one whose middle is known',
    todo: 'give its pose: --align-to a whole bone that lies as it should, --aligner, or --aligned',
  });

function cut(
  { whole, defective }: FinePair,
  { grid }: OpenedMethod,
  { gapMm, pieces }: ApplyOptions,
): Implant {
  // The answer's surface lies within a voxel of the method's grid of the patient's: what is thinner is disagreement.
  const shellMm = Math.max(1.5 * Math.max(...whole.spacing), 0.5 * grid.spacing[0]);
  return cutImplant(whole, defective, {
    shellMm,
    ...(gapMm !== undefined && { gapMm }),
    ...(pieces !== undefined && { pieces }),
  });
}

const onGrid = (mask: Mask, grid: Grid): Mask =>
  copyBlock(mask, { ...grid, data: new Uint8Array(voxelCount(grid.size)) });

function factsOf(
  { implant, fit, pieces, notes, bone }: Implant & { bone: Mask },
  mesh: Mesh,
  index: number,
  count: number,
  { gapMm, boneMm3 }: ApplyOptions & { boneMm3: number },
): ImplantFacts {
  const { gap, thickness, volumeMm3 } = fit;
  const [x, y, z] = centroidOf(implant);
  return {
    ...fileNames(index, count),
    volumeCm3: { stl: meshVolume(mesh) / 1000, nrrd: volumeMm3 / 1000 },
    shareOfBone: volumeMm3 / (boneMm3 + volumeMm3),
    sizeMm: boneExtent(implant)!,
    centroid: [x, y, z],
    gapMm: {
      asked: gapMm ?? Math.min(...implant.spacing) / 2,
      surface: meshGap(mesh, bone),
      voxels: { least: gap.least, median: gap.median, p95: gap.p95 },
    },
    thicknessMm: thickness,
    pieces,
    notes,
  };
}

const networkOf = ({ network, phantom }: OpenedMethod) =>
  network && { network: { dataset: network.dataset, step: network.step, sha256: network.hash, phantom } };

function inputOf({ read, bone }: Case): ApplyFacts['input'] {
  const { kind, format, spacing, grid } = read;
  return { kind, format, spacing: [...spacing], size: [...(grid ?? bone).size] };
}

/** Seconds of the steps, and a chance to stop between them. */
class Clock {
  readonly #seconds: Record<string, number> = {};
  readonly #options: ApplyOptions;
  #step = 'open the method';
  #start = performance.now();

  constructor(options: ApplyOptions) {
    this.#options = options;
    options.onStep?.(this.#step);
  }

  /** The steps block the event loop: between them a signal is heard. */
  async breathe(): Promise<void> {
    await nextTurn();
    this.#options.signal?.throwIfAborted();
  }

  async next(step: string): Promise<void> {
    await this.breathe();
    this.end();
    this.#step = step;
    this.#options.onStep?.(step);
  }

  end(): Record<string, number> {
    const now = performance.now();
    this.#seconds[this.#step] = (now - this.#start) / 1000;
    this.#start = now;
    return this.#seconds;
  }
}
