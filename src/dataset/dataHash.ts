/** Which data a network saw, as one number. */
import { createHash } from 'node:crypto';
import type { DatasetCase } from './manifest.ts';

/** SHA-256 over the checksums of cases, in order. */
export function dataHash(cases: readonly DatasetCase[]): string {
  const hash = createHash('sha256');
  for (const c of cases) hash.update(c.sha256);
  return hash.digest('hex');
}
