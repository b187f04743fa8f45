/**
 * Which regions of the skull a case has. The template's outer surface is divided into regions by the phantom's own parts
 * (`phantom/parts.ts`); a point of it is found when the nearest surface of the case's bone lies within 8 mm and faces the
 * same half of space. The share of its points that are found is how much of a region is there.
 *
 * People differ among themselves, and from the phantom, by more than a missing ramus would show at a tolerance that
 * allowed for it. So before points are counted, what moves together follows the case:
 *
 *   whole bone          the alignment (`canonical.ts`)
 *   mandible            opens about the condyles by -4 to 20 degrees and shifts by up to 10 mm, as one
 *   face, vault, base   shift by up to 10 mm, each as one
 *   each region         shifts by up to 4.5 mm more (mandible: and turns by 4 degrees)
 *
 * A part that is missing cannot be made up for: the rest of its group holds it in its place. Best is the shift with the
 * largest mean of `max(0, n_p . n_q) / (1 + d^2 / sigma^2)`, `icp.ts`'s score.
 */
import type { Mask } from '../volume/volume.ts';
import { placeLandmarks } from './phantom/landmarks.ts';
import { meanPhantomParameters } from './phantom/parameters.ts';
import {
  phantomRegion,
  REGION_NAMES,
  SKULL_REGIONS,
  type SkullGroup,
  type SkullRegion,
} from './phantom/parts.ts';
import type { Searchable } from './register/icp.ts';
import { lookUp } from './register/nearestGrid.ts';
import { boneSurface, moveSurface } from './register/surface.ts';
import { REAL_SKULLS, searchable, type Template } from './register/template.ts';
import { applyTransform, invertTransform, type Transform } from './register/transform.ts';

/** mm within which bone counts as the template's. */
export const REGION_TOLERANCE = 8;
/** mm: half weight of the search. */
const SIGMA = 5;
/** Points of the template that are sorted into regions, and of a region those that guide the search. */
const POINTS = 24000;
const GUIDES = 120;
/** mm: a step out of the template that meets it again, from 8 to 120 mm, is no outer surface. */
const CLEAR = { from: 8, to: 120, step: 3, near: 2.6 };

/** The template's outer surface by regions, in the canonical frame, mm. */
export interface RegionTemplate {
  regions: Record<SkullRegion, { points: Float32Array; normals: Float32Array }>;
  /** y and z of the axis through the condyles. */
  hinge: readonly [number, number];
}

export interface RegionPresence {
  /** Share of a region that is there, 0 .. 1. */
  shares: Record<SkullRegion, number>;
  /** [n * 3] mm in the canonical frame: points of the template without bone, where they were looked for. */
  missing: Float32Array;
}

/** Sorts the outer surface of the human template (of the mean phantom) into regions. */
export function regionTemplate(template: Template): RegionTemplate {
  const parameters = meanPhantomParameters();
  const regionOf = phantomRegion(parameters);
  // The phantom's anatomical frame is its Frankfort frame.
  const back = invertTransform(REAL_SKULLS);
  const { points, normals } = template.surface;
  const found = Object.fromEntries(REGION_NAMES.map((r) => [r, [] as number[]])) as Record<
    SkullRegion,
    number[]
  >;
  for (let v = 0; v < Math.min(POINTS, points.length / 3); v++) {
    const p = 3 * v;
    const region = regionOf(
      ...(applyTransform(back, [points[p], points[p + 1], points[p + 2]]) as [number, number, number]),
    );
    if (region !== undefined && isOuter(template, p)) found[region].push(p);
  }
  const pick = (from: Float32Array, at: number[]): Float32Array =>
    Float32Array.from({ length: 3 * at.length }, (_, i) => from[at[Math.floor(i / 3)] + (i % 3)]);
  const { condyle } = placeLandmarks(parameters);
  const hinge = applyTransform(REAL_SKULLS, [0, condyle[1], condyle[2]]);
  return {
    regions: Object.fromEntries(
      REGION_NAMES.map((r) => [r, { points: pick(points, found[r]), normals: pick(normals, found[r]) }]),
    ) as RegionTemplate['regions'],
    hinge: [hinge[1], hinge[2]],
  };
}

/** Whether the normal of the template's point at `p` leads out without meeting the template again. */
function isOuter({ surface: { points, normals }, grid }: Searchable, p: number): boolean {
  for (let d = CLEAR.from; d < CLEAR.to; d += CLEAR.step) {
    const [x, y, z] = [0, 1, 2].map((c) => points[p + c] + d * normals[p + c]);
    const q = 3 * lookUp(grid, x, y, z);
    if (Math.hypot(x - points[q], y - points[q + 1], z - points[q + 2]) < CLEAR.near) return false;
  }
  return true;
}

/** A shift in mm after a turn about the condyles in radians (mouth open: positive). */
interface Move {
  shift: readonly [number, number, number];
  opening: number;
}

const STILL: Move = { shift: [0, 0, 0], opening: 0 };
const DEGREE = Math.PI / 180;
const OPENINGS = [-4, 0, 4, 8, 12, 16, 20].map((a) => a * DEGREE);
const GROUP_SHIFTS = shiftsOf([-9, -6, -3, 0, 3, 6, 9], 10);
const OWN_SHIFTS = shiftsOf([-4, -2, 0, 2, 4], 4.5);
/** Share of the score that a mm of shift must gain. */
const PRICE = 0.005;

/** How much of each region the bone has, when `pose` brings it into the canonical frame. Throws `VolumeError` for a mask without bone. */
export function measureRegions(mask: Mask, pose: Transform, template: RegionTemplate): RegionPresence {
  const bone = searchable(moveSurface(boneSurface(mask), pose));
  const fit = new RegionFit(bone, template);
  const moves = {} as Record<SkullGroup, Move>;
  for (const group of ['vault', 'base', 'face', 'mandible'] as const) {
    const regions = REGION_NAMES.filter((r) => SKULL_REGIONS[r].group === group);
    moves[group] = fit.best(regions, STILL, GROUP_SHIFTS, group === 'mandible' ? OPENINGS : [0]);
  }
  const shares = {} as Record<SkullRegion, number>;
  const missing: number[] = [];
  for (const region of REGION_NAMES) {
    const { group } = SKULL_REGIONS[region];
    const turns = group === 'mandible' ? [-4 * DEGREE, 0, 4 * DEGREE] : [0];
    const move = fit.best([region], moves[group], OWN_SHIFTS, turns);
    shares[region] = fit.share(region, move, missing);
  }
  return { shares, missing: Float32Array.from(missing) };
}

class RegionFit {
  readonly #bone: Searchable;
  readonly #template: RegionTemplate;

  constructor(bone: Searchable, template: RegionTemplate) {
    this.#bone = bone;
    this.#template = template;
  }

  /** The best of all moves that add a shift and an opening to `from`. */
  best(
    regions: readonly SkullRegion[],
    from: Move,
    shifts: readonly Move['shift'][],
    openings: readonly number[],
  ): Move {
    let best = from;
    let most = -1;
    for (const opening of openings)
      for (const [x, y, z] of shifts) {
        const [a, b, c] = from.shift;
        const move: Move = { shift: [a + x, b + y, c + z], opening: from.opening + opening };
        let score = 0;
        for (const region of regions) score += this.#score(region, move);
        score *= 1 - PRICE * Math.hypot(x, y, z);
        if (score <= most) continue;
        most = score;
        best = move;
      }
    return best;
  }

  /** Mean score of the region's first points; each region of a group counts alike, however large. */
  #score(region: SkullRegion, move: Move): number {
    let sum = 0;
    const count = this.#each(region, move, GUIDES, (square, facing) => {
      if (facing > 0) sum += facing / (1 + square / (SIGMA * SIGMA));
    });
    return count === 0 ? 0 : sum / count;
  }

  /** Share of the region's points that are found; the others are added to `missing`. */
  share(region: SkullRegion, move: Move, missing: number[]): number {
    let found = 0;
    const count = this.#each(region, move, Infinity, (square, facing, x, y, z) => {
      if (square <= REGION_TOLERANCE ** 2 && facing >= 0) found++;
      else missing.push(x, y, z);
    });
    return count === 0 ? 1 : found / count;
  }

  /** Calls `visit` with the squared distance to the nearest bone, how its normal agrees, and the moved point; returns the count. */
  #each(
    region: SkullRegion,
    { shift, opening }: Move,
    limit: number,
    visit: (square: number, facing: number, x: number, y: number, z: number) => void,
  ): number {
    const { points, normals } = this.#template.regions[region];
    const { points: bone, normals: out } = this.#bone.surface;
    const [hy, hz] = this.#template.hinge;
    const [cos, sin] = [Math.cos(opening), Math.sin(opening)];
    const n = Math.min(limit, points.length / 3);
    for (let p = 0; p < 3 * n; p += 3) {
      const [dy, dz] = [points[p + 1] - hy, points[p + 2] - hz];
      const x = points[p] + shift[0];
      const y = hy + dy * cos - dz * sin + shift[1];
      const z = hz + dz * cos + dy * sin + shift[2];
      const ny = normals[p + 1] * cos - normals[p + 2] * sin;
      const nz = normals[p + 2] * cos + normals[p + 1] * sin;
      const q = 3 * lookUp(this.#bone.grid, x, y, z);
      const [ex, ey, ez] = [x - bone[q], y - bone[q + 1], z - bone[q + 2]];
      visit(ex * ex + ey * ey + ez * ez, normals[p] * out[q] + ny * out[q + 1] + nz * out[q + 2], x, y, z);
    }
    return n;
  }
}

/** All shifts with these steps along each axis, of at most `most` mm. */
function shiftsOf(steps: readonly number[], most: number): Move['shift'][] {
  const all = steps.flatMap((x) => steps.flatMap((y) => steps.map((z) => [x, y, z] as const)));
  return all.filter((s) => Math.hypot(...s) <= most);
}
