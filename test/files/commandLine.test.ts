import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandLine, quoted } from '../../src/files/commandLine.ts';

test('a word comes back from a shell as it was', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: fc.constantFrom('a', "'", '"', '$', '`', '\\', ' ', '*', '~', '\n', '=', 'é') }),
        { minLength: 1 },
      ),
      (words) => {
        const out = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quoted).join(' ')}`]).toString();
        expect(out.split('\0').slice(0, -1)).toEqual(words);
      },
    ),
    { numRuns: 30, seed: 4 },
  );
});

test('a command line is the words as given, without what only changes what is printed', () => {
  expect(commandLine(['--json', 'evaluate', '--real', 'my data', '--quiet', '--seed=3'])).toBe(
    "cranioflow evaluate --real 'my data' --seed=3",
  );
  expect(commandLine(['report', '--run', '../runs/gen'])).toBe('cranioflow report --run ../runs/gen');
});

test('words that are told by others are, also behind an equals sign', () => {
  const told = new Map([['p/Miller', 'INPUT']]);
  expect(commandLine(['ingest', 'p/Miller', '--align-to=p/Miller', '--out', 'p/Miller2'], told)).toBe(
    'cranioflow ingest INPUT --align-to=INPUT --out p/Miller2',
  );
});
