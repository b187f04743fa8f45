// The table of runs/small-data.sh: a row a remedy, means over its seeds. Usage: node small-data-table.mjs OUT NAME...
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [out, ...names] = process.argv.slice(2);
const columns = [
  ['variationShape', 'variation'],
  ['variationKept', 'axes kept'],
  ['recallFeatures', 'recall'],
  ['coverageDice', 'coverage'],
  ['oneNnaDice', '1-NNA'],
  ['kidShape', 'KID'],
  ['fakeToTrainDice', '1 - Dice to training'],
  ['components', 'pieces'],
];
const runs = names.map((name) =>
  readdirSync(out)
    .filter((dir) => dir.replace(/-\d+$/, '') === name && existsSync(join(out, dir, 'evaluation.json')))
    .map((dir) => JSON.parse(readFileSync(join(out, dir, 'evaluation.json'), 'utf8')).metrics),
);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
row(['remedy', 'seeds', ...columns.map(([, title]) => title)]);
row(['---', ...columns.map(() => '---:'), '---:']);
for (const [i, name] of names.entries())
  if (runs[i].length > 0)
    row([name, runs[i].length, ...columns.map(([key]) => mean(runs[i].map((m) => m[key].value)).toFixed(3))]);
const first = runs.find((r) => r.length > 0)?.[0];
if (first !== undefined)
  row(['training set itself', '', ...columns.map(([key]) => first[key].reference?.toFixed(3) ?? '–')]);
