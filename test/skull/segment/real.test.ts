/** Real scans: a headrest and a real hole, a head hung feet up without its crown, and a scan that covers too little. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { boneFrame, extentOf } from '../../../src/skull/orient.ts';
import { qualityScore } from '../../../src/skull/quality.ts';
import { checkHeadCt } from '../../../src/skull/segment/checkHeadCt.ts';
import { segmentBone } from '../../../src/skull/segment/segmentBone.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import { labelRuns } from '../../../src/volume/runs.ts';
import type { Volume } from '../../../src/volume/volume.ts';

const DATA = join(import.meta.dirname, '../../../../shared/data');
const CRANIUM = join(DATA, 'invesalius_cranium_GPL-2/cranium_ct.nii.gz');
const PART = join(DATA, 'ct_example_nifti_Apache-2/ct_example.nii.gz');
const HEADSQ = join(DATA, 'headsq_BSD-3/headsq.vti/data/1839938295fe4f0839c9df8d9fa67137.gz');
const missing = [CRANIUM, PART, HEADSQ].filter((path) => !existsSync(path));
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`real data missing: ${missing.join(', ')}`);
const title = missing.length > 0 ? `real scans (skipped: ${missing.join(', ')} missing)` : 'real scans';

describe.skipIf(missing.length > 0)(title, () => {
  test('a head in a headrest: the headrest goes, the hole in the forehead stays, the cut jaw is seen', async () => {
    const { mask, facts, base, steps } = segmentBone(await readVolume(CRANIUM));
    // The headrest is 270 mm wide and lies 15 mm from the skin.
    const [x, y, z] = extentOf(boneFrame(mask, 'patient'));
    expect(x).toBeLessThan(150);
    expect(y).toBeLessThan(205);
    expect(z).toBeGreaterThan(150);
    expect(labelRuns(mask.data, mask.size).sizes.length).toBeLessThan(10);
    expect(facts.faces!.map((f) => f.side)).toEqual(['bottom']);
    expect(facts.vaultOpen_mm2).toBeGreaterThan(400);
    expect(facts.vaultOpen_mm2).toBeLessThan(1500);
    expect(qualityScore(facts).score).toBe(2);
    // This file's axes are assumed: the face looks to +y, and is found there.
    expect(base!.pose.rotation[4]).toBeLessThan(-0.9);
    expect(steps.find((s) => s.name === 'pins')!.count).toBe(0);
  });

  test('a scan stored as HU + 1024, feet up, the crown missing', () => {
    const raw = gunzipSync(readFileSync(HEADSQ));
    const volume: Volume = {
      size: [64, 64, 93],
      spacing: [3.2, 3.2, 1.5],
      origin: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      data: new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength)),
    };
    const { facts, base, steps, mask } = segmentBone(volume);
    expect(base!.pose.rotation[8]).toBeLessThan(-0.85);
    expect(facts.vaultCutShare).toBeGreaterThan(0.5);
    expect(qualityScore(facts).score).toBe(2);
    expect(steps.find((s) => s.name === 'neck')!.count).toBeGreaterThan(3000);
    // The last vertebra in the scan lay on its far face.
    expect(facts.faces!.map((f) => [f.side, f.vault])).toEqual([['top', true]]);
    expect(mask.data.some((v) => v === 1)).toBe(true);
  });

  test('26 slices of 4 mm are refused for what they cover', async () => {
    const part = await readVolume(PART);
    expect(() => checkHeadCt(part)).toThrow(/covers too little: 320 x 320 x 104 mm/);
  });
});
