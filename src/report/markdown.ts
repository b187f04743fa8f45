/** Tables as text: Markdown, with what would break its cells made harmless. */
import { type Cell, textOf } from './table.ts';

const line = (cells: readonly Cell[]): string =>
  `| ${cells
    .map((cell) =>
      String(textOf(cell) ?? '')
        .replaceAll('|', '\\|')
        .replaceAll('\n', ' '),
    )
    .join(' | ')} |`;

/** The first `names` columns are words and stand left, the others right. */
export function markdownTable(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  names = columns.length,
): string {
  const rule = `| ${columns.map((_, c) => (c < names ? '---' : '--:')).join(' | ')} |`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
}
