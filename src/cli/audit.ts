/** `cranioflow audit`: may this generated set be shared? */
import type { Command } from 'commander';
import type { AuditRecord } from '../privacy/auditRecord.ts';
import type { Context } from './context.ts';
import { whole } from './options.ts';

interface AuditFlags {
  run: string;
  data: string;
  fake: string;
  out: string;
  decoder?: string;
  seed: number;
  planted: number;
  shapesOnly?: boolean;
  threads?: number;
}

export function registerAudit(program: Command, open: (command: Command) => Context): void {
  program
    .command('audit')
    .summary('ask whether a generated set may be shared')
    .description(
      `Looks for training cases in a generated set, however they were mirrored, shifted or turned, and compares what it finds
with held-out real cases: near-copies one by one, C_T, copy rate, authenticity, Lowe ratio, in shapes and in latents. Ends in
a verdict: pass, fail or not enough evidence. Writes audit.html (with training cases in it: keep it private) and audit.json.`,
    )
    .requiredOption('--run <run>', 'run folder of the generator that made the set')
    .requiredOption(
      '--data <dir>',
      'dataset that it was trained on; its test cases are the held-out real ones',
    )
    .requiredOption('--fake <dir>', 'folder of the generated set; all of it is audited')
    .requiredOption('--out <dir>', 'where to write audit.html and audit.json')
    .option('--decoder <run>', 'run of `train decoder`, where the set was generated with --decoder')
    .option('--seed <n>', 'seed of the cells and of the copies planted as a trial', whole(0), 0)
    .option('--planted <n>', 'copies of each kind planted as a trial', whole(1, 1000), 8)
    .option('--shapes-only', 'leave out the latents of the autoencoder')
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 256))
    .addHelpText(
      'after',
      `
Exit code: 0 pass, 3 fail or not enough evidence, 1 an error.

Example:
  cranioflow audit --run runs/gen --data data/phantoms --fake skulls --out skulls-audit`,
    )
    .action(async (flags: AuditFlags, command: Command) => {
      const cli = open(command);
      const { auditRun } = await import('../privacy/auditRun.ts');
      const { notShareable } = await import('../privacy/refusal.ts');
      let progress: ReturnType<typeof cli.progress> | undefined;
      const { record, files } = await cli.interruptible((signal) =>
        auditRun({
          ...flags,
          signal,
          onProgress(done, total) {
            progress ??= cli.progress('audit', total, 'shapes');
            progress.update(done);
          },
        }),
      );
      progress?.finish();
      cli.print(record, auditTable(record, files.page));
      if (record.verdict !== 'pass') throw notShareable(record, files.page);
    });
}

/** Every criterion in a line, and the verdict. */
export function auditTable({ criteria, verdict, notes }: AuditRecord, page: string): string {
  const width = (of: (c: (typeof criteria)[number]) => string) =>
    Math.max(...criteria.map((c) => of(c).length));
  const [results, titles] = [width((c) => c.result), width((c) => c.title)];
  const lines = criteria.map((c) => `${c.result.padEnd(results)}  ${c.title.padEnd(titles)}  ${c.sentence}`);
  return `${[...lines, ...notes.map((note) => `note: ${note}`), '', `verdict: ${verdict}`, `page: ${page}`].join('\n')}\n`;
}
