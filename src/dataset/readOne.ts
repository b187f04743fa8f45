/** One bone from what a user names: a volume, a mesh, a series, or a folder that holds one of these. */
import { UsageError } from '../errors.ts';
import { collectCases } from './inputs.ts';
import { type ReadCase, type ReadOptions, readCase } from './readCase.ts';

/** Reads it as ingest reads a case. Throws `UsageError` where `input` holds none or several, and what reading throws. */
export async function readOne(input: string, options: ReadOptions): Promise<ReadCase> {
  const cases = await collectCases([input]);
  if (cases.length !== 1)
    throw new UsageError({
      found: `${input} holds ${cases.length} cases`,
      expected: 'one bone: a volume, a mesh or one series',
      todo: 'name the file of one bone; `cranioflow ingest` takes many',
    });
  return readCase(cases[0], options);
}
