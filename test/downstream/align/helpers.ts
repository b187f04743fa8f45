/** An aligner small enough to be trained in a test, and bones for it to learn from. */
import { type AlignerConfig, alignerSchema } from '../../../src/config/aligner.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import { writeDataset } from '../../../src/dataset/writer.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { centredGrid, type Vec3, voxelToWorld } from '../../../src/volume/volume.ts';

export const TINY_ALIGNER = [
  'model.side=16',
  'model.widths=[8,16]',
  'model.hidden=48',
  'model.groups=4',
  'batch=8',
  'warmup=5',
  'learningRate=0.003',
  'finalRate=0.05',
  'ema=0.95',
  'calibration.poses=12',
  'search.views=4',
];

/** The configuration with these settings over it. */
export function tinyAligner(...set: string[]): AlignerConfig {
  return loadConfig(alignerSchema, { set: [...TINY_ALIGNER, ...set] });
}

/**
 * A set of bones whose pose a small network can learn in seconds: a bar along y, thick and raised at its -y end, two arms at the
 * other, lengths drawn for each. Symmetric across the plane x = 2 mm, so that its frame is not the mirror's.
 */
export function airplanes(out: string, count: number, seed: number, grid = 24): Dataset {
  const spacing = 96 / grid;
  const size: Vec3 = [grid, grid, grid];
  const frame = centredGrid(size, [spacing, spacing, spacing]);
  const cases = Array.from({ length: count }, (_, i) => {
    const stream = new RandomStream(seed, 'test/airplanes', i);
    const [bar, mast, arm, tail] = [36, 26, 24, 24].map((mm) => mm * stream.between(0.88, 1.12));
    const boxes = [
      { low: [-4, -bar, -6], high: [8, bar * 0.8, 6] },
      { low: [-4, -bar, -6], high: [8, -bar + 14, mast] },
      { low: [2 - arm, tail - 12, -5], high: [2 + arm, tail, 5] },
    ];
    const data = new Uint8Array(grid ** 3);
    let p = 0;
    for (let k = 0; k < grid; k++)
      for (let j = 0; j < grid; j++)
        for (let n = 0; n < grid; n++) {
          const at = voxelToWorld(frame, n, j, k);
          const inside = boxes.some(({ low, high }) => at.every((v, c) => v >= low[c] && v <= high[c]));
          // A few voxels are missing: on so coarse a grid lengths alone would give the same bone twice.
          data[p++] = inside && stream.uniform() >= 0.02 ? 1 : 0;
        }
    const id = `plane-${i}`;
    const meta = { id, subject: id, source: 'drawn', attribution: 'test', licence: 'none', quality: 6 };
    return { meta, mask: { ...frame, data } };
  });
  const header = {
    name: 'planes',
    bone: 'plane',
    phantom: true,
    size: [grid, grid, grid] as [number, number, number],
    spacing,
    frame: 'bar along y',
  };
  return writeDataset(out, header, cases, { testShare: 0.2 });
}
