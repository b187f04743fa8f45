/**
 * The machine-readable head of a card: YAML between two lines of dashes, with the keys that model and dataset hubs read
 * (license, pretty_name, tags, size_categories, metrics) and our own under `cranioflow`.
 */
import { stringify } from 'yaml';

/** `---` + YAML + `---`. Keys without a value are left out. */
export function frontMatter(values: Record<string, unknown>): string {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return `---\n${stringify(given, { lineWidth: 0 })}---\n`;
}

/** The size category of dataset hubs: `n<1K`, `1K<n<10K`, .. */
export function sizeCategory(count: number): string {
  const edges: [number, string][] = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
  ];
  return edges.find(([most]) => count < most)?.[1] ?? '100K<n<1M';
}
