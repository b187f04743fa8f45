/** The card (`README.md`) of a contrastive encoder's run: what it is for, what it saw, what its features do not see. */
import type { EncoderMeta } from '../models/metadata.ts';

export const ENCODER_CARD = 'README.md';

/** Markdown for the person who finds the run folder. */
export function encoderCard(
  meta: EncoderMeta,
  trainCases: number,
  { heldOutRetrieval, heldOutCases }: { heldOutRetrieval: number; heldOutCases: number },
): string {
  const { config, views } = meta;
  const { shift, rotation, scale, flip } = views.augment;
  const origin = meta.phantom
    ? '**Trained on phantoms**: procedural shapes drawn by a program, not scans.'
    : 'Trained on masks of real bone. Weights can give training data away: treat them as the data itself.';
  const measured =
    heldOutCases === 0
      ? 'not measured: fewer than two subjects are held out'
      : `${heldOutRetrieval.toFixed(3)} of ${2 * heldOutCases} views of ${heldOutCases} held-out cases find their partner (chance ${(1 / (2 * heldOutCases - 1)).toFixed(3)})`;
  return `# Contrastive encoder of ${meta.bone} masks

Describes a mask of ${meta.size.join('x')} voxels of ${meta.spacing} mm by ${config.features} numbers, for the metrics of \`cranioflow evaluate
--encoder\`. It is a yardstick, not a diagnosis: research use, not a medical device.

${origin}

| | |
| --- | --- |
| training data | ${meta.dataset}, ${trainCases} cases, SHA-256 ${meta.dataHash} |
| steps | ${meta.step} |
| held-out retrieval | ${measured} |
| views | shifts to ${shift} voxels, rotations to ${rotation} degrees, sizes to ${(100 * scale).toFixed(0)} %, ${flip ? 'mirrored or not' : 'never mirrored'}; ${views.hide.boxes} hidden boxes to ${(100 * views.hide.share).toFixed(0)} % of a side |

## What the features do not see

They were taught to ignore what two views of a case differ in: a small change of pose or size, and parts that are missing from a
box of that extent. They also see little of single voxels: on phantoms the KID of sets with 3 % of their voxels flipped hardly
rose, while that of the plain shape features rose a thousandfold. The plain shape features stand beside these in every
evaluation; read both. Features of training cases may be more apart from one another than those of new cases.
`;
}
