// docs/results/audit/README.md from the records of runs/audits.sh. Usage: node audits-table.mjs OUT KIND...
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [out, ...kinds] = process.argv.slice(2);
const records = kinds.flatMap((kind) =>
  readdirSync(join(out, kind))
    .filter((set) => existsSync(join(out, kind, set, 'audit.json')))
    .sort()
    .reverse()
    .map((set) => ({ kind, set, ...JSON.parse(readFileSync(join(out, kind, set, 'audit.json'), 'utf8')) })),
);
const number = (x) => (Number.isFinite(x) ? String(Number(x.toPrecision(3))) : '-');
console.log(`# Audits of generated sets

\`runs/audits.sh ${kinds.join(' ')}\`: the main sets of the studies in [../compare](../compare/README.md), audited against the
cases their generators learnt from. What the criteria mean is told in [../../privacy.md](../../privacy.md). Generators of a few dozen
cases are what a small hospital would have; "not enough evidence" is the honest end where too few people are held out.

| bones | set | shapes | trained on, subjects | held out | verdict on the set | on the network |
| --- | --- | ---: | ---: | ---: | --- | --- |`);
for (const { kind, set, figures, verdict, network } of records) {
  const { fake, train, heldOut } = figures.counts;
  console.log(`| ${kind} | ${set} | ${fake} | ${train} | ${heldOut} | **${verdict}** | **${network}** |`);
}
for (const { kind, set, criteria, needed } of records) {
  console.log(`
## ${kind}: ${set}

| criterion | result | figure | of real bones | limit |
| --- | --- | ---: | ---: | --- |`);
  for (const { title, result, value, low, high, reference, limit } of criteria.filter(
    (c) => c.limit !== 'told, not judged',
  ))
    console.log(
      `| ${title} | ${result} | ${number(value)}${low === undefined ? '' : ` (${number(low)} to ${number(high)})`} | ${reference === undefined ? '' : number(reference)} | ${limit} |`,
    );
  // Notes of an audit may name training cases: they stay with it.
  for (const what of needed) console.log(`\n- Needed: ${what}`);
}
