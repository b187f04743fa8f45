/** `cranioflow task`: the two clinical tasks, each with commands to train, test and apply. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { registerTaskAlign } from './taskAlign.ts';
import { registerTaskComplete } from './taskComplete.ts';
import { registerTaskStudy } from './taskStudy.ts';

export function registerTask(program: Command, open: (command: Command) => Context): void {
  const task = program
    .command('task')
    .summary('skull alignment and shape completion')
    .description('Two clinical tasks that show what synthetic bones are worth, each a tool by itself.');
  registerTaskAlign(task, open);
  registerTaskComplete(task, open);
  registerTaskStudy(task, open);
}
