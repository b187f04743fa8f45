/**
 * What the parts of a run's report share. A part is one section of the page and the pictures in it that are also worth a
 * file of their own; its builder is a function of trained weights and masks, so that parts can be put together freely.
 */
import { cameraOf, type Frame, frameOf, type View } from '../../mesh/camera.ts';
import type { Image } from '../../mesh/png.ts';
import type { Section } from '../../report/report.ts';
import { type Mask, voxelToWorld } from '../../volume/volume.ts';

export interface Part {
  section: Section;
  /** By file name without extension: `generated` becomes generated.png. */
  pictures: Readonly<Record<string, Image>>;
}

/** A mask with what a caption says of it. */
export interface NamedMask {
  name: string;
  /** Class 2 truncated or damaged .. 6 complete. */
  quality: number;
  mask: Mask;
}

/** How the bones of a dataset are called: procedural ones are never called real. */
export interface Naming {
  /** 'skull', 'mandible', ... */
  bone: string;
  phantom: boolean;
}

/** 'phantom' or 'real'. */
export const kindOf = ({ phantom }: Naming): string => (phantom ? 'phantom' : 'real');

/** How a set of bones is looked at: rendering options that give all of them one frame and one scale. */
export interface Framing {
  view: View;
  frame: Frame;
  /** Pixels: width, height. */
  size: [number, number];
}

/** Share of each side left free around the bones. */
const MARGIN = 0.04;

/**
 * Frames that just hold the bone of all `masks` in each of `views`, at one number of pixels a mm: pictures of one height
 * whose widths add up to `width` pixels, or less where they would be higher than `most`.
 */
export function sharedFramings(
  masks: readonly Mask[],
  views: readonly View[],
  width: number,
  most = 230,
): Framing[] {
  const points = masks.flatMap(boneBorder);
  // `frameOf` gives half of the shorter side: the width of a very tall picture, the height of a very wide one.
  const seen = views.map((view) => {
    const tall = frameOf(points, cameraOf(view), 1e-3, MARGIN);
    const wide = frameOf(points, cameraOf(view), 1e3, MARGIN);
    return { view, centre: tall.centre, across: tall.halfWidth_mm, up: wide.halfWidth_mm };
  });
  const up = Math.max(...seen.map((s) => s.up));
  const pixels = Math.min(width / seen.reduce((sum, s) => sum + 2 * s.across, 0), most / (2 * up));
  return seen.map(({ view, centre, across }) => ({
    view,
    frame: { centre, halfWidth_mm: Math.min(across, up) },
    size: [Math.round(2 * across * pixels), Math.round(2 * up * pixels)],
  }));
}

/** World positions of the outer corners of the first and last bone voxel of every row: all that a frame needs. */
function boneBorder(mask: Mask): number[] {
  const [nx, ny, nz] = mask.size;
  const points: number[] = [];
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = mask.data.subarray(nx * (j + ny * k), nx * (j + ny * k + 1));
      const first = row.indexOf(1);
      if (first < 0) continue;
      for (const i of [first - 0.5, row.lastIndexOf(1) + 0.5])
        for (const dj of [-0.5, 0.5])
          for (const dk of [-0.5, 0.5]) points.push(...voxelToWorld(mask, i, j + dj, k + dk));
    }
  return points;
}

/** A caption: the class and the name. */
export const captionOf = ({ name, quality }: Pick<NamedMask, 'name' | 'quality'>): string =>
  `class ${quality} · ${name}`;

/** `count` numbered of `items`, spread evenly from the first to the last. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from(
    { length: count },
    (_, i) => items[Math.round((i * (items.length - 1)) / Math.max(1, count - 1))],
  );
}
