/** `cranioflow task align test`: how well the network and its peers align held-out bones. */
import type { Command } from 'commander';
import type { AlignMethod } from '../downstream/align/method.ts';
import { UsageError } from '../errors.ts';
import { commandLine } from '../files/commandLine.ts';
import type { Context } from './context.ts';
import { listOption, positive, repeated, whole } from './options.ts';

interface TestFlags {
  data: string;
  run?: string[];
  methods: string[];
  poses: string[];
  conditions: string[];
  count?: number;
  draws: number;
  failure: number;
  seed: number;
  out: string;
  threads?: number;
}

export function registerTaskAlignTest(align: Command, open: (command: Command) => Context): void {
  align
    .command('test')
    .summary('compare the network with its peers on held-out bones')
    .description(
      `Puts each held-out bone of a dataset into poses of its own, whole, cut off by the field of view and with defects, on a grid as
a scan would have, and lets every method find the way back: the network, principal axes (pca), shape matching (match) and ICP
(icp) of ingest, ingest's alignment of heads (head: skulls in the Frankfort frame only), and elastix rigid registration, from the
centroid (elastix) and from the pose of principal axes (elastix-pca). Errors in degrees and mm, failures, seconds, and what
differs on the same scans. Writes align.html, align.json and align.md. After Ctrl-C the same command goes on.`,
    )
    .requiredOption('--data <dir>', 'dataset whose held-out cases are tested')
    .option('--run <run>', 'run folder of a trained aligner (can be given several times)', repeated)
    .addOption(
      listOption('--methods <names>', 'methods without a network, or none', [
        'pca',
        'match',
        'icp',
        'elastix',
        'elastix-pca',
      ]),
    )
    .addOption(
      listOption('--poses <kinds>', 'scanner: a few degrees off; any: any way round', ['scanner', 'any']),
    )
    .addOption(
      listOption('--conditions <kinds>', 'what is done to the bones', ['whole', 'truncated', 'defect']),
    )
    .option('--count <n>', 'held-out cases at most, taken evenly (default: all)', whole(1))
    .option('--draws <n>', 'poses of each kind for each case and condition', whole(1, 4096), 1)
    .option('--failure <degrees>', 'a rotation off by more has failed', positive, 10)
    .option('--seed <n>', 'seed of poses and of what is cut away', whole(0), 0)
    .option('--threads <n>', 'processor threads of the network (default: all)', whole(1, 256))
    .requiredOption('--out <dir>', 'where to write align.html, align.json and align.md')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow task align test --data data/mandibles --run runs/aligner --out align-test
  cranioflow task align test --data data/mandibles --methods pca,icp --poses scanner --count 5 --out peers`,
    )
    .action(async (flags: TestFlags, command: Command) => {
      const cli = open(command);
      const poses = oneOf(flags.poses, ['scanner', 'any'] as const, '--poses');
      const conditions = oneOf(flags.conditions, ['whole', 'truncated', 'defect'] as const, '--conditions');
      const names = flags.methods.join() === 'none' ? [] : flags.methods;
      const runs = flags.run ?? [];
      const { takeTestFolder } = await import('../downstream/testFolder.ts');
      const { openDataset, readOnce } = await import('../dataset/dataset.ts');
      const { makeBaselines, networkMethod } = await import('../downstream/align/methods.ts');
      const { testAlignment } = await import('../downstream/align/test.ts');
      const { openAlignRows } = await import('../downstream/align/row.ts');
      const { writeAlignTest } = await import('../downstream/align/page.ts');
      const { terminalTable } = await import('../downstream/align/table.ts');
      const dataset = readOnce(openDataset(flags.data));
      const release = takeTestFolder(flags.out, 'align', cli.say);
      const networks: AlignMethod[] = [];
      const bar: { current?: ReturnType<typeof cli.progress> } = {};
      try {
        const baselines = makeBaselines(names, dataset);
        for (const [r, run] of runs.entries()) {
          const network = await networkMethod(run, dataset, flags.threads);
          networks.push({ ...network, name: runs.length > 1 ? `network ${r + 1}` : network.name });
        }
        for (const { name, warning } of networks) if (warning) cli.say(`warning: ${name}: ${warning}`);
        const kept = openAlignRows(flags.out);
        const test = await cli.interruptible((signal) =>
          testAlignment({
            dataset,
            methods: [...networks, ...baselines],
            poses,
            conditions,
            posesPerCase: flags.draws,
            count: flags.count,
            seed: flags.seed,
            failureDeg: flags.failure,
            kept,
            signal,
            onProgress: (done, total) => {
              bar.current ??= cli.progress('align', total, 'alignments');
              bar.current.update(done);
            },
          }),
        );
        const whole = { ...test, command: commandLine(cli.command.argv) };
        const { page } = writeAlignTest(flags.out, whole);
        kept.remove();
        cli.print(whole, `${terminalTable(whole)}\npage: ${page}\n`);
      } finally {
        bar.current?.finish();
        for (const network of networks) await network.release?.();
        release();
      }
    });
}

/** Names of a list option that must be of `known`. Throws `UsageError`. */
function oneOf<T extends string>(names: readonly string[], known: readonly T[], option: string): T[] {
  const unknown = names.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new UsageError({
      found: `${option} names ${unknown.join(', ')}`,
      expected: `of ${known.join(', ')}`,
      todo: 'correct the name',
    });
  return names as T[];
}
