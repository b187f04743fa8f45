import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Every purpose written out in the sources, and every pair of them with the same 32-bit FNV-1a hash. */
function purposes(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const found = files.flatMap((name) =>
    [
      ...readFileSync(join(folder, name), 'utf8').matchAll(
        /new RandomStream\([^'"`]*?,\s*['"`]([^'"`]*)['"`]/g,
      ),
    ].map((m) => m[1]),
  );
  return [...new Set(found)];
}

test('no two purposes of the sources share a hash', () => {
  const names = purposes('src');
  expect(names).toContain('generate/noise');
  const hash = (text: string): number => {
    let h = 0x811c9dc5n;
    for (const unit of text) h = ((h ^ BigInt(unit.codePointAt(0) ?? 0)) * 0x01000193n) & 0xffffffffn;
    return Number(h);
  };
  expect(hash('a')).toBe(0xe40c292c); // a published FNV-1a vector
  expect(new Set(names.map(hash)).size).toBe(names.length);
});
