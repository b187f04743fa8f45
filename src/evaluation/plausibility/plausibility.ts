/**
 * Is it bone? Numbers of each shape alone, generated against held-out real ones: pieces, share of the largest, volume, and
 * where asked Euler number, left-right asymmetry and thickness. Each gives two figures: its mean over generated shapes
 * (reference: over real ones), and the distance of the two distributions (wasserstein.ts), both with a permutation test.
 */
import { labelComponents } from '../../volume/components.ts';
import type { Mask } from '../../volume/volume.ts';
import { permutationTest } from '../permutation.ts';
import type { MetricTable, SetMetric } from '../setReport.ts';
import { mean } from '../statistics.ts';
import { wasserstein } from '../wasserstein.ts';
import { asymmetry } from './asymmetry.ts';
import { eulerNumber } from './eulerNumber.ts';
import { meanThickness } from './thickness.ts';

const PLAIN = {
  components: ['', 'separate pieces of bone of a generated shape (26 neighbours)'],
  largestShare: ['', 'share of the bone that is in the largest piece'],
  volumeCm3: ['cm^3', 'volume of bone'],
} as const;

const MORE = {
  eulerNumber: ['', 'pieces less tunnels plus cavities of a generated shape (26-connected bone)'],
  asymmetry: ['mm', 'mean distance of the surface to its mirror image, left to right'],
  thickness: ['mm', 'mean local thickness of bone'],
} as const;

type Name = keyof typeof PLAIN | keyof typeof MORE;

/** Numbers of one mask with bone. */
function measure(mask: Mask, more: boolean): Partial<Record<Name, number>> {
  const { sizes } = labelComponents(mask.data, mask.size, 26);
  const voxels = sizes.reduce((a, b) => a + b, 0);
  const [sx, sy, sz] = mask.spacing;
  return {
    components: sizes.length,
    largestShare: sizes[0] / voxels,
    volumeCm3: (voxels * sx * sy * sz) / 1000,
    ...(more && {
      eulerNumber: eulerNumber(mask),
      asymmetry: asymmetry(mask).distance,
      thickness: meanThickness(mask),
    }),
  };
}

/** Means thinner than so many voxels are called relative. */
const THIN_VOXELS = 3;

/** Adds the figures; `more`: Euler number, asymmetry, thickness and the distances of distributions too. */
export function addPlausibility(
  table: MetricTable,
  real: readonly Mask[],
  fake: readonly Mask[],
  more: boolean,
): void {
  const [reals, fakes] = [real, fake].map((masks) => masks.map((mask) => measure(mask, more)));
  for (const [name, [unit, meaning]] of Object.entries(more ? { ...PLAIN, ...MORE } : PLAIN) as [
    Name,
    readonly [SetMetric['unit'], string],
  ][]) {
    const [x, y] = [reals, fakes].map((all) => Float64Array.from(all, (m) => m[name]!));
    table.addMean(name, y, { unit, better: 'near reference', against: x, meaning });
    if (!more) continue;
    const union = Float64Array.from([...x, ...y]);
    const at = (members: Uint32Array) => Float64Array.from(members, (i) => union[i]);
    table.addHalves(
      `${name}Shift`,
      [x.length, y.length],
      (a, b) =>
        wasserstein(
          Float64Array.from(a, (i) => x[i]),
          Float64Array.from(b, (j) => y[j]),
        ),
      { range: [0, Number.POSITIVE_INFINITY] },
      {
        unit,
        better: 'lower',
        meaning: `how far the values of real shapes would have to move to be distributed as those of generated ones: ${meaning}`,
        test: (options) => permutationTest(x.length, y.length, (a, b) => wasserstein(at(a), at(b)), options),
      },
    );
  }
  if (!more) return;
  const voxels = mean(reals.map((m) => m.thickness!)) / Math.min(...real[0].spacing);
  if (voxels < THIN_VOXELS)
    table.notes.push(
      `thickness is relative: real bone is ${voxels.toFixed(1)} voxels thick on this grid, and it is good to half a voxel`,
    );
}
