/** The parts that both cards share: what it is for, how good it is, whether it may be shared, what it cannot do. */
import { metricTitle } from '../evaluation/metricDocs.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { NOT_HELD_OUT } from '../evaluation/sharedCases.ts';
import type { AuditRecord } from '../privacy/auditRecord.ts';

const few = (x: number): string => String(Number(x.toPrecision(3)));

/** For whom it is, and for whom not. */
export const USE = `## Intended use
For research: to train, to test and to compare methods for images of bone where real scans cannot be shared, and to study generative
models. **Not a medical device**: not for diagnosis, planning, implants for patients, or any statement about a person. Not for
identifying anyone.
`;

/** The figures of an evaluation as a table, each with interval, what real bones score, and the verdict on it. */
export function figuresSection(evaluation: SetEvaluation | undefined): string {
  if (evaluation === undefined)
    return '## Figures\nNone were given with this card: the quality is **not stated**. `cranioflow evaluate --out` makes them.\n';
  const { counts, metrics, notes, verdict } = evaluation;
  const rows = Object.entries(metrics).map(([name, m]) => {
    const unit = m.unit === '' ? '' : ` ${m.unit}`;
    const interval = m.low === undefined ? '' : `${few(m.low)} to ${few(m.high!)}`;
    const real = m.floor?.median ?? m.reference;
    return `| ${metricTitle(name)} | ${few(m.value)}${unit} | ${interval} | ${real === undefined ? '' : few(real)} | ${m.better} | ${m.verdict ?? ''} |`;
  });
  // What undoes all figures stands before them.
  const undoing = notes.filter((note) => note.startsWith(NOT_HELD_OUT));
  const others = notes.filter((note) => !undoing.includes(note));
  return `## Figures
${undoing.map((note) => `**${note}**\n\n`).join('')}${counts.fake} generated bones against ${counts.real} held-out real ones; ${counts.train} were trained on.${verdict === undefined ? '' : ` As a whole: **${verdict.told}**.`} "Real" is what
real bones score in the place of the generated ones.

| figure | value | 95 % interval | real | better | |
| --- | ---: | --- | ---: | --- | --- |
${rows.join('\n')}
${others.length === 0 ? '' : `\n${others.map((note) => `- ${note}`).join('\n')}\n`}`;
}

/** The verdicts of an audit with every criterion; `what` is being shared. */
export function privacySection(audit: AuditRecord | undefined, what: 'set' | 'network'): string {
  if (audit === undefined)
    return `## Privacy\n**No audit was given with this card.** Whether the ${what} gives away a person of the training set is not known: do not share it on the strength of this card.\n`;
  const verdict = what === 'set' ? audit.verdict : audit.network;
  const rows = audit.criteria
    .filter((c) => what === 'network' || c.network === undefined)
    .map((c) => {
      const interval =
        c.low === undefined || c.high === undefined ? '' : ` (${few(c.low)} to ${few(c.high)})`;
      const value = Number.isFinite(c.value) ? `${few(c.value)}${interval}` : '';
      return `| ${c.title} | ${c.result} | ${value} | ${c.limit} | ${c.sentence} |`;
    });
  const word =
    what === 'set'
      ? audit.mayBeCalledAnonymised
        ? ' Within the limits below the set may be called anonymised.'
        : ' The set may not be called anonymised.'
      : '';
  return `## Privacy
Verdict on sharing the ${what}: **${verdict}**.${word}

| criterion | result | figure | limit | what it says |
| --- | --- | ---: | --- | --- |
${rows.join('\n')}

A pass says that tests which find planted copies found none here. It is no proof, and no licence.
`;
}

/** What it cannot do, whatever the figures. */
export function limitsSection(phantom: boolean): string {
  return `## Limits
- ${phantom ? 'Learnt from **phantoms**, procedural shapes: nothing here says anything about real anatomy.' : 'It can show only what its training data showed: their scanners, ages, diseases and cleaning. Rare anatomy is rarer here.'}
- Bone masks: no density, no teeth in detail, no soft tissue. Thin bone is as thin as the grid allows.
- Generated bones are plausible in distribution, not true of anyone; single ones can be wrong in ways that no figure above shows.
- Small held-out sets make wide intervals: read them before the values.
`;
}
