import { readFileSync } from 'node:fs';
import type { Features } from '../../src/evaluation/featureSet.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { centredGrid, type Mask, type Vec3, voxelCount } from '../../src/volume/volume.ts';

/** The golden values that scripts/make-evaluation-fixtures.py wrote. */
export function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.fixture.json`, import.meta.url), 'utf8'));
}

/** A mask whose voxel (i, j, k) is bone where `inside` says so. */
export function maskOf(
  size: Vec3,
  spacing: Vec3,
  inside: (i: number, j: number, k: number) => boolean,
): Mask {
  const data = new Uint8Array(voxelCount(size));
  for (let k = 0, at = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, at++) data[at] = inside(i, j, k) ? 1 : 0;
  return { data, ...centredGrid(size, spacing) };
}

/** The box of voxels low <= (i, j, k) <= high. */
export function boxMask(size: Vec3, spacing: Vec3, low: Vec3, high: Vec3): Mask {
  return maskOf(size, spacing, (...p) => p.every((v, a) => v >= low[a] && v <= high[a]));
}

/** An ellipsoid (centre and half axes in voxels). */
export function ellipsoid(size: Vec3, spacing: Vec3, centre: Vec3, axes: Vec3): Mask {
  return maskOf(size, spacing, (...p) => p.reduce((s, v, a) => s + ((v - centre[a]) / axes[a]) ** 2, 0) <= 1);
}

/** Rows of plain numbers as features. */
export function featuresOf(flat: ArrayLike<number>, dim: number): Features {
  return { values: Float32Array.from(flat), count: flat.length / dim, dim };
}

/** `count` standard normal rows, each number scaled by `scale` and shifted. */
export function normalFeatures(seed: number, count: number, dim: number, scale = 1, shift = 0): Features {
  const values = new RandomStream(seed, 'test/features').fillNormal(new Float32Array(count * dim));
  return { values: values.map((v) => scale * v + shift), count, dim };
}
