/** What a report must not be taken for, in plain words, and whose data it rests on. */
import type { Dataset } from '../../dataset/dataset.ts';
import type { Section } from '../../report/report.ts';

/** The closing section: limits, and the sources of the data with their licences. */
export function limitsSection({ manifest }: Dataset): Section {
  const sources = new Map<string, number>();
  for (const c of manifest.cases) {
    const key = JSON.stringify([c.attribution, c.licence]);
    sources.set(key, (sources.get(key) ?? 0) + 1);
  }
  return {
    heading: 'Limits',
    prose: [
      'Research use only. This is not a medical device: nothing here may guide diagnosis, planning, implants or treatment.',
      manifest.phantom
        ? `All ${manifest.bone}s here, trained on and generated, are phantoms: shapes drawn by a program. They show that the software works; they say nothing about how well it does on real bone, and carry no anatomical truth.`
        : 'The networks were trained on bones of real subjects. The generated bones have not been audited for privacy: the nearest-training distances above can show copying but cannot rule it out. Treat weights and samples as you treat the data.',
      ...(manifest.phantom
        ? [
            'No privacy audit was made; phantoms have no privacy to lose, but a generator of real bones would need one before its samples are shared.',
          ]
        : []),
      `Shapes finer than ${manifest.spacing} mm, the voxel of this grid, cannot be seen in these masks. Surfaces in the pictures are smoothed by less than a voxel.`,
      'With few held-out cases the figures are rough: read their intervals. 1-NNA and coverage depend on set sizes, so compare them with their reference and not with figures of other reports.',
    ],
    tables: [
      {
        caption: 'Sources of the data.',
        columns: ['attribution', 'licence', 'cases'],
        rows: [...sources].map(([key, count]) => [...(JSON.parse(key) as [string, string]), count]),
      },
    ],
  };
}
