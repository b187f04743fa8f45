/**
 * The command line as a function: `runCli(argv, streams)` parses, runs and returns the exit code, so that tests call it in
 * process. 0: done. 1: a failure, told in words. 2: wrong usage. 130: interrupted. Only a fault of ours shows a stack, and
 * only with CRANIOFLOW_DEBUG=1.
 */
import { Command, CommanderError } from 'commander';
import { CranioflowError } from '../errors.ts';
import { packageVersion } from '../files/version.ts';
import { registerAudit } from './audit.ts';
import { registerCard } from './card.ts';
import { registerCompare } from './compare.ts';
import { openContext, type Streams } from './context.ts';
import { registerDemo } from './demoCommand.ts';
import { registerEvaluate } from './evaluate.ts';
import { registerExport } from './export.ts';
import { registerGenerate } from './generate.ts';
import { registerIngest } from './ingest.ts';
import { registerPhantom } from './phantom.ts';
import { registerReport } from './report.ts';
import { registerTask } from './task.ts';
import { registerTrain } from './train.ts';
import { registerView } from './view.ts';

/** The program with all its commands; it writes to `streams` and throws instead of ending the process. */
export function buildProgram(streams: Streams, argv: readonly string[]): Command {
  const { stdout, stderr } = streams;
  const program = new Command('cranioflow')
    .description(
      `Synthetic skulls and other bones: bone masks, optimal-transport flow matching, and figures of what the result is worth.
For research only. Not a medical device.`,
    )
    .version(packageVersion())
    .option('--json', 'print the result as one JSON object on stdout')
    .option('--quiet', 'print nothing but results and errors')
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: stdout.columns ?? 110,
      // The lines of the source are not those of the terminal.
      commandDescription: (command) => command.description().replaceAll('\n', ' '),
    })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  cranioflow demo
  cranioflow generate --count 1 --seed 7 --out skulls
  cranioflow phantom --out data/phantoms --count 200 --grid 32 --seed 1
  cranioflow train autoencoder --data data/phantoms --out runs/ae --preset tiny`,
    );
  const open = (command: Command) => openContext(command, streams, argv);
  registerPhantom(program, open);
  registerIngest(program, open);
  registerTrain(program, open);
  registerGenerate(program, open);
  registerExport(program, open);
  registerEvaluate(program, open, streams);
  registerAudit(program, open);
  registerCard(program, open);
  registerReport(program, open);
  registerCompare(program, open);
  registerTask(program, open);
  registerDemo(program, open, streams);
  registerView(program, open);
  return program;
}

/** Runs one command line (without node and script) and returns its exit code. */
export async function runCli(argv: readonly string[], streams: Streams): Promise<number> {
  try {
    await buildProgram(streams, argv).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CranioflowError) {
      streams.stderr.write(`${error.message}\n`);
      return error.exitCode;
    }
    streams.stderr.write(isTooLarge(error) ? TOO_LARGE : bugReport(error));
    return 1;
  }
}

/** An array that the engine of JavaScript refuses to make: always a size that a user asked for. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof RangeError && /array length|allocation failed|Array buffer/i.test(error.message);

const TOO_LARGE = `a size that does not fit into memory was asked for
  expected: a batch, widths, codes and a grid whose arrays this machine can hold
  to mend:  make the largest of them smaller (--set batch=.., model.widths=.., model.codes=.., --grid ..)
`;

function bugReport(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
  const stack = process.env.CRANIOFLOW_DEBUG === '1' && error instanceof Error ? `${error.stack}\n` : '';
  return `this is a bug in cranioflow: ${message} (CRANIOFLOW_DEBUG=1 shows where; please report it)\n${stack}`;
}
