/** How a scan, mask or mesh becomes the mask of a bone: the options that every command which reads one has. */
import { type Command, Option } from 'commander';
import { real, thresholdValue, whole } from './options.ts';

export interface ReadFlags {
  threshold?: number | 'otsu';
  label?: number;
  components?: number;
  meshSpace: 'LPS' | 'RAS';
}

export function readOptions(command: Command): Command {
  return command
    .option(
      '--threshold <value>',
      'bone is what lies above: HU for CT; for other volumes a number or "otsu"',
      thresholdValue,
    )
    .option('--label <value>', 'label maps: bone is this value', real())
    .option(
      '--components <n>',
      'masks: keep only the n largest connected components (default: all)',
      whole(1),
    )
    .addOption(
      new Option('--mesh-space <space>', 'coordinates of meshes that do not say')
        .choices(['LPS', 'RAS'])
        .default('LPS'),
    );
}
