/**
 * The folder that `task complete apply` fills: for each answer the implant as STL and NRRD in the patient's own coordinates,
 * the bone that is there as STL beside them, one picture, and `implant.json` with the facts (applyFacts.ts). Everything is
 * written into a temporary folder within it; then what an earlier run left is removed, and the new files are put in its place,
 * the facts last: where they are, the folder is whole and of one run. A folder of another patient, of other settings, or
 * without facts is never written into.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asDiskError, discard, syncFolder, writeFileAtomic } from '../../files/atomic.ts';
import { refusedFolder, requireOwnFolder } from '../../files/ownFolder.ts';
import { writeMesh } from '../../mesh/export.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { writeVolume } from '../../volume/io/write.ts';
import type { Mask } from '../../volume/volume.ts';
import { type ApplyFacts, FACTS, type ImplantFacts, PICTURE, REST } from './applyFacts.ts';

const OWN = /^implant(-\d+)?\.(stl|nrrd)$|^implant\.(json|png)$|^bone\.stl$/;
/** What a killed run may leave. */
const LEFT = /^\.?implant.*\.tmp$/;

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
