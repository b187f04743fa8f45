/** The card of a generator: front matter for programs, and what a reader needs before using or sharing the weights. */
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { packageVersion } from '../files/version.ts';
import { publicDataHash } from '../models/privacyStatement.ts';
import type { AuditRecord } from '../privacy/auditRecord.ts';
import { modelCard } from '../sampling/generateExport.ts';
import { RESEARCH_USE } from '../sampling/generateProvenance.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import { frontMatter } from './frontMatter.ts';
import { metricsOf, verdictsOf } from './machine.ts';
import { figuresSection, limitsSection, privacySection, USE } from './sections.ts';

/** Markdown of the card. Evaluation and audit must be of a set that this generator made (`openCardSources`). */
export function generatorCard(
  generator: GeneratorWeights,
  { evaluation, audit }: { evaluation?: SetEvaluation; audit?: AuditRecord },
): string {
  const { meta, hash } = generator;
  const head = frontMatter({
    pretty_name: `Generator of ${meta.bone} masks`,
    license: 'other',
    library_name: 'cranioflow',
    pipeline_tag: 'unconditional-image-generation',
    tags: [
      'synthetic',
      'bone',
      meta.bone.replace(/\s+/g, '-'),
      'medical-imaging',
      '3d',
      meta.objective,
      'cranioflow',
    ],
    cranioflow: {
      version: packageVersion(),
      kind: 'generator',
      use: RESEARCH_USE,
      phantom: meta.phantom,
      hash,
      objective: meta.objective,
      steps: meta.step,
      size: [...meta.size],
      spacing_mm: meta.spacing,
      dataset: meta.dataset,
      dataset_hash: publicDataHash(meta),
      privacy: meta.privacy,
      audit: audit && verdictsOf(audit),
      metrics: evaluation && metricsOf(evaluation),
    },
  });
  return `${head}
${modelCard(generator, { half: meta.weightsHash !== undefined, audited: audit !== undefined })}
${USE}
${figuresSection(evaluation)}
${privacySection(audit, 'network')}
${limitsSection(meta.phantom)}`;
}
