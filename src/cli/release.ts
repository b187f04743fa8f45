/**
 * `generate --release`: a set is marked for release only on an audit of these very bones, made by this very network, that ends
 * in a pass. What can be checked is checked before any work; the bones themselves once they are there.
 */

import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { DatasetError, UsageError } from '../errors.ts';
import { openAudit, requirePassedAudit } from '../privacy/auditRecord.ts';
import { judge } from '../privacy/verdict.ts';
import { markReleased } from '../sampling/release.ts';

export interface ReleaseFlags {
  release?: boolean;
  audit?: string;
}

/**
 * Reads the audit that `--release` needs and returns what marks the finished set; undefined without `--release`. Throws
 * `UsageError` where there is no audit, `DatasetError` where it is not of this network or no pass.
 */
export function releaseOf(
  { release, audit: path }: ReleaseFlags,
  out: string,
  runHash: string,
): ((set: Dataset) => void) | undefined {
  if (release !== true) {
    if (path === undefined) return undefined;
    throw new UsageError({
      found: '--audit without --release',
      expected: 'both, to mark the set for release',
      todo: 'add --release, or leave --audit out',
    });
  }
  if (path === undefined)
    throw new UsageError({
      found: '--release without an audit',
      expected: '--audit DIR, the audit of this very set that ended in a pass',
      todo: 'generate the set without --release, run `cranioflow audit` on it, then repeat this command with --release --audit DIR',
    });
  const { audit, hash } = openAudit(path);
  requirePassedAudit(audit, { dir: out, fakeHash: audit.fake.hash, runHash });
  return (set) => {
    if (set.cases.length !== audit.fake.shapes)
      throw new DatasetError({
        found: `${set.dir} holds ${set.cases.length} bones; ${audit.fake.shapes} were audited`,
        expected: 'the set that was audited, bone for bone',
        todo: 'repeat --count, --start and --seed of the audited set, or audit this one',
      });
    requirePassedAudit(audit, { dir: set.dir, fakeHash: dataHash(set.cases), runHash });
    markReleased(set, {
      verdict: 'pass',
      anonymised: judge(audit.figures).mayBeCalledAnonymised,
      record: hash,
      set: audit.fake.hash,
    });
  };
}
