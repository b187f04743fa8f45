/** `cranioflow task complete test`: virtual defects in held-out bones, filled by each method and measured. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ANSWERS_MOST, METHOD_NAMES } from '../downstream/complete/method.ts';
import type { CompletionPicture } from '../downstream/complete/page.ts';
import type { CompletionView } from '../downstream/complete/test.ts';
import type { DefectKind } from '../downstream/defects/sites.ts';
import { commandLine } from '../files/commandLine.ts';
import { chosenMethods, type MethodFlags, openMethods } from './completionMethods.ts';
import type { Context } from './context.ts';
import { list, positive, whole } from './options.ts';

interface TestFlags extends MethodFlags {
  data: string;
  out: string;
  methods?: string[];
  kinds?: string[];
  defects: number;
  answers: number;
  cases?: number;
  leastQuality: number;
  tolerance?: number;
  seed: number;
  pictures: number;
}

export function registerTaskCompleteTest(complete: Command, open: (command: Command) => Context): void {
  complete
    .command('test')
    .summary('test completion methods on held-out bones')
    .description(
      `Draws virtual defects in the held-out cases of a dataset, lets each method fill them, cuts the implants and measures
them against the bone that was taken: Dice, border Dice, both HD95s, mean distance, surface Dice, for implant and skull.
Writes complete.html, complete.json and complete.md (the tables), and prints the tables. Stopped, it keeps what is measured:
the same command goes on from there.`,
    )
    .requiredOption('--data <dir>', 'dataset whose held-out cases are tested')
    .requiredOption('--out <dir>', 'where to write complete.html, complete.json and complete.md')
    .option(
      '--methods <list>',
      `methods, of ${METHOD_NAMES.join(', ')} (default: all whose run is given)`,
      list,
    )
    .option('--run <run>', 'run folder of the U-Net')
    .option('--prior <run>', 'run folder of the generator')
    .option('--kinds <list>', 'kinds of defects to draw (default: all of the bone)', list)
    .option('--defects <n>', 'defects drawn in each case', whole(1, 1000), 1)
    .option('--answers <n>', 'answers asked of methods that give several', whole(1, ANSWERS_MOST), 1)
    .option(
      '--least-quality <n>',
      'least quality of a case: what lacks parts already has more to fill',
      whole(2, 6),
      2,
    )
    .option('--cases <n>', 'the first held-out cases only', whole(1))
    .option('--tolerance <mm>', 'of surface Dice (default: one voxel)', positive)
    .option('--pictures <n>', 'cases shown on the page', whole(0, 50), 6)
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 256))
    .option('--seed <n>', 'seed of the defects', whole(0), 0)
    .addHelpText(
      'after',
      `
Examples:
  cranioflow task complete test --data data/skulls --methods mirror --out complete
  cranioflow task complete test --data data/skulls --run runs/completer --defects 3 --out complete`,
    )
    .action(async (flags: TestFlags, command: Command) => runTest(flags, open(command)));
}

async function runTest(flags: TestFlags, cli: Context): Promise<void> {
  const names = chosenMethods(flags.methods, flags);
  const [
    { openDataset },
    { openCompletionRows },
    { testCompletion },
    { markdownText, terminalText },
    { takeTestFolder },
    { writeFileAtomic },
  ] = await Promise.all([
    import('../dataset/dataset.ts'),
    import('../downstream/complete/record.ts'),
    import('../downstream/complete/test.ts'),
    import('../downstream/complete/table.ts'),
    import('../downstream/testFolder.ts'),
    import('../files/atomic.ts'),
  ]);
  const dataset = openDataset(flags.data);
  const release = takeTestFolder(flags.out, 'complete', cli.say);
  try {
    const seen: CompletionView[][] = [];
    const kept = openCompletionRows(flags.out);
    const record = await cli.interruptible(async (signal) => {
      const methods = await openMethods(names, flags);
      let bar: ReturnType<Context['progress']> | undefined;
      try {
        return await testCompletion({
          dataset,
          methods,
          defectsPerCase: flags.defects,
          kinds: flags.kinds as DefectKind[] | undefined,
          seed: flags.seed,
          answers: flags.answers,
          leastQuality: flags.leastQuality,
          limit: flags.cases,
          toleranceMm: flags.tolerance,
          signal,
          onWarning: (text) => cli.say(`warning: ${text}`),
          onProgress(done, total, note) {
            bar ??= cli.progress('complete', total, 'completions');
            bar.update(done, note);
          },
          shows: ({ kind }) =>
            seen.length < flags.pictures && !seen.some(([first]) => first.defect.kind === kind),
          onView: (view) => keepView(seen, view),
          kept,
        });
      } finally {
        bar?.finish();
        for (const method of methods) await method.release?.();
      }
    });
    const { completionPage } = await import('../downstream/complete/page.ts');
    const [json, page] = [join(flags.out, 'complete.json'), join(flags.out, 'complete.html')];
    writeFileAtomic(join(flags.out, 'complete.md'), markdownText(record));
    writeFileAtomic(page, completionPage(record, await picturesOf(seen), commandLine(cli.command.argv)));
    // The last: where it is, the test is finished.
    writeFileAtomic(json, `${JSON.stringify(record, null, 1)}\n`);
    kept.remove();
    cli.print(record, `${terminalText(record)}\npage: ${page}\n`);
  } finally {
    release();
  }
}

/** Keeps the views of one defect together. */
function keepView(seen: CompletionView[][], view: CompletionView): void {
  const same = seen.find(([first]) => first.defect === view.defect);
  if (same === undefined) seen.push([view]);
  else same.push(view);
}

async function picturesOf(seen: readonly CompletionView[][]): Promise<CompletionPicture[]> {
  if (seen.length === 0) return [];
  const { missingPart } = await import('../downstream/complete/measure.ts');
  const { renderWith, TAKEN, viewOf } = await import('../downstream/complete/picture.ts');
  const { beside } = await import('../mesh/contactSheet.ts');
  return seen.map((views) => {
    const [{ whole: bone, defective, defect, case: id }] = views;
    const taken = missingPart(bone, defective);
    const view = viewOf(bone, taken);
    const methods = views.map((v) => (v.implant === undefined ? `${v.method} (failed)` : v.method));
    const what = `${defect.kind}, ${defect.site}, ${(100 * defect.share).toFixed(1)} % of the bone, case ${id}`;
    return {
      image: beside(
        [
          renderWith(defective, taken, view, TAKEN),
          ...views.map((v) => renderWith(defective, v.implant, view)),
        ],
        8,
      ),
      caption: `${what}: taken; ${methods.join('; ')}`,
      alt: `Defective bone with the part that was taken, and with the implant of ${methods.join(', ')}`,
    };
  });
}
