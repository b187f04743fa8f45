/** A bone with its implant in another colour, seen from the side where the defect is. */

import { hasBone } from '../../evaluation/setChecks.ts';
import type { View } from '../../mesh/camera.ts';
import { BONE, type Colour } from '../../mesh/colours.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { Image } from '../../mesh/png.ts';
import { renderMesh } from '../../mesh/render.ts';
import { maskSurface } from '../../mesh/surface.ts';
import { gridFrame } from '../../mesh/views.ts';
import { centroidOf } from '../../volume/centroid.ts';
import type { Mask } from '../../volume/volume.ts';

/** What was taken away. */
export const TAKEN: Colour = [46, 120, 214];
/** What a method put there. */
export const MADE: Colour = [26, 148, 140];

/** Directions that views look from; LPS. */
const SIDES: readonly [View, readonly [number, number, number]][] = [
  ['front', [0, -1, 0]],
  ['left', [1, 0, 0]],
  ['right', [-1, 0, 0]],
  ['back', [0, 1, 0]],
  ['top', [0, 0, 1]],
  ['below', [0, 0, -1]],
];

/** The view from where `part` lies, seen from the middle of `bone`; the front where there is no part. */
export function viewOf(bone: Mask, part: Mask): View {
  if (!hasBone(bone) || !hasBone(part)) return 'front';
  const [a, b] = [centroidOf(bone), centroidOf(part)];
  let best: View = 'front';
  let most = Number.NEGATIVE_INFINITY;
  for (const [view, side] of SIDES) {
    const score = side.reduce((sum, s, c) => sum + s * (b[c] - a[c]), 0);
    if (score > most) [best, most] = [view, score];
  }
  return best;
}

/** Bone in its own colour with `part` in `colour`, framed by the grid. An absent part leaves the bone alone. */
export function renderWith(
  bone: Mask,
  part: Mask | undefined,
  view: View,
  colour: Colour = MADE,
  size = 260,
): Image {
  const base = maskSurface(bone);
  const more = part === undefined ? undefined : maskSurface(part);
  const mesh = more === undefined ? base : united(base, more, colour);
  return renderMesh(mesh, { view, size, frame: gridFrame(bone, view) });
}

/** Two meshes in one, each in its colour. */
export function united(a: Mesh, b: Mesh, colour: Colour): Mesh {
  const positions = new Float32Array(a.positions.length + b.positions.length);
  positions.set(a.positions);
  positions.set(b.positions, a.positions.length);
  const indices = new Uint32Array(a.indices.length + b.indices.length);
  indices.set(a.indices);
  const first = a.positions.length / 3;
  indices.set(
    b.indices.map((v) => v + first),
    a.indices.length,
  );
  const normals = new Float32Array(positions.length);
  normals.set(a.normals!);
  normals.set(b.normals!, a.positions.length);
  const colours = new Uint8Array(positions.length);
  for (let v = 0; v < colours.length; v += 3) colours.set(v < a.positions.length ? BONE : colour, v);
  return { positions, indices, normals, colours };
}
