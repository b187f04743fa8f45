/** The card (`README.md`) of an aligner's run: what it is for, what it saw, how far its poses are off. */
import type { AlignerMeta } from '../../models/metadata.ts';

export const ALIGNER_CARD = 'README.md';

/** Markdown for the person who finds the run folder. */
export function alignerCard(meta: AlignerMeta, cases: number, synthetic: number): string {
  const { bone, calibration, radiusMm, config, cubeMm } = meta;
  const origin = meta.phantom
    ? '**Trained on phantoms**: procedural shapes drawn by a program, not scans.'
    : 'Trained on masks of real bone. Weights can give training data away: treat them as the data itself.';
  const rows =
    calibration === undefined
      ? ['| measured | not yet: the training has not ended |']
      : [
          `| measured on | ${calibration.poses} poses, turned any way, many of them cut or with holes, of ${calibration.subjects > 0 ? `${calibration.subjects} training subjects kept out of learning` : '**training cases**: too few to keep any out, so real errors are larger'} |`,
          `| median error | ${calibration.median.rotationDeg.toFixed(2)} degrees, ${calibration.median.translationMm.toFixed(2)} mm |`,
          `| stated uncertainty | of 95 % of those poses at most ${calibration.usual.rotationDeg.toFixed(1)} degrees and ${calibration.usual.translationMm.toFixed(1)} mm; scaled so that 68 % of their errors lie within |`,
        ];
  return `# Aligner of ${bone} masks

Takes a bone mask in any pose, on any grid, and gives the rigid move that lays it into the frame of its training data, with an
uncertainty: \`cranioflow task align apply --run RUN INPUT\`, \`cranioflow ingest --aligner RUN\`. Research use, not a medical
device: look at the result.

${origin}

| | |
| --- | --- |
| training data | ${meta.dataset}, ${cases} cases${synthetic > 0 ? ` and ${synthetic} synthetic ones` : ''}, SHA-256 ${meta.dataHash} |
| frame | ${meta.frame} |
| bones | root mean square radius ${radiusMm.map((r) => r.toPrecision(3)).join(' to ')} mm; far larger or smaller ones are refused |
| it sees | ${config.side}^3 voxels of ${(cubeMm / config.side).toPrecision(3)} mm |
| steps | ${meta.step} |
${rows.join('\n')}

## What it does not know

It learnt one bone in one frame. Of another bone it will name a pose all the same; a large uncertainty is then likely, not certain.
Its frame is as good as that of the training data: where those lie askew by chance, it lays bones where they lie on average.
`;
}
