/** Marks a generated set as one that may be shared, on the strength of an audit that was checked before. */
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { generatedCard } from './generateCard.ts';
import { type ReleaseAudit, readProvenance, writeProvenance } from './generateProvenance.ts';

/** Puts the audit into the record and the card of a set. Throws `DiskError`. The set must be a generated one. */
export function markReleased({ dir, grid }: Dataset, audit: ReleaseAudit): void {
  const marked = { ...readProvenance(dir)!, audit };
  writeProvenance(dir, marked);
  writeFileAtomic(join(dir, 'README.md'), generatedCard(marked, grid.size, grid.spacing[0]));
}
