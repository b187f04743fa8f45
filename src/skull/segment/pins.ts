/**
 * Marker pins, screws and rods that stick out of a skull. The skull with its rooms filled (all that bone surrounds in most
 * directions) is opened with a ball of 5 mm: rods vanish, and what is left is the head's core. A piece of bone beyond the
 * core is a pin when it is a rod (its second deviation at most 3 mm, which is 5 mm of radius at the most) and its tip
 * stands more than 10 mm outside the convex hull of the core. Thin bone of a skull itself lies within that hull or near it
 * (nasal bones, styloid and zygomatic processes, teeth) or is a plate (the ramus of an open jaw). The pin's root goes with
 * it, down to the core.
 *
 * The hull is measured, not built: p stands `max_u (u . p - h(u))` mm outside it, h(u) = max over the core of u . q, for
 * 600 directions u spread over the sphere.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { dilate, open } from '../../volume/morphology.ts';
import { forEachRun, labelRuns, paintRuns, type Runs } from '../../volume/runs.ts';
import { type Mask, type Vec3, voxelToWorld } from '../../volume/volume.ts';
import { enclosure, paddedBlocks } from './braincase.ts';
import { sphereDirections } from './directions.ts';
import type { SegmentStep } from './step.ts';

export const PIN_DEFAULTS = {
  /** mm: thicker parts are no pins. */
  ball: 5,
  /** mm that a pin's tip stands outside the hull. */
  outside: 10,
  /** mm: second of the three deviations of a pin's blocks. */
  thick: 3,
  /** mm from the pin in which what is left of its root is cleared. */
  root: 5,
};

const DIRECTIONS = 600;
/** Of 26 directions, in how many a filled block sees bone. */
const FILLED = 21;

/** The mask without pins. */
export function removePins(mask: Mask, options = PIN_DEFAULTS): { mask: Mask; step: SegmentStep } {
  const { size, spacing, grid, bone, any, factor } = paddedBlocks(mask);
  const seen = enclosure(bone, size);
  const solid = bone.map((v, b) => (v || seen[b] >= FILLED ? 1 : 0));
  const opened = labelRuns(open(solid, size, spacing, options.ball), size);
  // The core: the head and, apart from it, a jaw.
  const core = paintRuns(
    opened,
    opened.sizes.map((n, c) => (c === 0 || n * spacing[0] * spacing[1] * spacing[2] > 4000 ? 1 : 0)),
  );
  const skin = dilate(core, size, spacing, Math.max(...spacing) * 1.01);
  const rest = any.map((v, b) => v & ~skin[b] & 1);
  const runs = labelRuns(rest, size);
  const outside = new Float64Array(runs.sizes.length);
  const place = (b: number): Vec3 =>
    voxelToWorld(grid, b % size[0], Math.floor(b / size[0]) % size[1], Math.floor(b / (size[0] * size[1])));
  const directions = sphereDirections(DIRECTIONS);
  const support = supportOf(core, size, place, directions);
  forEachRun(runs, (at, length, label) => {
    for (let b = at; b < at + length; b++) {
      const p = place(b);
      let most = -Infinity;
      for (let u = 0; u < DIRECTIONS; u++) {
        const q = 3 * u;
        const d = directions[q] * p[0] + directions[q + 1] * p[1] + directions[q + 2] * p[2] - support[u];
        if (d > most) most = d;
      }
      if (most > outside[label]) outside[label] = most;
    }
  });
  const pins = outside.map((d, c) =>
    d > options.outside && secondDeviation(runs, c, place) <= options.thick ? 1 : 0,
  );
  const shafts = paintRuns(runs, pins);
  const roots = dilate(shafts, size, spacing, options.root);
  const go = shafts.map((v, b) => v | (roots[b] & ~core[b]));
  const out = mask.data.slice();
  const [nx, ny, nz] = mask.size;
  let removed = 0;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = size[0] * (Math.floor(j / factor[1]) + 1 + size[1] * (Math.floor(k / factor[2]) + 1)) + 1;
      for (let i = 0; i < nx; i++, p++)
        if (out[p] !== 0 && go[row + Math.floor(i / factor[0])] !== 0) {
          out[p] = 0;
          removed++;
        }
    }
  const count = pins.reduce((n, v) => n + v, 0);
  return {
    mask: { ...mask, data: out },
    step: {
      name: 'pins',
      count,
      note:
        count === 0
          ? 'nothing stands out of the skull'
          : `${count} thin parts that stand more than ${options.outside} mm out of the skull removed, ${removed} voxels`,
    },
  };
}

/** The second largest standard deviation, in mm, of the blocks of one component along its own axes. */
function secondDeviation(runs: Runs, label: number, place: (b: number) => Vec3): number {
  const points: Vec3[] = [];
  forEachRun(runs, (at, length, l) => {
    for (let b = at; l === label && b < at + length; b++) points.push(place(b));
  });
  const mean = [0, 1, 2].map((a) => points.reduce((sum, p) => sum + p[a], 0) / points.length);
  const covariance = [0, 1, 2].map((a) =>
    [0, 1, 2].map(
      (b) => points.reduce((sum, p) => sum + (p[a] - mean[a]) * (p[b] - mean[b]), 0) / points.length,
    ),
  );
  const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(covariance), { assumeSymmetric: true });
  return Math.sqrt(Math.max(0, [...realEigenvalues].sort((a, b) => b - a)[1]));
}

/** h(u) in mm for each direction. Only the ends of the core's rows can be farthest. */
function supportOf(
  core: Uint8Array,
  size: Vec3,
  place: (b: number) => Vec3,
  directions: Float64Array,
): Float64Array {
  const support = new Float64Array(directions.length / 3).fill(-Infinity);
  for (let row = 0; row < core.length; row += size[0]) {
    const line = core.subarray(row, row + size[0]);
    const first = line.indexOf(1);
    if (first < 0) continue;
    for (const b of [row + first, row + line.lastIndexOf(1)]) {
      const p = place(b);
      for (let u = 0; u < support.length; u++) {
        const h = directions[3 * u] * p[0] + directions[3 * u + 1] * p[1] + directions[3 * u + 2] * p[2];
        if (h > support[u]) support[u] = h;
      }
    }
  }
  return support;
}
