/** Held-out bones and their subjects are found in sets that would be learnt from; names of phantoms mean nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { requireHeldOutApart } from '../../src/downstream/heldOut.ts';
import { requireSameBone } from '../../src/downstream/sameBone.ts';
import { DatasetError, GridError } from '../../src/errors.ts';
import { airplanes } from './align/helpers.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-held-out-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The drawn bones, said to be real. */
const real = (set: Dataset): Dataset => ({ ...set, manifest: { ...set.manifest, phantom: false } });

// Both name their subjects plane-0, plane-1 .. and share no bone.
const dataset = airplanes(join(root, 'data'), 10, 1);
const other = airplanes(join(root, 'other'), 10, 2);
const [held] = dataset.split('test');

describe('requireHeldOutApart', () => {
  test('lets the training cases and sets of other bones pass', () => {
    requireHeldOutApart(dataset, [{ dataset, cases: dataset.split('train') }, { dataset: other }]);
  });

  test('refuses a held-out bone, in the dataset itself or in another set, also of phantoms', () => {
    expect(() => requireHeldOutApart(dataset, [{ dataset }])).toThrow(DatasetError);
    const copy = { ...other, cases: [...other.cases, { ...other.cases[0], sha256: held.sha256 }] };
    expect(() => requireHeldOutApart(dataset, [{ dataset: copy }])).toThrow(
      /1 of the training bones of .*other are among the held-out ones/,
    );
    // Of such a set, cases that are not learnt from do no harm.
    requireHeldOutApart(dataset, [{ dataset: copy, cases: other.cases }]);
  });

  test('refuses another bone of a held-out subject where both sets are real', () => {
    const go = (a: Dataset, b: Dataset) => () => requireHeldOutApart(a, [{ dataset: b }]);
    expect(go(real(dataset), real(other))).toThrow(/subjects that .*data holds out/);
    expect(go(real(dataset), other)).not.toThrow();
    expect(go(dataset, real(other))).not.toThrow();
    const apart = other.cases.map((c) => ({ ...c, subject: `other-${c.subject}` }));
    expect(go(real(dataset), { ...real(other), cases: apart })).not.toThrow();
    // A generator's bones are numbered, and its set says what made it.
    const record = { format: 'cranioflow-generated', settings: {}, bones: [] };
    writeFileSync(join(other.dir, 'provenance.json'), JSON.stringify(record));
    expect(go(real(dataset), real(other))).not.toThrow();
  });
});

test('requireSameBone tells bone and grid of both', () => {
  const like = (more: object) => ({ dir: 'X', manifest: { ...dataset.manifest, ...more } });
  requireSameBone(dataset, like({}));
  requireSameBone(dataset, like({ spacing: dataset.manifest.spacing * (1 + 1e-9) }));
  for (const more of [{ bone: 'jaw' }, { size: [24, 24, 25] }, { spacing: 4.001 }])
    expect(() => requireSameBone(dataset, like(more)), JSON.stringify(more)).toThrow(GridError);
  expect(() => requireSameBone(dataset, like({ bone: 'jaw' }))).toThrow(
    /X has the bone "jaw" on 24x24x24 voxels of 4 mm, .*data the bone "plane"/,
  );
});
