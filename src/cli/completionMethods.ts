/** The methods that `task complete` knows by name, each loaded only when it is asked for. */
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

type Opener = (flags: MethodFlags) => Promise<CompletionMethod>;

/** A method that takes a run names its flag. */
const METHODS: Readonly<Record<MethodName, { flag?: keyof MethodFlags; open: Opener }>> = {
  unet: {
    flag: 'run',
    open: async ({ run, threads }) =>
      (await import('../downstream/complete/unet.ts')).openUnet(run!, { threads }),
  },
  prior: {
    flag: 'prior',
    open: async ({ prior, threads }) =>
      (await import('../downstream/complete/prior.ts')).openPrior(prior!, { threads }),
  },
  mirror: {
    open: async () => (await import('../downstream/complete/mirror.ts')).mirrorMethod(),
  },
};

/** Names asked for, or, where none was, mirroring and every method whose run was given. */
export function chosenMethods(asked: readonly string[] | undefined, flags: MethodFlags): MethodName[] {
  const names = asked?.map(known) ?? METHOD_NAMES.filter((name) => hasRun(name, flags));
  for (const name of names)
    if (!hasRun(name, flags))
      throw new UsageError({
        found: `the method ${name} without --${METHODS[name].flag}`,
        expected: 'the run folder of its network',
        todo: `add --${METHODS[name].flag} RUN, or leave ${name} out of --methods`,
      });
  const idle = (['run', 'prior'] as const).find(
    (flag) => flags[flag] !== undefined && !names.some((name) => METHODS[name].flag === flag),
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

const hasRun = (name: MethodName, flags: MethodFlags): boolean => {
  const flag = METHODS[name].flag;
  return flag === undefined || flags[flag] !== undefined;
};

/** Opens the methods; where one cannot be, those opened before are released. */
export async function openMethods(
  names: readonly MethodName[],
  flags: MethodFlags,
): Promise<CompletionMethod[]> {
  const opened: CompletionMethod[] = [];
  try {
    for (const name of names) opened.push(await METHODS[name].open(flags));
  } catch (error) {
    for (const method of opened) await method.release?.();
    throw error;
  }
  return opened;
}
