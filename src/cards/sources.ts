/**
 * What a card rests on, opened and tied to what it describes: an evaluation and an audit of another set, or of another
 * network, are refused, since a card with a stranger's figures is worse than none.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataHash } from '../dataset/dataHash.ts';
import { type Dataset, openDataset } from '../dataset/dataset.ts';
import { DatasetError, FileError } from '../errors.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { type AuditRecord, openAudit } from '../privacy/auditRecord.ts';
import { PROVENANCE, type Provenance, readProvenance } from '../sampling/generateProvenance.ts';

export interface CardPaths {
  /** Folder of the generated set. */
  set?: string;
  /** evaluation.json of `evaluate --out`, or its folder. */
  evaluation?: string;
  /** Folder of the audit, or its audit.json. */
  audit?: string;
}

export interface OpenedSources {
  set?: { dataset: Dataset; provenance: Provenance };
  evaluation?: SetEvaluation;
  audit?: AuditRecord;
}

/** An evaluation as `evaluate` writes it: with the checksum of the set it is of. */
type Written = SetEvaluation & { sets?: { fake: string } };

function readEvaluation(path: string): Written {
  const file = path.endsWith('.json') ? path : join(path, 'evaluation.json');
  let problem = 'it is no evaluation of one generated set';
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Written;
    if (typeof found?.metrics === 'object' && typeof found.counts?.fake === 'number') return found;
  } catch (error) {
    problem = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
  throw new FileError({
    found: `${file} cannot be used: ${problem}`,
    expected: 'the evaluation.json that `cranioflow evaluate --out` writes',
    todo: 'run `cranioflow evaluate --out DIR` on the set',
  });
}

function refuse(what: string, dir: string): never {
  throw new DatasetError({
    found: `${what} is not of the set in ${dir} as it is now`,
    expected: 'figures of this very set',
    todo: `make ${what.replace(/^the /, 'a new ')} of it`,
  });
}

/**
 * Opens the sources; `runHash` is that of the generator a card is written for. Throws `DatasetError` where they do not
 * belong together, `FileError` where a file is missing or something else.
 */
export function openCardSources({ set: dir, evaluation, audit }: CardPaths, runHash?: string): OpenedSources {
  if (dir === undefined) return {};
  const dataset = openDataset(dir);
  const provenance = readProvenance(dir);
  if (provenance === undefined)
    throw new DatasetError({
      found: `${dir} holds no ${PROVENANCE}`,
      expected: 'a set as `cranioflow generate` writes it',
      todo: 'generate the set again',
    });
  if (runHash !== undefined && provenance.generator.hash !== runHash)
    throw new DatasetError({
      found: `${dir} was made by another generator (SHA-256 ${provenance.generator.hash.slice(0, 12)}..)`,
      expected: `the one the card is of, SHA-256 ${runHash.slice(0, 12)}..`,
      todo: 'name the run that made the set',
    });
  const own = dataHash(dataset.cases);
  if (provenance.audit !== null && provenance.audit.set !== own)
    throw new DatasetError({
      found: `${dir} was changed after it was marked for release: its bones are not those that were audited`,
      expected: 'the set as it was released',
      todo: 'audit it again and mark it again (generate --release --audit DIR); until then do not share it',
    });
  const opened: OpenedSources = { set: { dataset, provenance } };
  if (evaluation !== undefined) {
    opened.evaluation = readEvaluation(evaluation);
    if ((opened.evaluation as Written).sets?.fake !== own) refuse('the evaluation', dir);
  }
  if (audit !== undefined) {
    opened.audit = openAudit(audit).audit;
    if (opened.audit.fake.hash !== own) refuse('the audit', dir);
    if (opened.audit.run.hash !== provenance.generator.hash) refuse('the audit', dir);
  }
  return opened;
}
