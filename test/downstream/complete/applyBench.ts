/**
 * Bones for tests of `applyCompletion`: ellipsoid shells with a knob, of which the true whole is known in every space, and a
 * completer that knows it. Files lie in a folder of the test file's own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type ApplyOptions, applyCompletion } from '../../../src/downstream/complete/apply.ts';
import type { OpenedMethod } from '../../../src/downstream/complete/methods.ts';
import { applyTransform, invertTransform, type Transform } from '../../../src/skull/register/transform.ts';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { writeVolume } from '../../../src/volume/io/write.ts';
import {
  centredGrid,
  type Grid,
  type Mask,
  type Mat3,
  type Vec3,
  voxelToWorld,
} from '../../../src/volume/volume.ts';

export const root = mkdtempSync(join(tmpdir(), 'cranioflow-apply-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
export const folder = (): string => join(root, `out${++count}`);

/** A shell 8 mm thick with a knob at the front (-y), in the canonical frame; `hole`: without a ball at the vault's left. */
export function bone([x, y, z]: Vec3, hole: boolean): boolean {
  const r = Math.hypot(x / 46, y / 58, z / 50);
  const shell = r <= 1 && r >= 0.84;
  const knob = Math.hypot(x, (y + 60) / 1.5, z + 20) < 10;
  return (shell || knob) && !(hole && inHole([x, y, z]));
}
export const inHole = ([x, y, z]: Vec3): boolean => Math.hypot(x - 25, y - 5, z - 38) < 19;

/** A mask of what `is` says of the centres of a grid's voxels, seen through a move into the canonical frame. */
export function drawn(grid: Grid, move: Transform, is: (p: Vec3) => boolean): Mask {
  const [nx, ny, nz] = grid.size;
  const data = new Uint8Array(nx * ny * nz);
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++)
        if (is(applyTransform(move, voxelToWorld(grid, i, j, k)))) data[p] = 1;
  return { ...grid, data };
}

export const OWN = centredGrid([40, 48, 40], [3.5, 3.5, 3.5]);
export const STILL: Transform = { rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], translation: [0, 0, 0], scale: 1 };

/** The completer that knows the truth. */
export function oracle(more: Partial<OpenedMethod> = {}, answer?: (defective: Mask) => Mask): OpenedMethod {
  const whole = drawn(OWN, STILL, (p) => bone(p, false));
  return {
    grid: OWN,
    bone: 'test bone',
    method: {
      name: 'oracle',
      words: 'knows the truth',
      complete: async (defective) => [{ whole: answer?.(defective) ?? whole }],
    },
    ...more,
  };
}

export const apply = (
  options: Partial<ApplyOptions> & { input: string },
  opened = oracle(),
  pose?: Transform,
) =>
  applyCompletion(
    {
      out: folder(),
      method: 'unet',
      picture: false,
      ...(pose !== undefined && { aligner: 'run' }),
      ...options,
    },
    {
      open: async () => opened,
      alignerHash: () => 'a',
      aligner: async () => ({
        name: 'given',
        words: 'given',
        align: async () => ({ transform: pose ?? STILL }),
      }),
    },
  );

export const centroid = (mask: Mask): Vec3 => {
  const sum = [0, 0, 0];
  let n = 0;
  const [nx, ny] = mask.size;
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] === 0) continue;
    n++;
    voxelToWorld(mask, p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))).forEach((x, a) => {
      sum[a] += x;
    });
  }
  return sum.map((x) => x / n) as unknown as Vec3;
};
export const distance = (a: Vec3, b: Vec3): number => Math.hypot(...a.map((x, i) => x - b[i]));

/** Grid axes as files may have them: exchanged and turned round; right-handed. */
export const AXES: Mat3[] = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [0, 0, 1, 1, 0, 0, 0, 1, 0],
  [-1, 0, 0, 0, -1, 0, 0, 0, 1],
  [0, -1, 0, 0, 0, -1, 1, 0, 0],
];

/** A grid of any axes and spacing that holds the bone, which lies there by the inverse of `move`. */
export function patientGrid(move: Transform, axes: Mat3, spacing: Vec3): Grid {
  const back = invertTransform(move);
  const direction = multiply3(back.rotation, multiply3(rotationAbout(0, 0.1), axes));
  const size = spacing.map((s) => Math.ceil(150 / s)) as unknown as Vec3;
  const at: Grid = { size, spacing, origin: [0, 0, 0], direction };
  const middle = voxelToWorld(at, (size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2);
  return { ...at, origin: back.translation.map((t, a) => t - middle[a]) as unknown as Vec3 };
}

/** A defective bone in a file, lying in the canonical frame. */
export async function file(name: string, hole = true, grid: Grid = OWN): Promise<string> {
  const path = join(root, name);
  await writeVolume(
    path,
    drawn(grid, STILL, (p) => bone(p, hole)),
  );
  return path;
}
export const aligned = { aligned: true, gapMm: 0 } as const;
