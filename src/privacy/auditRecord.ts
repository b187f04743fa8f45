/**
 * `audit.json`: the verdict with everything it rests on, and the hashes of what was audited, so that a release gate can tell
 * whether the audit is of this very set, made by this very network, against this very data.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetError, FileError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { AUDIT_DEFAULTS } from './auditSets.ts';
import { type AuditFigures, type Judgement, judge, LIMITS, type Limits } from './verdict.ts';

export const AUDIT_FILE = 'audit.json';
const FORMAT = 'cranioflow-audit';

/** A generated shape and its nearest training case. */
export interface AuditedShape {
  id: string;
  /** 1 - Dice of the blurred shapes, in the best pose. */
  distance: number;
  /** Mean surface distance in that pose, mm. */
  surface_mm: number;
  /** Distance over that of the next subjects: near 0 for a copy. */
  isolation: number;
  /** Of a real shape being so alone. */
  p: number;
  flagged: boolean;
  why: 'alone' | 'identical' | null;
  /** The nearest training case, of flagged shapes alone: what is shared should not say whose bone a shape is like. */
  nearest?: string;
  /** The nearest fits mirrored. */
  mirrored: boolean;
}

export interface AuditRecord extends Judgement {
  format: typeof FORMAT;
  version: 1;
  cranioflow: string;
  use: string;
  /** SHA-256 of the networks' weights, and what they learnt from. */
  run: { hash: string; objective: string; step: number };
  /** SHA-256 over the checksums of the generated volumes, in the folder's order. */
  fake: { hash: string; shapes: number; empty: number };
  /** SHA-256 over the checksums of training and held-out cases. */
  data: { name: string; phantom: boolean; trainHash: string; heldOutHash: string };
  seed: number;
  limits: Limits;
  figures: AuditFigures;
  shapes: AuditedShape[];
  notes: string[];
}

/** The head of every record. */
export const RECORD_HEAD = { format: FORMAT, version: 1 } as const;

/** Writes `audit.json`. Throws `DiskError`. */
export function writeAudit(dir: string, record: AuditRecord): string {
  const path = join(dir, AUDIT_FILE);
  writeFileAtomic(path, `${JSON.stringify(record, null, 1)}\n`);
  return path;
}

/** Reads what `writeAudit` wrote. Throws `FileError` where there is none, or something else. */
function readAudit(path: string): AuditRecord {
  let problem = 'it is not the record of an audit';
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as AuditRecord;
    if (found?.format === FORMAT && found.version === 1 && typeof found.verdict === 'string') return found;
  } catch (error) {
    problem = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
  throw new FileError({
    found: `${path} cannot be used: ${problem}`,
    expected: `the ${AUDIT_FILE} that \`cranioflow audit\` writes`,
    todo: 'run `cranioflow audit` again',
  });
}

/** `audit.json`, or the folder that holds it; with its SHA-256. Throws as `readAudit`. */
export function openAudit(path: string): { audit: AuditRecord; hash: string } {
  const file = path.endsWith('.json') ? path : join(path, AUDIT_FILE);
  const audit = readAudit(file);
  return { audit, hash: createHash('sha256').update(readFileSync(file)).digest('hex') };
}

/**
 * Refuses an audit that is not of this set and this network, or that does not end in a pass. Throws `DatasetError` saying
 * which. `dir` names the set in messages.
 */
export function requirePassedAudit(
  audit: AuditRecord,
  { dir, fakeHash, runHash }: { dir: string; fakeHash: string; runHash: string },
): void {
  const refuse = (found: string, todo: string): never => {
    throw new DatasetError({
      found,
      expected: 'an audit of this very set that ends in a pass',
      todo,
    });
  };
  if (audit.fake.hash !== fakeHash)
    refuse(
      `the audit is of another set than ${dir} holds (SHA-256 ${audit.fake.hash.slice(0, 12)}..., not ${fakeHash.slice(0, 12)}...)`,
      'audit the set as it is now: bones that were added, left out or changed make it another',
    );
  if (audit.run.hash !== runHash)
    refuse(
      `the audit is of another network (SHA-256 ${audit.run.hash.slice(0, 12)}..., not ${runHash.slice(0, 12)}...)`,
      'audit the set with the run that made it',
    );
  // The figures are judged anew by the rules of this version, whatever the record says of itself.
  const { verdict } = judge(audit.figures, LIMITS);
  const worse = audit.verdict === 'pass' ? verdict : audit.verdict;
  if (worse !== 'pass')
    refuse(`the audit of ${dir} ended in: ${worse}`, 'see audit.html for what was found and what is needed');
  if (audit.figures.planted.some(({ planted }) => planted < AUDIT_DEFAULTS.planted))
    refuse(
      `the audit of ${dir} tried itself on fewer than ${AUDIT_DEFAULTS.planted} planted copies of a kind`,
      'audit the set without --planted',
    );
}
