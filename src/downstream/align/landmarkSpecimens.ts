/**
 * Bones in their original scans with landmarks, found again from a dataset: a case says which file it came from and how it was
 * moved, landmarks stand beside in files of the same name. Landmark files that belong to another space than the scan (an
 * atlas's, say) are told by where their points lie: not on bone.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { DatasetError } from '../../errors.ts';
import { type BoneMaskOptions, boneMask } from '../../skull/bone-mask.ts';
import { readMarkups } from '../../skull/landmarks.ts';
import { cropToBone } from '../../skull/orient.ts';
import { transformFromMatrix } from '../../skull/register/transform.ts';
import { largestComponents } from '../../volume/components.ts';
import { readVolume } from '../../volume/io/index.ts';
import { type Specimen, shareOnBone } from './landmarkTruth.ts';

/** Share of the landmarks on bone from which a file is taken to be of that scan. (Of the mouse skulls 30 have all, 21 none.) */
const ON_BONE = 0.9;

export interface Specimens {
  train: Specimen[];
  test: Specimen[];
  /** Cases without a file of landmarks, and cases whose landmarks are of another space. */
  without: number;
  elsewhere: number;
}

/**
 * The specimens of a dataset. `volumes` and `landmarks` are folders: `NAME.nii.gz` there is `NAME.mrk.json` here. `bone` says how
 * bone is told, as on ingest; the largest component is kept. Throws `DatasetError` where a case does not say how it was moved
 * or its file is gone, and what reading throws.
 */
export async function readSpecimens(
  dataset: Dataset,
  { volumes, landmarks, bone }: { volumes: string; landmarks: string; bone: BoneMaskOptions },
  onProgress?: (done: number, total: number) => void,
): Promise<Specimens> {
  const out: Specimens = { train: [], test: [], without: 0, elsewhere: 0 };
  for (const [n, c] of dataset.cases.entries()) {
    onProgress?.(n, dataset.cases.length);
    const markups = join(landmarks, `${basename(c.source).replace(/\.(nii|nrrd|mha)(\.gz)?$/, '')}.mrk.json`);
    if (!existsSync(markups)) {
      out.without++;
      continue;
    }
    const path = join(volumes, c.source);
    const cropped = cropToBone(boneMask(await readVolume(found(path)), path, bone));
    const mask = cropToBone({ ...cropped, data: largestComponents(cropped.data, cropped.size) });
    const points = readMarkups(markups).points.map((p) => p.position);
    if (shareOnBone(mask, points) < ON_BONE) out.elsewhere++;
    else out[c.split].push({ id: c.id, subject: c.subject, mask, landmarks: points, stored: storedMove(c) });
  }
  return out;
}

function found(path: string): string {
  if (existsSync(path)) return path;
  throw new DatasetError({
    found: `${path} is missing`,
    expected: 'the files that the dataset was made from, under their names',
    todo: 'name their folder; cases of secret names cannot be found again',
  });
}

function storedMove(c: DatasetCase): Specimen['stored'] {
  if (c.provenance !== undefined) return transformFromMatrix(c.provenance.transform);
  throw new DatasetError({
    found: `case ${c.id} does not say how it was moved`,
    expected: 'cases made by `cranioflow ingest`',
    todo: 'ingest the bones again',
  });
}
