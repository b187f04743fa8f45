/**
 * A generated shape beside the training case nearest to it, and both on each other: for a person to judge what the numbers
 * say. The training case is shown as it was matched: moved, and mirrored where that fitted better.
 */
import { mirroredMask } from '../evaluation/sharedCases.ts';
import { contactSheet } from '../mesh/contactSheet.ts';
import type { Image } from '../mesh/png.ts';
import { renderDifferenceSlices } from '../mesh/slices.ts';
import { renderDifference, renderMask } from '../mesh/views.ts';
import type { Mask } from '../volume/volume.ts';
import type { Found } from './nearestShape.ts';
import { movedMask } from './plant.ts';
import type { Pose } from './pose.ts';
import type { FieldGrid } from './shapeField.ts';

/** The training mask where the generated shape has it, on the same grid. */
export function matchedMask(train: Mask, found: Pick<Found, 'pose' | 'mirrored'>, grid: FieldGrid): Mask {
  const pose: Pose = {
    rotation: found.pose.rotation,
    translation: found.pose.translation.map((v) => v * grid.factor) as unknown as Pose['translation'],
  };
  const moved = movedMask(train, pose);
  return found.mirrored ? mirroredMask(moved) : moved;
}

const SIZE = 250;

/** One row of pictures: generated, nearest training case, difference in space and in three slices. */
export function pairPicture(
  fake: Mask,
  train: Mask,
  found: Found,
  grid: FieldGrid,
  { phantom, names }: { phantom: boolean; names: [fake: string, train: string] },
): Image {
  const near = matchedMask(train, found, grid);
  const options = { size: SIZE, letters: true };
  return contactSheet(
    [
      {
        cells: [
          { image: renderMask(fake, options), caption: `generated ${names[0]}` },
          {
            image: renderMask(near, options),
            caption: `training ${names[1]}${found.mirrored ? ', mirrored' : ''}`,
          },
          {
            image: renderDifference(near, fake, options),
            caption: 'blue: training; orange: generated',
          },
        ],
      },
      {
        cells: [{ image: renderDifferenceSlices(near, fake, { size: 252 }), caption: 'the same in slices' }],
      },
    ],
    { phantom },
  );
}
