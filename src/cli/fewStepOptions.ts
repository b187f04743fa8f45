/** What `train reflow` and `train distil` ask for alike. */
import { type Command, Option } from 'commander';
import { repeated, whole } from './options.ts';

export interface FewStepFlags {
  run: string;
  out: string;
  preset?: string;
  config?: string;
  set?: string[];
  resume?: boolean;
  threads?: number;
}

export function fewStepOptions(command: Command): Command {
  return command
    .requiredOption('--run <run>', 'run folder of the generator to start from (objective otfm)')
    .requiredOption('--out <run>', 'run folder to make or, with --resume, to go on with')
    .addOption(
      new Option(
        '--preset <name>',
        'schedule and number of pairs (default: "tiny", or none beside --config)',
      ).choices(['tiny', 'small', 'reference']),
    )
    .option('--config <file>', 'YAML file of settings')
    .option('--set <key=value>', 'one setting, such as steps=500 or pairs.count=2000; repeatable', repeated)
    .option(
      '--resume',
      'go on with the run in --out: pairs that are there stay, training starts at its newest checkpoint',
    )
    .option('--threads <n>', 'processor threads (default: all)', whole(1, 1024));
}
