/** The card of a generated set: front matter for programs, and what a reader needs before using or sharing it. */
import type { Dataset } from '../dataset/dataset.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { packageVersion } from '../files/version.ts';
import type { AuditRecord } from '../privacy/auditRecord.ts';
import { generatedCard } from '../sampling/generateCard.ts';
import type { Provenance } from '../sampling/generateProvenance.ts';
import { frontMatter, sizeCategory } from './frontMatter.ts';
import { metricsOf, verdictsOf } from './machine.ts';
import { figuresSection, limitsSection, privacySection, USE } from './sections.ts';

export interface CardSources {
  evaluation?: SetEvaluation;
  audit?: AuditRecord;
}

/** Markdown of the card. The sources must be of this set (`openCardSources`). */
export function setCard(set: Dataset, provenance: Provenance, sources: CardSources): string {
  const { manifest, grid } = set;
  const { evaluation, audit } = sources;
  const head = frontMatter({
    pretty_name: manifest.name,
    license: 'other',
    license_name: [...new Set(manifest.cases.map((c) => c.licence))].join(', '),
    tags: ['synthetic', 'bone', manifest.bone.replace(/\s+/g, '-'), 'medical-imaging', '3d', 'cranioflow'],
    size_categories: [sizeCategory(manifest.cases.length)],
    cranioflow: {
      version: packageVersion(),
      kind: 'generated set',
      use: provenance.use,
      phantom: provenance.phantom,
      bones: manifest.cases.length,
      size: [...grid.size],
      spacing_mm: grid.spacing[0],
      generator: provenance.generator,
      settings: provenance.settings,
      released: provenance.audit !== null,
      audit: audit && verdictsOf(audit),
      metrics: evaluation && metricsOf(evaluation),
    },
  });
  return `${head}
${generatedCard(provenance, grid.size, grid.spacing[0], (audit ?? provenance.audit) !== null)}
${USE}
${figuresSection(evaluation)}
${privacySection(audit, 'set')}
${limitsSection(provenance.phantom)}`;
}
