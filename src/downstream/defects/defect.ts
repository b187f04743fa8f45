/**
 * Virtual defects: what an accident, a tumour or a surgeon takes from a bone, drawn from a seed. A kind is drawn evenly
 * from those of the bone (`sites.ts`), then a site of the kind, then the share s of the bone that is to go, evenly in its
 * logarithm between the least and the largest share of the kind,
 *
 *   ln s ~ U(ln least, ln largest)
 *
 * then a centre evenly over the bone's voxels at the site, then the shape (`shapes.ts`) with a rough edge (`noise.ts`).
 * The size follows from the share, so shares are exact to a voxel, whatever the grid. What a draw cannot reach (the site
 * holds too little bone, voxels too large to stay within bounds) is drawn again from the same stream: everything is a pure
 * function of the mask, the options and the stream.
 *
 *   shares, %       skull     mandible   other bones
 *   spherical       2 - 12    2 - 12     2 - 12
 *   cubic           2 - 12    2 - 12     2 - 12
 *   polygonal       2 - 12               2 - 12
 *   bilateral       4 - 16    4 - 16     4 - 16
 *   orbital         1 - 5
 *   resection       1 - 6     8 - 30
 *   half            2 - 4.5   35 - 50
 *
 * Diameters that follow, over the bone's size (mean of the three sides of its box: some 180 mm of a skull, 95 of a
 * mandible, 15 of a mouse skull), 5 %, median and 95 % of 300 draws each on 64^3 phantoms, real mandibles, mouse skulls:
 *
 *   spherical       .26 .38 .56    .16 .24 .44    .23 .36 .57
 *   cubic           .24 .33 .58    .12 .21 .33    .17 .32 .54
 *   polygonal       .31 .41 .61                   .17 .35 .63
 *   bilateral       .26 .35 .66    .16 .23 .36    .22 .40 .64
 *   orbital         .18 .24 .35
 *   resection       .08 .19 .43    .15 .30 .84
 *   half            .07 .14 .21    .28 .50 .75
 *
 * A draw takes some 7 ms at 64^3 and 0.3 s at 192x148x216 on a busy Zen core.
 *
 * Crumbs, pieces of bone that the defect cuts off from the rest and that hold less than 1 % of the bone, go with it: no
 * surgeon leaves them.
 */
import { CranioflowError } from '../../errors.ts';
import type { RandomStream } from '../../random/stream.ts';
import type { Grid, Mask, Vec3 } from '../../volume/volume.ts';
import { cutCrumbs } from './crumbs.ts';
import { smoothNoise } from './noise.ts';
import { drawShape, type Gauge, roughened } from './shapes.ts';
import {
  type BoneFacts,
  boneFacts,
  DEFECT_KINDS,
  type DefectKind,
  type DefectSite,
  defectPlan,
  fractionsOf,
  SITE_PLACES,
  steps,
} from './sites.ts';

/** No defect could be drawn: the bone or the options leave no room for one. */
export class DefectError extends CranioflowError {
  readonly tag = 'defect';
}

export interface Defect extends Pick<Grid, 'size'> {
  kind: DefectKind;
  site: DefectSite;
  /** 1 inside the removed region, on the mask's grid, as far as the box of the bone that it takes. */
  region: Uint8Array;
  /** Removed bone voxels over bone voxels. */
  share: number;
  /** Twice the half-width of the region, mm: of a ball its diameter, of a resection the width of its slab. */
  diameterMm: number;
}

export interface DefectOptions {
  /** Kinds to draw from; those that the bone does not have are left out. */
  kinds: readonly DefectKind[];
  /** Sites to draw from; default: all of the bone's. */
  sites?: readonly DefectSite[];
  /** Least and largest share of the bone for all kinds, in (0, 1); default: the table above. */
  share?: readonly [least: number, largest: number];
  /** Multiplies the roughness of every kind's edge; 0 for smooth shapes. */
  roughness: number;
  /** Draws before a `DefectError`. */
  tries: number;
}

export const DEFECT_DEFAULTS: DefectOptions = { kinds: DEFECT_KINDS, roughness: 1, tries: 60 };

/** Least and largest share of each kind. */
export const DEFECT_SHARES: Readonly<Record<DefectKind, readonly [number, number]>> = {
  spherical: [0.02, 0.12],
  cubic: [0.02, 0.12],
  polygonal: [0.02, 0.12],
  bilateral: [0.04, 0.16],
  orbital: [0.01, 0.05],
  resection: [0.08, 0.3],
  half: [0.35, 0.5],
};
/** Of a whole skull's bone its jaw is a small part. */
const JAW_SHARES: Partial<Record<DefectKind, readonly [number, number]>> = {
  resection: [0.01, 0.06],
  half: [0.02, 0.045],
};

/**
 * Draws a defect in `mask`, a bone in the canonical frame, of which `bone` says what it is (`skull`, `mandible`, other).
 * Throws `VolumeError` for a mask without bone and `DefectError` where no kind or site is left, or none fits.
 */
export function drawDefect(
  mask: Mask,
  bone: string,
  stream: RandomStream,
  options: Partial<DefectOptions> = {},
): Defect {
  const full = { ...DEFECT_DEFAULTS, ...options };
  const plan = defectPlan(bone);
  const sitesOf = (kind: DefectKind): readonly DefectSite[] =>
    (plan[kind] ?? []).filter((site) => full.sites?.includes(site) ?? true);
  const kinds = DEFECT_KINDS.filter((kind) => full.kinds.includes(kind) && sitesOf(kind).length > 0);
  if (kinds.length === 0) throw nothingToDraw(bone, full);
  checkShares(full);
  const facts = boneFacts(mask);
  for (let n = 0; n < full.tries; n++) {
    const kind = kinds[stream.integer(kinds.length)];
    const sites = sitesOf(kind);
    const site = sites[stream.integer(sites.length)];
    const drawn = tryDefect(mask, facts, kind, site, stream, full);
    if (drawn !== undefined) return drawn;
  }
  throw new DefectError({
    found: `${full.tries} draws gave no defect within its shares, in a ${bone} of ${facts.voxels.length} voxels`,
    expected: `a bone large enough for a defect (${kinds.join(', ')})`,
    todo: 'allow other kinds, sites or shares, use a finer grid, or leave the case out',
  });
}

/** The mask without the bone in the defect's region. Throws `DefectError` where the defect was drawn on another grid. */
export function applyDefect(mask: Mask, defect: Pick<Defect, 'region' | 'size'>): Mask {
  const { region, size } = defect;
  if (region.length !== mask.data.length || size.some((n, a) => n !== mask.size[a]))
    throw new DefectError({
      found: `a defect of ${size.join('x')} voxels for a mask of ${mask.size.join('x')}`,
      expected: 'a defect that was drawn on this mask',
      todo: 'draw one for this grid',
    });
  return { ...mask, data: mask.data.map((v, p) => (v !== 0 && region[p] === 0 ? 1 : 0)) };
}

/** Kinds that can be drawn on a bone. */
export function defectKindsOf(bone: string): DefectKind[] {
  const plan = defectPlan(bone);
  return DEFECT_KINDS.filter((kind) => plan[kind] !== undefined);
}

/** One draw; undefined where it does not keep to its bounds. */
function tryDefect(
  mask: Mask,
  facts: BoneFacts,
  kind: DefectKind,
  site: DefectSite,
  stream: RandomStream,
  { share, roughness }: DefectOptions,
): Defect | undefined {
  const [least, largest] = share ?? (site === 'jaw' ? JAW_SHARES[kind] : undefined) ?? DEFECT_SHARES[kind];
  const wanted = Math.exp(stream.between(Math.log(least), Math.log(largest)));
  const centre = drawCentre(facts, site, stream);
  if (centre === undefined) return undefined;
  const { points, voxels } = facts;
  const shape = drawShape(kind, { facts, centre, site, stream });
  const noise = smoothNoise(stream, facts.low, facts.extent);
  const gauge = roughened(shape.gauge, noise, roughness * shape.roughness);
  const reached = new Float32Array(voxels.length);
  for (let n = 0, p = 0; n < voxels.length; n++, p += 3)
    reached[n] = gauge(points[p], points[p + 1], points[p + 2]);
  const count = Math.max(1, Math.round(wanted * voxels.length));
  const size = reached.slice().sort()[count - 1];
  if (size === Infinity) return undefined;
  const region = regionWithin(mask, gauge, size, voxels, reached);
  const removed = cutCrumbs(mask, region, voxels.length);
  const got = removed / voxels.length;
  if (got < least || got > largest || removed === voxels.length) return undefined;
  const diameterMm = shape.diameters * size;
  return {
    kind,
    site,
    size: mask.size,
    region,
    share: got,
    diameterMm,
  };
}

/** A bone voxel's centre at the site, each as likely; undefined where the site holds no bone. */
function drawCentre(facts: BoneFacts, site: DefectSite, stream: RandomStream): Vec3 | undefined {
  const { points, voxels } = facts;
  const inside = SITE_PLACES[site];
  const there: number[] = [];
  for (let p = 0; p < 3 * voxels.length; p += 3) {
    const [u, v, w] = fractionsOf(facts, points[p], points[p + 1], points[p + 2]);
    if (inside(u, v, w)) there.push(p);
  }
  if (there.length === 0) return undefined;
  const p = there[stream.integer(there.length)];
  return [points[p], points[p + 1], points[p + 2]];
}

/**
 * The voxels within the gauge, in the box of the bone that it takes: beyond it there is no bone to take. (A wider box
 * would cost more than all the rest.)
 */
function regionWithin(mask: Mask, gauge: Gauge, size: number, voxels: Uint32Array, reached: Float32Array) {
  const [nx, ny] = mask.size;
  const low = [nx, ny, mask.size[2]];
  const high = [-1, -1, -1];
  for (let n = 0; n < voxels.length; n++) {
    if (reached[n] > size) continue;
    const i = voxels[n] % nx;
    const j = Math.floor(voxels[n] / nx) % ny;
    const k = Math.floor(voxels[n] / (nx * ny));
    if (i < low[0]) low[0] = i;
    if (j < low[1]) low[1] = j;
    if (k < low[2]) low[2] = k;
    if (i > high[0]) high[0] = i;
    if (j > high[1]) high[1] = j;
    if (k > high[2]) high[2] = k;
  }
  const region = new Uint8Array(mask.data.length);
  const [o, ux, uy, uz] = steps(mask);
  for (let k = low[2]; k <= high[2]; k++)
    for (let j = low[1]; j <= high[1]; j++) {
      const bx = o[0] + j * uy[0] + k * uz[0];
      const by = o[1] + j * uy[1] + k * uz[1];
      const bz = o[2] + j * uy[2] + k * uz[2];
      const row = nx * (j + ny * k);
      for (let i = low[0]; i <= high[0]; i++)
        if (gauge(bx + i * ux[0], by + i * ux[1], bz + i * ux[2]) <= size) region[row + i] = 1;
    }
  // The bone's voxels were measured in float32: that measure decides, and not the rounding here.
  for (let n = 0; n < voxels.length; n++) region[voxels[n]] = reached[n] <= size ? 1 : 0;
  return region;
}

function checkShares({ share }: DefectOptions): void {
  if (share === undefined) return;
  const [least, largest] = share;
  if (!(least > 0 && least <= largest && largest < 1))
    throw new DefectError({
      found: `shares of the bone from ${least} to ${largest}`,
      expected: 'two numbers with 0 < least <= largest < 1: a defect leaves some of the bone',
      todo: 'give shares such as 0.02 and 0.12',
    });
}

function nothingToDraw(bone: string, { kinds, sites }: DefectOptions): DefectError {
  const plan = defectPlan(bone);
  const offered = DEFECT_KINDS.filter((kind) => plan[kind] !== undefined).map(
    (kind) => `${kind} (${plan[kind]!.join(', ')})`,
  );
  return new DefectError({
    found: `no defect of the kinds ${kinds.join(', ') || 'none'}${sites === undefined ? '' : ` at ${sites.join(', ')}`} on a ${bone}`,
    expected: `some of ${offered.join('; ')}`,
    todo: 'choose among these kinds and sites',
  });
}
