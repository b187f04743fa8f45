/**
 * The folder that `task complete apply` fills: for each answer the implant as STL and NRRD in the patient's own coordinates,
 * the bone that is there as STL beside them, one picture, and `implant.json` with the facts. Everything is written into a temporary folder within it; then what an
 * earlier run left is removed, and the new files are put in its place, the facts last: where they are, the folder is whole
 * and of one run. A folder of another patient, of other settings, or without facts is never written into.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asDiskError, discard, syncFolder, writeFileAtomic } from '../../files/atomic.ts';
import { refusedFolder, requireOwnFolder } from '../../files/ownFolder.ts';
import { writeMesh } from '../../mesh/export.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { writeVolume } from '../../volume/io/write.ts';
import type { Mask } from '../../volume/volume.ts';

export const FACTS = 'implant.json';
export const PICTURE = 'implant.png';
export const REST = 'bone.stl';
const OWN = /^implant(-\d+)?\.(stl|nrrd)$|^implant\.(json|png)$|^bone\.stl$/;
/** What a killed run may leave. */
const LEFT = /^\.?implant.*\.tmp$/;

/** One answer. Lengths in mm. */
export interface ImplantFacts {
  stl: string;
  nrrd: string;
  /** Enclosed by the surface of the STL, and of the voxels of the NRRD: gaps and smoothing make them differ. */
  volumeCm3: { stl: number; nrrd: number };
  /** Of the whole bone, what is left and the implant together. */
  shareOfBone: number;
  /** Sides of its box along the voxels of the input. */
  sizeMm: [number, number, number];
  /** LPS mm, in the patient's space. */
  centroid: [number, number, number];
  /** Between the faces of implant and bone: asked for; measured, the least of the STL's surface, and along the rim of the NRRD's voxels. */
  gapMm: { asked: number; surface: number; voxels: { least: number; median: number; p95: number } };
  /** Local thickness, 5th percentile and median. */
  thicknessMm: { least: number; median: number };
  pieces: number;
  notes: string[];
}

export interface ApplyFacts {
  statement: string;
  units: string;
  /** Of the input's bone, the settings and the network: the same key, the same implant. */
  key: string;
  method: { name: string; words: string; network?: { dataset: string; step: number; sha256: string } };
  bone?: string;
  input: { kind: string; format: string; spacing: number[]; size: number[] };
  pose: {
    /** Row-major 4x4: LPS mm of the patient to LPS mm of the method's frame. */
    matrix: number[];
    words: string;
    fit?: number;
    /** Of the aligner's answer, before any refinement that the words tell of. */
    uncertaintyAtStart?: { rotationDeg: number; translationMm: number };
  };
  gridOfMethod: { size: number[]; spacingMm: number };
  /** The bone that is there, to look at: made on voxels of this size. Absent in folders of before there was one. */
  rest?: { stl: string; voxelMm: number };
  implants: ImplantFacts[];
  warnings: string[];
}

/** Throws `FileError` unless the folder is new, empty, or holds an implant; `DiskError` where it cannot be read. */
export const checkOwn = (out: string): string[] => requireOwnFolder(out, OWN);

/** Throws `FileError` unless the folder is new, empty, or holds what the same key made. */
export function checkFolder(out: string, key: string): void {
  const names = checkOwn(out);
  if (names.length === 0) return;
  if (!names.includes(FACTS))
    throw refusedFolder(`${out} holds ${names[0]} without ${FACTS}: nothing tells whose it is`);
  let before: Partial<ApplyFacts> | undefined;
  try {
    before = JSON.parse(readFileSync(join(out, FACTS), 'utf8'));
  } catch {
    before = undefined;
  }
  if (before?.key !== key)
    throw refusedFolder(`${out} already holds an implant of another input, network or settings`);
  if (names.includes(REST) && before.rest === undefined)
    throw refusedFolder(`${out} holds ${REST}, of which its ${FACTS} does not tell`);
}

/** `implant.stl`, or `implant-2.stl` where there are several. */
export function fileNames(index: number, count: number): Pick<ImplantFacts, 'stl' | 'nrrd'> {
  const name = count === 1 ? 'implant' : `implant-${index + 1}`;
  return { stl: `${name}.stl`, nrrd: `${name}.nrrd` };
}

/** Writes everything, then puts it in place of what an earlier run left. Throws `DiskError`; a folder without facts is not whole. */
export async function writeImplants(
  out: string,
  facts: ApplyFacts,
  pieces: readonly { mesh: Mesh; mask: Mask }[],
  { picture, rest }: { picture?: Uint8Array; rest?: Mesh } = {},
): Promise<void> {
  const made = !existsSync(out);
  const temporary = join(out, `.implant.${process.pid}.tmp`);
  try {
    for (const [i, { mesh, mask }] of pieces.entries()) {
      await writeMesh(join(temporary, facts.implants[i].stl), mesh);
      await writeVolume(join(temporary, facts.implants[i].nrrd), mask);
    }
    if (rest !== undefined) await writeMesh(join(temporary, REST), rest);
    if (picture !== undefined) writeFileAtomic(join(temporary, PICTURE), picture);
    writeFileAtomic(join(temporary, FACTS), `${JSON.stringify(facts, null, 2)}\n`);
    exchange(out, temporary);
  } catch (error) {
    discard(made ? out : temporary);
    throw asDiskError(error, out);
  }
}

/** Removes what a run made in `out`, its facts first, and moves the files of `from` there, the facts last. */
function exchange(out: string, from: string): void {
  const factsLast = (a: string, b: string): number => Number(a === FACTS) - Number(b === FACTS);
  const old = readdirSync(out).filter((name) => OWN.test(name) || LEFT.test(name));
  for (const name of old.sort(factsLast).reverse())
    if (join(out, name) !== from) rmSync(join(out, name), { recursive: true, force: true });
  for (const name of readdirSync(from).sort(factsLast)) renameSync(join(from, name), join(out, name));
  rmdirSync(from);
  syncFolder(out);
}
