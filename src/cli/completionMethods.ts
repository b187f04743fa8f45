/** The methods that `task complete test` is asked for by name, each with the option that names its run. */
import { type CompletionMethod, METHOD_NAMES, type MethodName } from '../downstream/complete/method.ts';
import { UsageError } from '../errors.ts';

/** What methods are opened with. */
export interface MethodFlags {
  /** Run folder of the U-Net. */
  run?: string;
  /** Run folder of the generator. */
  prior?: string;
  threads?: number;
}

type RunFlag = 'run' | 'prior';

/** Absent of a method that needs no run. */
const FLAG: Readonly<Partial<Record<MethodName, RunFlag>>> = { unet: 'run', prior: 'prior' };

const hasRun = (name: MethodName, flags: MethodFlags): boolean => {
  const flag = FLAG[name];
  return flag === undefined || flags[flag] !== undefined;
};

/** Names asked for, or, where none was, mirroring and every method whose run was given. */
export function chosenMethods(asked: readonly string[] | undefined, flags: MethodFlags): MethodName[] {
  const names = asked?.map(known) ?? METHOD_NAMES.filter((name) => hasRun(name, flags));
  for (const name of names)
    if (!hasRun(name, flags))
      throw new UsageError({
        found: `the method ${name} without --${FLAG[name]}`,
        expected: 'the run folder of its network',
        todo: `add --${FLAG[name]} RUN, or leave ${name} out of --methods`,
      });
  const idle = (['run', 'prior'] as const).find(
    (flag) => flags[flag] !== undefined && !names.some((name) => FLAG[name] === flag),
  );
  if (idle !== undefined)
    throw new UsageError({
      found: `--${idle} without a method that uses it (${names.join(', ')})`,
      expected: 'a run that is tested',
      todo: `leave --${idle} out, or add its method to --methods`,
    });
  return [...new Set(names)];
}

function known(asked: string): MethodName {
  const name = METHOD_NAMES.find((n) => n === asked);
  if (name !== undefined) return name;
  throw new UsageError({
    found: `the method ${asked}`,
    expected: `some of ${METHOD_NAMES.join(', ')}`,
    todo: 'choose among these',
  });
}

/** Opens the methods; where one cannot be, those opened before are released. */
export async function openMethods(
  names: readonly MethodName[],
  flags: MethodFlags,
): Promise<CompletionMethod[]> {
  const { openMethod } = await import('../downstream/complete/methods.ts');
  const opened: CompletionMethod[] = [];
  try {
    for (const name of names) {
      const flag = FLAG[name];
      const run = flag && flags[flag];
      opened.push((await openMethod(name, { run, flag, threads: flags.threads })).method);
    }
  } catch (error) {
    for (const method of opened) await method.release?.();
    throw error;
  }
  return opened;
}
