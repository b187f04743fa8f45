/** The card (`README.md`) of a generated set, for the person who finds the folder. */
import { privacyWords } from '../models/privacyStatement.ts';
import type { GenerateSettings, Provenance } from './generateProvenance.ts';

/** Markdown that says what the bones are, that no one ever had them, how they were made, and what is not known of them. */
export function generatedCard(
  p: Provenance,
  size: readonly number[],
  spacing: number,
  /** An audit stands further down. */
  audited = p.audit !== null,
): string {
  const { settings: s, generator: g } = p;
  const empty = p.bones.filter((b) => b.empty);
  const origin = p.phantom
    ? `The generator was trained on **phantoms**: procedural shapes drawn by a program, not scans. They carry no anatomical
truth, and neither do these bones.`
    : `The generator was trained on masks of real bone. ${audited ? 'Whether a bone here is too near to one of them was examined: see the audit.' : 'Whether a bone here is too near to one of them has not been examined.'}`;
  const privacy =
    g.privacy === undefined ? '' : `\n## Privacy of the generator\n${filtered(s)}${privacyWords(g.privacy)}`;
  return `# Generated bones: ${p.bone}

${p.bones.length - empty.length} synthetic bone masks (${p.bone}), ${size.join('x')} voxels of ${spacing} mm. No person had these bones.

${origin}

${p.use} ${auditText(p)}

| | |
| --- | --- |
| generator | SHA-256 ${g.hash} (${g.objective}, step ${g.step}) |
| training data | ${g.dataset}, SHA-256 ${g.dataHash} |
| seed | ${s.seed} |
| indices | ${ranges(p.bones.map((b) => b.index))} |
| solver | ${solverText(s)}, NFE ${p.nfe ?? 'as each bone needs'}${p.branches === 2 ? ', each with a second branch for guidance' : ''} |
| guidance scale | ${g.guidance === undefined ? s.guidance : `${g.guidance}, part of the weights`}${s.guidanceInterval === undefined ? '' : ` for t from ${s.guidanceInterval.join(' to ')}, else 1`} |
| quality class | ${s.quality ?? 'drawn for each bone'} |
| candidates | ${s.candidates === undefined ? 'one' : `${s.candidates}, the one farthest from the training set kept; its distance is in provenance.json`} |
| clean-up | ${s.clean ? 'only the two largest connected components are kept' : 'none'} |
| empty | ${empty.length === 0 ? 'none' : `${empty.length} (${empty.map((b) => b.id).join(', ')}): the generator made no bone there, no file exists`} |

The folder is a dataset (\`dataset.json\`, \`volumes/\`) that \`cranioflow evaluate --fake\` and \`cranioflow export --volume\`
open; \`provenance.json\` has the above for programs. The same generator, seed, index and settings give the same bone.
${privacy}`;
}

function auditText({ audit }: Provenance): string {
  if (audit === null) return 'It is **not marked for release**: no audit that it passed is recorded in it.';
  return `**Marked for release**: the audit of these very bones (audit.json, SHA-256 ${audit.record}) ended in a pass. ${
    audit.anonymised
      ? 'The membership attack on the set was made and failed: within the limits that the audit states it may be called anonymised.'
      : 'No membership attack on the set was made: it may not be called anonymised.'
  }`;
}

/** Candidates are chosen by looking at the training set once more. */
const filtered = ({ candidates }: GenerateSettings): string =>
  candidates === undefined
    ? ''
    : '**The guarantee below does not hold for this set**: its bones were chosen by their distance to training bones, outside any budget.\n\n';

/** `ddim, 50 steps, eta 0.5`. */
export function solverText({ solver, steps, eta, tolerance = 1e-4 }: GenerateSettings): string {
  const how = solver === 'dopri5' ? `tolerance ${tolerance}` : `${steps} steps`;
  return `${solver}, ${how}${eta ? `, eta ${eta}` : ''}`;
}

/** `0-7, 17`. */
function ranges(indices: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const i of indices) {
    const last = parts[parts.length - 1];
    if (last !== undefined && last[1] === i - 1) last[1] = i;
    else parts.push([i, i]);
  }
  return parts.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(', ');
}
