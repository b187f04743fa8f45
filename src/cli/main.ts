#!/usr/bin/env node
/** The program `cranioflow`. */
import { runCli } from './program.ts';

// A reader that has seen enough (`cranioflow evaluate .. | head`) closes the pipe: no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`cannot write the output: ${error.code ?? error.message}\n`);
  process.exit(1);
});

// One that no longer wants the progress (`.. 2>&1 | head`) must not end a training: the work goes on unseen.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
