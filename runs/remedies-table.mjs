// The table of runs/remedies.sh: what each remedy costs in quality and brings in privacy. Usage: node remedies-table.mjs SETS NAME...
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [sets, ...names] = process.argv.slice(2);
const json = (...path) => JSON.parse(readFileSync(join(sets, ...path), 'utf8'));
const quality = [
  ['kidShape', 'KID'],
  ['oneNnaDice', '1-NNA'],
  ['coverageDice', 'coverage'],
  ['recallFeatures', 'recall'],
  ['components', 'pieces'],
  ['fakeToTrainDice', '1 - Dice to training'],
];
const attacks = [
  ['generated set', 'AUC, set'],
  ['velocity', 'AUC, velocity'],
  ['reference', 'AUC, calibrated'],
];
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
const titles = [...quality, ...attacks].map(([, title]) => title);
row(['', ...titles, 'flagged', 'set', 'network']);
row(['---', ...titles.map(() => '---:'), '---:', '---', '---']);
let real;
for (const name of names.filter((n) => existsSync(join(sets, n, 'audit', 'audit.json')))) {
  const { metrics } = json(name, 'evaluation.json');
  const { figures, verdict, network } = json(name, 'audit', 'audit.json');
  real ??= quality.map(([key]) => metrics[key].floor?.median ?? metrics[key].reference);
  row([
    name,
    ...quality.map(([key]) => metrics[key].value.toFixed(3)),
    ...attacks.map(([key]) => figures.membership?.find((m) => m.attack === key)?.auc.value.toFixed(2) ?? '-'),
    figures.nearCopies.flagged,
    verdict,
    network,
  ]);
}
if (real !== undefined) row(['real', ...real.map((x) => x?.toFixed(3) ?? '-'), '', '', '', '', '', '']);
