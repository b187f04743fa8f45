/** The generator that comes with the package. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '../errors.ts';

/** Its folder; seen from src/cli and from dist/cli alike. */
const BUNDLED = fileURLToPath(new URL('../../assets/phantom-small', import.meta.url));

/** The folder of the run that was named, or of the bundled generator. Throws `CheckpointError` where that is not installed. */
export function runOrBundled(run: string | undefined): string {
  if (run !== undefined || existsSync(BUNDLED)) return run ?? BUNDLED;
  throw new CheckpointError({
    found: `this installation has no bundled generator (${BUNDLED})`,
    expected: '--run, or the bundled generator',
    todo: 'give --run RUN, the folder of a generator that `cranioflow train generator` made',
  });
}
