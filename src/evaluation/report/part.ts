/**
 * What the parts of a run's report share. A part is one section of the page and the pictures in it that are also worth a
 * file of their own; its builder is a function of trained weights and masks, so that parts can be put together freely.
 */
import { beside } from '../../mesh/contactSheet.ts';
import type { Image } from '../../mesh/png.ts';
import { renderMaskViews } from '../../mesh/views.ts';
import type { Section } from '../../report/report.ts';
import type { Mask } from '../../volume/volume.ts';

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

/** Three-quarter and front view side by side, in the frame of the grid: one scale for all bones of a dataset. */
export function pairOfViews(mask: Mask, size = 150): Image {
  return beside(renderMaskViews(mask, ['threeQuarter', 'front'], { size }));
}

/** 'Quality' with a class as captions write it. */
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
