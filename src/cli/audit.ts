/** `cranioflow audit`: may this generated set be shared? */
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { commandLine } from '../files/commandLine.ts';
import type { AuditRecord } from '../privacy/auditRecord.ts';
import type { Context } from './context.ts';
import { whole } from './options.ts';
import { dataOf } from './runData.ts';

interface AuditFlags {
  run: string;
  data?: string;
  fake: string;
  out: string;
  decoder?: string;
  seed: number;
  planted: number;
  shapesOnly?: boolean;
  membership: boolean;
  reference?: string;
  referenceData?: string;
  release: 'set' | 'network';
  threads?: number;
}

export function registerAudit(program: Command, open: (command: Command) => Context): void {
  program
    .command('audit')
    .summary('ask whether a generated set may be shared')
    .description(
      `Looks for training cases in a generated set, however they were mirrored, shifted or turned, and compares what it finds
with held-out real cases: near-copies one by one, C_T, copy rate, authenticity, Lowe ratio, in shapes and in latents. Then
plays the attacker who asks who was trained on: from the set alone, and from the network (velocity error, the same calibrated,
reconstruction). Ends in two verdicts, on sharing the set and on sharing the network too: pass, fail or not enough evidence. Writes audit.html and audit.json, which show and name training cases: keep both private.`,
    )
    .requiredOption('--run <run>', 'run folder of the generator that made the set')
    .option(
      '--data <dir>',
      'dataset that it was trained on, whose test cases are the held-out real ones (default: where the run found it)',
    )
    .requiredOption('--fake <dir>', 'folder of the generated set; all of it is audited')
    .requiredOption('--out <dir>', 'where to write audit.html and audit.json')
    .option('--decoder <run>', 'run of `train decoder`, where the set was generated with --decoder')
    .option('--seed <n>', 'seed of the cells and of the copies planted as a trial', whole(0), 0)
    .option('--planted <n>', 'copies of each kind planted as a trial', whole(1, 1000), 8)
    .option('--shapes-only', 'leave out the latents of the autoencoder')
    .option('--no-membership', 'leave the membership attacks out; the set cannot be called anonymised then')
    .option(
      '--reference <run>',
      'generator that never saw these cases: what it finds hard too is taken off (needs --reference-data)',
    )
    .option('--reference-data <dir>', 'dataset that --reference was trained on')
    .addOption(
      new Option('--release <what>', 'what is to be shared, and so decides the exit code')
        .choices(['set', 'network'])
        .default('set'),
    )
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 256))
    .addHelpText(
      'after',
      `
Exit code, of what --release names: 0 pass, 3 fail or not enough evidence, 1 an error.

Examples:
  cranioflow audit --run runs/gen --fake skulls --out skulls-audit
  cranioflow audit --run runs/gen --data data/ct --fake skulls --out audit --reference runs/other --reference-data data/other`,
    )
    .action(async (flags: AuditFlags, command: Command) => {
      const cli = open(command);
      const { auditRun } = await import('../privacy/auditRun.ts');
      const { notShareable } = await import('../privacy/refusal.ts');
      const references = await referencesOf(flags);
      const bars = new Map<string, ReturnType<typeof cli.progress>>();
      const tell = (what: string, done: number, total: number, unit: string): void => {
        const bar = bars.get(what) ?? cli.progress(what, total, unit);
        bars.set(what, bar);
        bar.update(done);
        if (done === total) bar.finish();
      };
      const { record, files } = await cli.interruptible((signal) =>
        auditRun({
          ...flags,
          data: dataOf(flags.run, flags.data),
          noMembership: !flags.membership,
          references,
          command: commandLine(cli.command.argv),
          signal,
          onProgress: (done, total) => tell('audit', done, total, 'shapes'),
          onAttack: (attack, done, total) => tell(`attack: ${attack}`, done, total, 'cases'),
        }),
      );
      cli.print(record, auditTable(record, files.page));
      const asked = flags.release === 'set' ? record.verdict : record.network;
      if (asked !== 'pass') throw notShareable(record, flags.release, files.page);
    });
}

/** Throws `UsageError` where one of the two flags is missing. */
async function referencesOf({ reference, referenceData }: AuditFlags) {
  if (reference === undefined && referenceData === undefined) return undefined;
  if (reference === undefined || referenceData === undefined)
    throw new UsageError({
      found:
        reference === undefined
          ? '--reference-data without --reference'
          : '--reference without --reference-data',
      expected: 'both: what the reference saw must be known',
      todo: 'add the other, or leave both out',
    });
  const { openDataset } = await import('../dataset/dataset.ts');
  return [{ run: reference, dataset: openDataset(referenceData) }];
}

/** Every criterion in a line, and the verdicts. */
export function auditTable({ criteria, verdict, network, notes }: AuditRecord, page: string): string {
  const width = (of: (c: (typeof criteria)[number]) => string) =>
    Math.max(...criteria.map((c) => of(c).length));
  const [results, titles] = [width((c) => c.result), width((c) => c.title)];
  const lines = criteria.map((c) => `${c.result.padEnd(results)}  ${c.title.padEnd(titles)}  ${c.sentence}`);
  return `${[...lines, ...notes.map((note) => `note: ${note}`), '', `verdict on the set: ${verdict}`, `verdict on the network: ${network}`, `page: ${page}`].join('\n')}\n`;
}
