/**
 * Generated bones beside bones that were never trained on, in one scale, from two sides, class by class: the question is
 * whether an eye can tell which sheet is which. Nothing is picked: the first made of every class are shown, in turn.
 */
import { beside, contactSheet } from '../../mesh/contactSheet.ts';
import type { Image } from '../../mesh/png.ts';
import { renderMask } from '../../mesh/views.ts';
import {
  captionOf,
  type Framing,
  kindOf,
  type NamedMask,
  type Naming,
  type Part,
  sharedFramings,
} from './part.ts';

/** Most bones on a sheet. */
export const GALLERY_COUNT = 12;

/** For each class of `wanted`, in turn, the first unused one of that class, or else of the class nearest to it. */
export function matchClasses<T extends { quality: number }>(
  wanted: readonly { quality: number }[],
  pool: readonly T[],
): T[] {
  const left = [...pool];
  return wanted.flatMap(({ quality }) => {
    if (left.length === 0) return [];
    let best = 0;
    left.forEach((item, i) => {
      if (Math.abs(item.quality - quality) < Math.abs(left[best].quality - quality)) best = i;
    });
    return left.splice(best, 1);
  });
}

/** `count` items: the first of each class, best class first, then the second of each, and so on. */
export function inTurn<T extends { quality: number }>(items: readonly T[], count: number): T[] {
  const classes = [...new Set(items.map((item) => item.quality))].sort((a, b) => b - a);
  const queues = classes.map((c) => items.filter((item) => item.quality === c));
  const picked: T[] = [];
  for (let round = 0; picked.length < Math.min(count, items.length); round++)
    for (const queue of queues)
      if (queue[round] !== undefined && picked.length < count) picked.push(queue[round]);
  return picked;
}

/** Best class first, otherwise in the order given. */
export const byClass = <T extends { quality: number }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => b.quality - a.quality);

/** One sheet; each bone from the sides of `framings`. */
function sheetOf(
  masks: readonly NamedMask[],
  framings: readonly Framing[],
  text: { title: string; subtitle: string },
  phantom: boolean,
): Image {
  const cells = masks.map((item) => ({
    image: beside(framings.map((framing) => renderMask(item.mask, framing))),
    caption: captionOf(item),
  }));
  return contactSheet([{ cells }], { ...text, columns: 4, gap: 14, phantom });
}

/**
 * The section, and the sheets `generated` and `real`. `real` holds as many masks as `generated`, matched by class (see
 * `matchClasses`); `settings` says how the bones were sampled.
 */
export function galleryPart(
  generated: readonly NamedMask[],
  real: readonly NamedMask[],
  naming: Naming,
  options: { total: number; heldOut: boolean; settings: string; command?: string },
): Part {
  const { bone, phantom } = naming;
  const kind = kindOf(naming);
  const seen = options.heldOut ? 'never trained on' : 'of the training set';
  const theirTitle = `${kind === 'real' ? 'Real' : 'Phantom'} ${bone}s ${seen}`;
  const framings = sharedFramings(
    [...generated, ...real].map((item) => item.mask),
    ['threeQuarter', 'front'],
    300,
  );
  const first = `${generated.length} of ${options.total}, the first made of each class`;
  const made = sheetOf(
    generated,
    framings,
    { title: `Generated ${bone}s`, subtitle: `${first} · ${options.settings}` },
    phantom,
  );
  const theirs = sheetOf(
    real,
    framings,
    { title: theirTitle, subtitle: 'of the same classes, in the same scale' },
    phantom,
  );
  return {
    pictures: { generated: made, real: theirs },
    section: {
      heading: `Generated and ${kind} ${bone}s`,
      prose: `Two sheets in one scale, three-quarter and front view of each. Classes say how complete a ${bone} is, from 6 (whole) to 2 (cut off, holes, lost teeth); a generated one was asked for in the class under it. Nothing was picked, and nothing cleaned up after decoding.`,
      images: [
        { image: made, caption: `Generated ${bone}s: ${first}.` },
        { image: theirs, caption: `${theirTitle}, of the same classes.` },
      ],
      command: options.command,
    },
  };
}
