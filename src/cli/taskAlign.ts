/** `cranioflow task align`: train, test and apply the network that brings a bone into the canonical frame. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { registerTaskAlignApply } from './taskAlignApply.ts';
import { registerTaskAlignTest } from './taskAlignTest.ts';
import { registerTaskAlignTrain } from './taskAlignTrain.ts';

export function registerTaskAlign(task: Command, open: (command: Command) => Context): void {
  const align = task
    .command('align')
    .summary('bring a bone in any pose into the canonical frame')
    .description('Brings a bone in any pose into the canonical frame.');
  registerTaskAlignTrain(align, open);
  registerTaskAlignTest(align, open);
  registerTaskAlignApply(align, open);
}
