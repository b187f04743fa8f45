/** `cranioflow task align`: train, test and apply the network that brings a bone into the canonical frame. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { registerTaskAlignTest } from './taskAlignTest.ts';

export function registerTaskAlign(task: Command, open: (command: Command) => Context): void {
  const align = task
    .command('align')
    .summary('bring a bone in any pose into the canonical frame')
    .description('Brings a bone in any pose into the canonical frame.');
  registerTaskAlignTest(align, open);
}
