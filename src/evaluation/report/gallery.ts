/**
 * Generated bones beside bones that were never trained on, in one scale, from two sides, class by class: the question is
 * whether an eye can tell which sheet is which. Nothing is picked: the first generated ones are shown.
 */
import { contactSheet } from '../../mesh/contactSheet.ts';
import type { Image } from '../../mesh/png.ts';
import { captionOf, kindOf, type NamedMask, type Naming, type Part, pairOfViews } from './part.ts';

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

/** Best class first, otherwise in the order given. */
export const byClass = <T extends { quality: number }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => b.quality - a.quality);

function sheetOf(masks: readonly NamedMask[], title: string, subtitle: string, phantom: boolean): Image {
  const cells = masks.map((item) => ({ image: pairOfViews(item.mask), caption: captionOf(item) }));
  return contactSheet([{ cells }], { title, subtitle, columns: 4, phantom });
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
  const made = sheetOf(
    generated,
    `Generated ${bone}s`,
    `${generated.length} of ${options.total}, in the order made, best class first · ${options.settings}`,
    phantom,
  );
  const theirs = sheetOf(
    real,
    `${kind === 'real' ? 'Real' : 'Phantom'} ${bone}s ${seen}`,
    'the same classes',
    phantom,
  );
  return {
    pictures: { generated: made, real: theirs },
    section: {
      heading: `Generated and ${kind} ${bone}s`,
      prose: `Two sheets in one scale, three-quarter and front view of each. Classes say how complete a ${bone} is, from 6 (whole) to 2 (cut off, holes, lost teeth); a generated one was asked for in the class under it. Nothing was cleaned up after decoding.`,
      images: [
        {
          image: made,
          caption: `Generated: the first ${generated.length} of ${options.total}, none left out.`,
        },
        { image: theirs, caption: `${kind === 'real' ? 'Real' : 'Phantom'} ${bone}s ${seen}.` },
      ],
      command: options.command,
    },
  };
}
