/** Bones that have one right pose, small enough for tests. */
import type { Dataset } from '../../../src/dataset/dataset.ts';
import type { DatasetCase } from '../../../src/dataset/manifest.ts';
import { centredGrid, type Mask, type Vec3, voxelToWorld } from '../../../src/volume/volume.ts';

/** A bent, lopsided bone of about 60 x 40 x 25 mm on a grid of 3 mm; `grow` stretches one arm. */
export function oddBone(grow = 0): Mask {
  const grid = centredGrid([28, 24, 20], [3, 3, 3]);
  const data = new Uint8Array(28 * 24 * 20);
  const balls: [Vec3, number][] = [
    [[-14, -8, 0], 9],
    [[-4, -2, 3], 8],
    [[6, 2, 5], 8],
    [[16 + grow, 3, 4], 10],
    [[-12, 8, -4], 7],
    [[-10, 16, -8], 6],
    [[18, -6, -3], 6],
  ];
  for (let v = 0; v < data.length; v++) {
    const p = voxelToWorld(grid, v % 28, Math.floor(v / 28) % 24, Math.floor(v / (28 * 24)));
    if (balls.some(([c, r]) => Math.hypot(p[0] - c[0], p[1] - c[1], p[2] - c[2]) < r)) data[v] = 1;
  }
  return { ...grid, data };
}

/** A dataset in memory: bones that differ a little, the last `test` of them held out. */
export function boneSet(count = 8, test = 3): Dataset {
  const masks = Array.from({ length: count }, (_, i) => oddBone((i % 4) - 1));
  const cases = masks.map(
    (mask, i): DatasetCase => ({
      id: `bone-${i}`,
      subject: `subject-${i}`,
      source: 'made',
      attribution: '',
      licence: '',
      quality: 6,
      voxels: mask.data.reduce((a, b) => a + b, 0),
      sha256: '0'.repeat(64),
      volume: `volumes/bone-${i}.bits.gz`,
      split: i < count - test ? 'train' : 'test',
    }),
  );
  const { size, spacing } = masks[0];
  return {
    dir: 'bones',
    manifest: {
      format: 'cranioflow-dataset',
      version: 1,
      name: 'odd bones',
      bone: 'odd bone',
      phantom: true,
      size: [...size] as [number, number, number],
      spacing: spacing[0],
      frame: 'as made',
      cases,
    },
    grid: masks[0],
    cases,
    split: (name) => cases.filter((c) => c.split === name),
    loadBits: () => new Uint8Array(),
    loadMask: (c) => masks[cases.indexOf(c)],
  };
}
