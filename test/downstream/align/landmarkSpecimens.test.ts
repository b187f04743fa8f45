import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import type { Provenance } from '../../../src/dataset/manifest.ts';
import { readSpecimens } from '../../../src/downstream/align/landmarkSpecimens.ts';
import { writeVolume } from '../../../src/volume/io/index.ts';
import { boneSet, oddBone } from './bones.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-specimens-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folders = { volumes: join(root, 'volumes'), landmarks: join(root, 'landmarks'), bone: {} };
const transform = [1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 7, 0, 0, 0, 1];
const set = boneSet(5, 2);
const cases = set.cases.map((c, i) => ({
  ...c,
  source: `bone-${i}.nrrd`,
  provenance: { transform } as Provenance,
}));
const dataset: Dataset = { ...set, cases, split: (name) => cases.filter((c) => c.split === name) };

it('takes bones whose landmarks lie on them, and tells the others', async () => {
  mkdirSync(folders.volumes);
  mkdirSync(folders.landmarks);
  // The middles of three balls of the bone; of bone-1 they are written as if 500 mm away, of bone-2 not at all.
  const middles = [
    [-14, -8, 0],
    [6, 2, 5],
    [-12, 8, -4],
  ];
  for (let i = 0; i < 5; i++) {
    await writeVolume(join(folders.volumes, `bone-${i}.nrrd`), oddBone());
    const controlPoints = middles.map(([x, y, z]) => ({
      label: 'p',
      position: [x + (i === 1 ? 500 : 0), y, z],
    }));
    const markups = [{ coordinateSystem: 'LPS', controlPoints }];
    if (i !== 2) writeFileSync(join(folders.landmarks, `bone-${i}.mrk.json`), JSON.stringify({ markups }));
  }
  const { train, test, without, elsewhere } = await readSpecimens(dataset, folders);
  expect([train.map((s) => s.id), test.map((s) => s.id)]).toEqual([['bone-0'], ['bone-3', 'bone-4']]);
  expect([without, elsewhere]).toEqual([1, 1]);
  expect(train[0].stored.translation).toEqual([5, 6, 7]);
  expect(train[0].landmarks).toEqual(middles);
});

it('refuses a case that does not say how it was moved, and a file that is gone', async () => {
  const mute = { ...dataset, cases: cases.map((c) => ({ ...c, provenance: undefined })) };
  await expect(readSpecimens(mute, folders)).rejects.toThrow('does not say how it was moved');
  rmSync(join(folders.volumes, 'bone-0.nrrd'));
  await expect(readSpecimens(dataset, folders)).rejects.toThrow('is missing');
});
