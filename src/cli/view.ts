/** `cranioflow view`: everything below a folder, in a browser of this machine. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { whole } from './options.ts';

interface ViewFlags {
  port?: number;
  open?: boolean;
}

export function registerView(program: Command, open: (command: Command) => Context): void {
  program
    .command('view')
    .summary('look at datasets, trainings and results in a browser')
    .description(
      `Serves one page, on this machine alone, that shows everything below a folder: datasets (look at cases, accept or drop them),
trainings as they run (stop and resume them), generated bones, pages of results, implants. Prints the address; Ctrl-C
ends it, and leaves running trainings running. Nothing is sent to any other machine.`,
    )
    .argument('<path>', 'a dataset, a run, generated bones, or a folder of several of these')
    .option('--port <n>', 'port to listen on (default: a free one)', whole(1024, 65535))
    .option('--open', 'open the page in the browser (default: where there is a desktop and a terminal)')
    .option('--no-open', 'do not open a browser')
    .addHelpText(
      'after',
      `
Examples:
  cranioflow view demo-output
  cranioflow view runs --port 8080 --no-open`,
    )
    .action(async (path: string, flags: ViewFlags, command: Command) => {
      const cli = open(command);
      const { serveViewer } = await import('../server/serve.ts');
      await cli.interruptible(async (signal) => {
        const cliWords = [process.execPath, ...process.execArgv, process.argv[1]];
        const { url, port, ticket, close } = await serveViewer({ path, port: flags.port, cli: cliWords });
        try {
          cli.print({ url, port }, `${url}\n`);
          cli.say('Open this address in a browser of this machine. Ctrl-C ends it.');
          if (flags.open ?? (process.stderr.isTTY && hasDesktop())) openBrowser(ticket(), cli.say);
          await aborted(signal);
        } finally {
          await close();
        }
      });
    });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A desktop that is this terminal's own: a browser opened through SSH would open elsewhere. */
function hasDesktop(): boolean {
  const { SSH_CONNECTION, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (SSH_CONNECTION !== undefined) return false;
  if (process.platform === 'darwin' || process.platform === 'win32') return true;
  return DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
}

const OPENERS: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

function openBrowser(url: string, say: (text: string) => void): void {
  const [program, ...words] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...words, url], { detached: true, stdio: 'ignore' });
  child.on('error', (error) =>
    say(`no browser could be opened (${error.message}): open the address yourself`),
  );
  child.unref();
}
