/**
 * Did the generator copy? Each generated bone beside the training case it overlaps most, the closest pairs first, and how
 * close held-out bones, which nobody copied, come to the training set in the same way.
 */
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { contactSheet } from '../../mesh/contactSheet.ts';
import { renderDifference, renderMask } from '../../mesh/views.ts';
import { diceOf, type PackedMask, packedMask, packedOverlap, packMask } from '../overlap.ts';
import { mean } from '../statistics.ts';
import { kindOf, type NamedMask, type Part, sharedFramings } from './part.ts';

/** The place in `set` of the mask that overlaps `mask` most, and their Dice. */
export function nearestOf(mask: PackedMask, set: readonly PackedMask[]): { index: number; dice: number } {
  let best = { index: -1, dice: -1 };
  set.forEach((other, index) => {
    const dice = diceOf(packedOverlap(mask, other));
    if (dice > best.dice) best = { index, dice };
  });
  return best;
}

/** The section, and the sheet `nearest`, of the `shown` generated bones that lie nearest to a training case. */
export function nearestPart(
  generated: readonly NamedMask[],
  dataset: Dataset,
  options: { shown?: number; command?: string } = {},
): Part & { generatedDice: number; heldOutDice: number } {
  const { bone, phantom } = dataset.manifest;
  const kind = kindOf(dataset.manifest);
  const packed = (c: DatasetCase): PackedMask => packedMask(dataset.loadBits(c));
  const cases = dataset.split('train');
  const train = cases.map(packed);
  const held = dataset.split('test').map((c) => nearestOf(packed(c), train).dice);
  const found = generated.map((item) => ({ item, ...nearestOf(packMask(item.mask.data), train) }));
  const closest = [...found].sort((a, b) => b.dice - a.dice).slice(0, options.shown ?? 6);
  const trained = closest.map(({ index }) => dataset.loadMask(cases[index]));
  const [framing] = sharedFramings(
    [...trained, ...closest.map(({ item }) => item.mask)],
    ['threeQuarter'],
    190,
  );
  const sheet = contactSheet(
    [
      {
        title: 'generated',
        cells: closest.map(({ item }) => ({ image: renderMask(item.mask, framing), caption: item.name })),
      },
      {
        title: 'nearest training case',
        cells: closest.map(({ index }, i) => ({
          image: renderMask(trained[i], framing),
          caption: cases[index].id,
        })),
      },
      {
        title: 'difference: only in training blue, only in generated orange',
        cells: closest.map(({ item, dice }, i) => ({
          image: renderDifference(trained[i], item.mask, framing),
          caption: `Dice ${dice.toFixed(3)}`,
        })),
      },
    ],
    { title: `Nearest training cases`, columns: 6, phantom },
  );
  const generatedDice = mean(found.map((f) => f.dice));
  const heldOutDice = held.length > 0 ? mean(held) : Number.NaN;
  const distances = (dices: readonly number[]): number[] => dices.map((d) => 1 - d);
  return {
    generatedDice,
    heldOutDice,
    pictures: { nearest: sheet },
    section: {
      heading: 'Nearest training cases',
      prose: `A generator can cheat by giving back what it was trained on. Below are the ${closest.length} generated ${bone}s, of ${generated.length}, that lie closest to any of the ${train.length} training cases. Where the generated ones lie much closer than held-out ${kind} ones do, they are copies.`,
      quantities: [
        {
          name: 'Dice to nearest training case, generated',
          value: generatedDice,
          ...(held.length > 0 ? { better: heldOutDice } : {}),
          meaning: `mean over ${generated.length} generated ${bone}s; far above the value of held-out ones: copying; far below: not like any`,
        },
        ...(held.length > 0
          ? [
              {
                name: 'The same for held-out cases',
                value: heldOutDice,
                meaning: `mean over ${held.length} ${kind} ${bone}s that were never trained on`,
              },
            ]
          : []),
      ],
      images: [
        {
          image: sheet,
          caption: `The closest pairs, the closest first: generated, its nearest training case, and where they differ.`,
        },
      ],
      charts:
        held.length > 0
          ? [
              {
                kind: 'histogram',
                caption:
                  'Distance (1 - Dice) to the nearest training case. Two like distributions are what a generator that does not copy gives.',
                series: [
                  { name: 'generated', values: distances(found.map((f) => f.dice)) },
                  { name: `held-out ${kind}`, values: distances(held) },
                ],
                x: { label: '1 - Dice to the nearest training case' },
                bins: 16,
              },
            ]
          : [],
      command: options.command,
    },
  };
}
