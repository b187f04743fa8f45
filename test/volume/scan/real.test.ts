/** Real scans: read whole, the right way up, or refused for the true reason. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVolume } from '../../../src/volume/io/index.ts';
import { type Volume, voxelToWorld } from '../../../src/volume/volume.ts';
import { scanOf } from './phantom.ts';

const DATA = join(import.meta.dirname, '../../../../shared/data');
const folder = (name: string) => join(DATA, name);
const missing = [
  'vhm_head_dicom_NLM-public',
  'visible_human_skull_mask_BSD-3',
  'ge_tilt_dicom_BSD-2',
  'headsq_BSD-3',
  'invesalius_cranium_GPL-2',
  'ct_example_nifti_Apache-2',
].filter((name) => !existsSync(folder(name)));
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`real data missing: ${missing.join(', ')}`);
const title = missing.length > 0 ? `real scans (skipped: ${missing.join(', ')} missing)` : 'real scans';

/** LPS mm of every second voxel above `least`, x y z after another. */
function bonePoints(volume: Volume, least: number, skip: number): Float64Array {
  const [nx, ny, nz] = volume.size;
  const points: number[] = [];
  for (let k = 0; k < nz; k += skip)
    for (let j = 0; j < ny; j += skip)
      for (let i = 0; i < nx; i += skip)
        if (volume.data[i + nx * (j + ny * k)] > least) points.push(...voxelToWorld(volume, i, j, k));
  return Float64Array.from(points);
}

/**
 * How far two sets of points overlap, as Dice of the boxes that they fall into, with the first one mirrored by
 * `flip` and shifted to the best place: searched with boxes of 8, 4 and 2 mm (the first `levels` of them).
 */
function overlap(a: Float64Array, b: Float64Array, flip: readonly number[], levels: number): number {
  let shift = [0, 1, 2].map((c) => mean(b, c) - flip[c] * mean(a, c));
  let best = 0;
  for (const [box, reach] of [
    [8, 4],
    [4, 2],
    [2, 2],
  ].slice(0, levels)) {
    const target = new Set<number>();
    for (let i = 0; i < b.length; i += 3) target.add(key(b[i] / box, b[i + 1] / box, b[i + 2] / box));
    const moved = new Set<number>();
    for (let i = 0; i < a.length; i += 3) {
      const at = [0, 1, 2].map((c) => (flip[c] * a[i + c] + shift[c]) / box);
      moved.add(key(at[0], at[1], at[2]));
    }
    best = 0;
    let found = [0, 0, 0];
    for (let z = -reach; z <= reach; z++)
      for (let y = -reach; y <= reach; y++)
        for (let x = -reach; x <= reach; x++) {
          const step = x + SIDE * (y + SIDE * z);
          let common = 0;
          for (const v of moved) if (target.has(v + step)) common++;
          const dice = (2 * common) / (moved.size + target.size);
          if (dice > best) [best, found] = [dice, [x, y, z]];
        }
    shift = shift.map((s, c) => s + found[c] * box);
  }
  return best;
}

const SIDE = 1024;
const key = (x: number, y: number, z: number) =>
  Math.round(x) + 512 + SIDE * (Math.round(y) + 512 + SIDE * (Math.round(z) + 512));

function mean(points: Float64Array, c: number): number {
  let sum = 0;
  for (let i = c; i < points.length; i += 3) sum += points[i];
  return (3 * sum) / points.length;
}

describe.skipIf(missing.length > 0)(title, () => {
  it('the Visible Human lies as its mask does: no axis turned', async () => {
    const { volume, facts } = await scanOf(folder('vhm_head_dicom_NLM-public'));
    expect(volume.size).toEqual([512, 512, 245]);
    expect(volume.spacing).toEqual([1, 1, 1]);
    expect(facts).toMatchObject({ slices: 245, patientPosition: 'HFS', corrections: [] });
    const mask = await readVolume(
      join(folder('visible_human_skull_mask_BSD-3'), 'visibleHuman_headCT_mask1300.nii.gz'),
    );
    const [scan, bone] = [bonePoints(volume, 276, 2), bonePoints(mask, -1199.5, 4)];
    const dice = (flip: readonly number[], levels: number) => overlap(scan, bone, flip, levels);
    // Upside down or back to front, the head is another, also in coarse boxes (measured: 0.569 against 0.329 and 0.400).
    const coarse = dice([1, 1, 1], 2);
    expect(coarse - dice([1, 1, -1], 2)).toBeGreaterThan(0.08);
    expect(coarse - dice([1, -1, 1], 2)).toBeGreaterThan(0.08);
    // Left for right it is nearly itself (0.484 against 0.462): fine boxes tell, though the two scans of the one man lie
    // a little turned against each other.
    const fine = dice([1, 1, 1], 3);
    expect(fine).toBeGreaterThan(0.45);
    expect(fine - dice([-1, 1, 1], 3)).toBeGreaterThan(0.01);
  });

  it('the tilted GE series is refused for its mixed slices, and straightened where they are even', async () => {
    const path = folder('ge_tilt_dicom_BSD-2');
    await expect(scanOf(path)).rejects.toThrow(
      /varies \(1.08 to 7 mm.*longest even run is slices 1 to 14, 4 mm apart/,
    );
    await expect(scanOf(path, { longestRun: true })).rejects.toThrow(/14 slices/);
    const { volume, facts } = await scanOf(path, { longestRun: true, minSlices: 14, maxSliceSpacing: 5 });
    expect(facts.gantryTilt).toBeCloseTo(18.5, 1);
    expect(volume.size).toEqual([512, 548, 14]);
    expect(facts.corrections.at(-1)).toBe('gantry tilt of 18.5 degrees sheared out');
  });

  it('volumes of other formats', async () => {
    const head = await scanOf(folder('headsq_BSD-3'));
    expect(head.volume.size).toEqual([64, 64, 93]);
    expect(head.volume.spacing).toEqual([3.2, 3.2, 1.5]);
    expect(head.kind).toBe('unknown');
    const cranium = await scanOf(folder('invesalius_cranium_GPL-2'));
    expect(cranium.volume.size).toEqual([256, 256, 108]);
    const part = await scanOf(folder('ct_example_nifti_Apache-2'));
    expect(part.volume.size).toEqual([256, 256, 26]);
    for (const { volume } of [head, cranium, part]) expect(volume.data).toBeInstanceOf(Int16Array);
  });
});
