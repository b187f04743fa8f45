/** `cranioflow card`: the card of a generated set or of a generator, with its figures and its privacy verdict. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';

interface CardFlags {
  set?: string;
  run?: string;
  decoder?: string;
  evaluation?: string;
  audit?: string;
  out?: string;
}

export function registerCard(program: Command, open: (command: Command) => Context): void {
  program
    .command('card')
    .summary('write the card of a generated set or of a generator')
    .description(
      `Writes a card in Markdown with a machine-readable head: intended use, origin of the data, figures with intervals, privacy
verdict, limits. With --set alone, of the generated set; with --run, of the generator, its figures and verdict being those of a
set it made (--set). Figures and audits of another set are refused; what is missing is said to be missing.`,
    )
    .option('--set <dir>', 'folder of a generated set')
    .option('--run <run>', 'run folder of a generator, or a folder of exported weights')
    .option('--decoder <run>', 'run of `train decoder`, where the set was generated with --decoder')
    .option('--evaluation <path>', 'what `evaluate --out` wrote on the set')
    .option('--audit <path>', 'what `audit --out` wrote on the set')
    .option('--out <file>', 'file to write (default: CARD.md in the folder of the set, or of the generator)')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow card --set skulls --evaluation skulls-evaluation --audit skulls-audit
  cranioflow card --run runs/gen --set skulls --evaluation skulls-evaluation --audit skulls-audit --out MODEL.md`,
    )
    .action(async (flags: CardFlags, command: Command) => {
      const cli = open(command);
      check(flags);
      const { openCardSources } = await import('../cards/sources.ts');
      const { writeFileAtomic } = await import('../files/atomic.ts');
      const out = flags.out ?? join(flags.run ?? flags.set!, 'CARD.md');
      const text = flags.run === undefined ? await ofSet(flags) : await ofRun(flags.run, flags);
      writeFileAtomic(out, text);
      cli.report({ card: out }, out);

      async function ofSet(paths: CardFlags): Promise<string> {
        const { setCard } = await import('../cards/setCard.ts');
        const { set, ...sources } = openCardSources(paths);
        return setCard(set!.dataset, set!.provenance, sources);
      }

      async function ofRun(run: string, paths: CardFlags): Promise<string> {
        const { generatorCard } = await import('../cards/modelCard.ts');
        const { readGenerator } = await import('../sampling/readGenerator.ts');
        const { readAutoencoder } = await import('../sampling/readAutoencoder.ts');
        const { withDecoder } = await import('../sampling/withDecoder.ts');
        const trained = readGenerator(run);
        const generator =
          paths.decoder === undefined
            ? trained
            : withDecoder(trained, readAutoencoder(paths.decoder), paths.decoder);
        return generatorCard(generator, openCardSources(paths, generator.hash));
      }
    });
}

function check({ set, run, evaluation, audit, decoder, out }: CardFlags): void {
  const refuse = (found: string, expected: string, todo: string): never => {
    throw new UsageError({ found, expected, todo });
  };
  if (set === undefined && run === undefined)
    refuse('neither --set nor --run', 'what the card is of', 'add --set DIR or --run RUN');
  if (set === undefined && (evaluation ?? audit) !== undefined)
    refuse('figures without --set', 'the set that they were taken on', 'add --set DIR');
  if (run === undefined && decoder !== undefined)
    refuse('--decoder without --run', 'the generator it belongs to', 'add --run RUN');
  const folder = run ?? set!;
  if (out === undefined && !existsSync(folder))
    refuse(`no folder ${folder}`, 'a folder that exists', 'check the path');
}
