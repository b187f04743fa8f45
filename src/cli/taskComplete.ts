/** `cranioflow task complete`: train, test and apply what completes a bone with a defect. */
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { registerTaskCompleteApply } from './taskCompleteApply.ts';
import { registerTaskCompleteTest } from './taskCompleteTest.ts';
import { registerTaskCompleteTrain } from './taskCompleteTrain.ts';

export function registerTaskComplete(task: Command, open: (command: Command) => Context): void {
  const complete = task
    .command('complete')
    .summary('complete a bone with a defect, and cut the implant')
    .description('Completes a bone with a defect, and cuts the implant.');
  registerTaskCompleteTrain(complete, open);
  registerTaskCompleteApply(complete, open);
  registerTaskCompleteTest(complete, open);
}
