/**
 * One hash for one configuration: sha256 of its JSON with the keys sorted at every level, so that the order of keys, a
 * preset spelt out, or YAML in place of `--set` change nothing.
 */
import { createHash } from 'node:crypto';

/** JSON with sorted keys; keys whose value is undefined are left out, numbers that JSON cannot hold are refused. */
function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => stableJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${stableJson(v)}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`a configuration cannot hold ${value}`);
  return JSON.stringify(value);
}

/** sha256 (64 hex digits) of a resolved configuration. Throws `RangeError` for NaN and infinities. */
export function configHash(config: unknown): string {
  return createHash('sha256')
    .update(stableJson(config ?? null))
    .digest('hex');
}
