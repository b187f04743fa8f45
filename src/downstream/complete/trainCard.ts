/** The card in a completer's run folder: what it is, what it saw, how well it does, what it is not for. */
import type { CompleterMeta } from '../../models/metadata.ts';
import type { CompleterResult } from './train.ts';

export const COMPLETER_CARD = 'README.md';

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
const tally = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');

/** Markdown for the person who finds the run folder. */
export function completerCard(meta: CompleterMeta, trainCases: number, result: CompleterResult): string {
  const { taught } = meta;
  const { shift, rotation, scale, flip } = taught.augment;
  const origin = meta.phantom
    ? '**Trained on phantoms**: procedural shapes drawn by a program, not scans. On a real patient its answers show that the\ntool works, not what the bone was.'
    : 'Trained on masks of bone, some of which may be of patients. Weights can give training data away: treat them as the data itself.';
  const measured =
    result.heldOutCases === 0
      ? 'not measured: no case is held out'
      : `whole ${result.heldOutDice.toFixed(3)} (doing nothing: ${result.heldOutNothingDice.toFixed(3)}), implant ${result.heldOutImplantDice.toFixed(3)} (doing nothing: 0), mean of ${result.heldOutCases} cases`;
  return `# Completer of ${meta.bone} masks

A 3D U-Net that predicts the whole ${meta.bone} from one with a defect, on a grid of ${meta.size.join('x')} voxels of ${meta.spacing} mm; the
implant is what it adds. Research use, not a medical device: nothing it makes may go into a patient.

${origin}

| | |
| --- | --- |
| training data | ${meta.dataset}, ${trainCases} cases, SHA-256 ${meta.dataHash} |
| steps | ${meta.step} |
| Dice on held-out bones with fixed defects | ${measured} |
| defects | shares of the bone from ${percent(taught.share[0])} to ${percent(taught.share[1])}, diameters from ${taught.diameterMm[0].toFixed(1)} to ${taught.diameterMm[1].toFixed(1)} mm |
| kinds, of the first examples | ${tally(taught.kinds)} |
| sites | ${tally(taught.sites)} |
| without a defect | ${percent(taught.whole)} of the examples |
| moves of the bones | shifts to ${shift} voxels, rotations to ${rotation} degrees, sizes to ${(100 * scale).toFixed(0)} %, ${flip ? 'mirrored or not' : 'never mirrored'} |

## What it is not for

A defect larger than these, at another site, or at the edge of the field of view, is beyond what it learnt: \`cranioflow task
complete apply\` says so. A voxel is ${meta.spacing} mm: no detail of an implant is finer. The bone has to lie as the training bones do
(${meta.frame.split('. ')[0]}).
`;
}
