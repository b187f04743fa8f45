/**
 * Held-out cases stay out of learning, also where other sets are learnt from beside the dataset: such a set may hold the
 * dataset itself, or other scans of its subjects.
 *
 * The same bone, voxel for voxel, is found by its checksum. The same person in another scan is found by the subject, which
 * means something only between sets of real bones: phantoms and generated bones are numbered, so the subjects of two such
 * sets have the same names and nothing in common.
 */
import type { Dataset } from '../dataset/dataset.ts';
import { DatasetError } from '../errors.ts';
import { readProvenance } from '../sampling/generateProvenance.ts';
import type { CaseSet } from '../training/opening.ts';

/** Bones of persons or animals: neither phantoms nor what a generator made. */
const isReal = ({ dir, manifest }: Dataset): boolean =>
  !manifest.phantom && readProvenance(dir) === undefined;

/**
 * Throws `DatasetError` where a case of `sets` (all their cases unless told) is a held-out case of `dataset`, or, both being
 * real, of a held-out case's subject.
 */
export function requireHeldOutApart(dataset: Dataset, sets: readonly CaseSet[]): void {
  const test = dataset.split('test');
  const bones = new Set(test.map((c) => c.sha256));
  const subjects = new Set(isReal(dataset) ? test.map((c) => c.subject) : []);
  for (const { dataset: other, cases = other.cases } of sets) {
    const same = cases.filter((c) => bones.has(c.sha256)).length;
    if (same > 0)
      throw refused(
        `${same} of the training bones of ${other.dir} are among the held-out ones of ${dataset.dir}`,
        'leave out the set that holds them',
      );
    if (subjects.size === 0 || !isReal(other)) continue;
    const ofThem = cases.filter((c) => subjects.has(c.subject)).length;
    if (ofThem > 0)
      throw refused(
        `${ofThem} of the training bones of ${other.dir} are of subjects that ${dataset.dir} holds out`,
        'leave out the set; where its subjects only have the same names, ingest it again with names of their own',
      );
  }
}

function refused(found: string, todo: string): DatasetError {
  return new DatasetError({ found, expected: 'training and held-out bones without one in common', todo });
}
