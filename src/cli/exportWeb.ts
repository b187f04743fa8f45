/** `cranioflow export web`: a page that generates in the browser, for any file server. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { quoted } from '../files/commandLine.ts';
import { runOrBundled } from './bundled.ts';
import type { Context } from './context.ts';
import { whole } from './options.ts';

/** The page as built; seen from src/cli and from dist/cli alike. */
const PAGE = fileURLToPath(new URL('../../dist/web/site', import.meta.url));

/**
 * The option --out, which the two commands share: whatever stands behind `export web` and both know is taken by `export`, so
 * neither can require it by itself. Ends in wrong usage where it is missing.
 */
export function requireOut(command: Command, out: string | undefined): void {
  if (out !== undefined) return;
  command.error("error: required option '--out <dir>' not specified", {
    code: 'commander.missingMandatoryOptionValue',
  });
}

export function registerExportWeb(parent: Command, open: (command: Command) => Context): void {
  parent
    .command('web')
    .summary('export a page that generates bones in the browser')
    .description(
      `Writes a page that any file server can serve. Whoever opens it chooses class, seed, steps and guidance, and the browser
itself makes the bone: on its GPU (WebGPU) or its processor, the same bone as "generate" makes from that seed. No server
computes, nothing is sent anywhere; after the first visit it works without a network. The weights, in half precision, are
part of the page: whoever can open it has them.`,
    )
    .option('--out <dir>', 'folder to fill (required)')
    .option(
      '--run <run>',
      'run folder of a generator, or a folder of exported weights (default: the bundled one)',
    )
    .option(
      '--quality <class>',
      'class that the page begins with (default: as in the training set; 6 without --run)',
      whole(2, 6),
    )
    // The options of the command above are not for this one.
    .configureHelp({
      ...parent.configureHelp(),
      visibleGlobalOptions: () => [...parent.parent!.options],
    })
    .addHelpText(
      'after',
      `
Examples:
  cranioflow export web --out site
  cranioflow export web --run runs/gen --out site`,
    )
    .action(async (_: object, command: Command) => {
      const cli = open(command);
      const { out, run, quality } = command.optsWithGlobals<WebFlags>();
      requireOut(command, out);
      refuseForeign(parent);
      const path = runOrBundled(run);
      const { readGenerator } = await import('../sampling/readGenerator.ts');
      const { exportWeb } = await import('../sampling/exportWeb.ts');
      const { record, files, bytes, generator } = exportWeb({
        generator: readGenerator(path),
        page: PAGE,
        out: resolve(out),
        quality: quality ?? (run === undefined ? 6 : undefined),
        onWarning: (text) => cli.say(`warning: ${text}`),
      });
      cli.say(
        `${record.origin}${record.private ? ' What was promised to the persons trained on is in the card.' : ''}`,
      );
      cli.report(
        {
          out: resolve(out),
          bone: record.bone,
          phantom: record.phantom,
          hash: generator.hash,
          bytes,
          card: `${record.model.folder}/README.md`,
          files: files.map(({ path }) => path),
        },
        `${files.length} files, ${megabytes(bytes)} in ${resolve(out)} (the generator ${megabytes(record.model.bytes)})
to look at it: any static file server, such as
  python3 -m http.server --bind 127.0.0.1 --directory ${quoted(out)} 8000
and open http://localhost:8000`,
      );
    });
}

interface WebFlags {
  out: string;
  run?: string;
  quality?: number;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Throws `UsageError` for an option of `export` that a page has no use for. */
function refuseForeign(parent: Command): void {
  const foreign = parent.options.find(
    (o) =>
      !['out', 'run'].includes(o.attributeName()) && parent.getOptionValueSource(o.attributeName()) === 'cli',
  );
  if (foreign === undefined) return;
  throw new UsageError({
    found: `${foreign.long} with export web`,
    expected: '--out, --run and --quality alone: a page holds a generator, in half precision',
    todo: 'leave it out',
  });
}
