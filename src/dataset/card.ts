/** The dataset card: `README.md` of a dataset folder, written from the manifest alone, for the person who finds it. */
import type { DatasetManifest } from './manifest.ts';

/** Markdown that says what the masks are, where they come from, what they may be used for, and how to read them. */
export function datasetCard(m: DatasetManifest): string {
  const subjects = (split: string) =>
    new Set(m.cases.filter((c) => c.split === split).map((c) => c.subject)).size;
  const count = (split: string) => m.cases.filter((c) => c.split === split).length;
  const qualities = [2, 3, 4, 5, 6].map((q) => m.cases.filter((c) => c.quality === q).length);
  const sources = [...new Set(m.cases.map((c) => `${c.attribution} (${c.licence})`))].sort();
  const kind = m.phantom
    ? `**Phantom data.** These are procedural shapes drawn by a program, not scans. They come from no patient and carry no
anatomical truth; figures measured on them say nothing of real bone.`
    : 'Masks of real bone. They may stem from patients: keep the folder as the licence and your ethics approval ask.';
  return `# ${m.name}

${m.cases.length} ${m.phantom ? 'phantom ' : ''}bone masks (${m.bone}), ${m.size.join('x')} voxels of ${m.spacing} mm.

${kind}

For research only. Not a medical device; not for diagnosis, planning or treatment.

| | train | test |
| --- | --- | --- |
| cases | ${count('train')} | ${count('test')} |
| subjects | ${subjects('train')} | ${subjects('test')} |

No subject is on both sides. Cases by quality (2 truncated or damaged .. 6 complete): ${qualities.join(', ')}.

## Frame
${m.frame} Axes are LPS: x to the subject's left, y to the back, z to the head; voxel (0, 0, 0) has its centre at
(${m.size.map((n) => round((-m.spacing * (n - 1)) / 2)).join(', ')}) mm.

## Sources
${sources.map((s) => `- ${s}`).join('\n')}

## Files
\`dataset.json\` lists the cases. \`volumes/ID.bits.gz\` is a gzipped bit mask: voxel (i, j, k) is bit number
i + ${m.size[0]} (j + ${m.size[1]} k), least significant bit of each byte first. In Python:
\`numpy.unpackbits(numpy.frombuffer(gzip.open(f).read(), 'u1'), bitorder='little')[:${m.size[0] * m.size[1] * m.size[2]}].reshape(${m.size[2]}, ${m.size[1]}, ${m.size[0]})\` is the array [z, y, x].
\`sha256\` in the manifest is that of the bits before compression.
`;
}

function round(x: number): string {
  return String(Number(x.toFixed(4)));
}
