/**
 * Crumbs: what a defect leaves of the bone in pieces too small to keep. A piece is a connected component of the bone that
 * remains; one that holds less than `CRUMB` of the bone and was cut off by the defect (its piece of the whole bone was
 * larger) joins the region. Islands that the whole bone had already are left alone.
 */
import { forEachRun, labelRuns } from '../../volume/runs.ts';
import type { Mask } from '../../volume/volume.ts';

/** Share of the bone below which a piece is a crumb. */
export const CRUMB = 0.01;

/** Adds crumbs to `region`, in place; returns how many bone voxels lie in it then. */
export function cutCrumbs(mask: Mask, region: Uint8Array, bone: number): number {
  const rest = new Uint8Array(mask.data.length);
  let kept = 0;
  for (let p = 0; p < rest.length; p++) if (mask.data[p] !== 0 && region[p] === 0) kept += rest[p] = 1;
  const pieces = labelRuns(rest, mask.size);
  const crumb = pieces.sizes.map((n) => (n < CRUMB * bone ? 1 : 0));
  if (!crumb.includes(1)) return bone - kept;
  const whole = labelRuns(mask.data, mask.size);
  // Size, in the whole bone, of the piece that each crumb was part of.
  const sizeAt = new Map<number, number>();
  const starts = new Int32Array(pieces.sizes.length).fill(-1);
  forEachRun(pieces, (at, _length, label) => {
    if (starts[label] < 0) starts[label] = at;
  });
  const wanted = new Set(starts.filter((_, label) => crumb[label] === 1));
  forEachRun(whole, (at, length, label) => {
    for (let p = at; p < at + length; p++) if (wanted.has(p)) sizeAt.set(p, whole.sizes[label]);
  });
  let gone = bone - kept;
  forEachRun(pieces, (at, length, label) => {
    if (crumb[label] === 0 || sizeAt.get(starts[label]) === pieces.sizes[label]) return;
    region.fill(1, at, at + length);
    gone += length;
  });
  return gone;
}
