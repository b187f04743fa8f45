import { expect, test } from 'vitest';
import { markdownTable } from '../../src/report/markdown.ts';

test('words left, numbers right; what would break a cell is harmless', () => {
  expect(markdownTable(['a', 'b'], [['x|y\nz', 1]], 1)).toBe('| a | b |\n| --- | --: |\n| x\\|y z | 1 |');
});
