/** What the cases of a command are called, in the dataset and in messages, and whose bone each is. */
import type { Explanation } from '../errors.ts';
import { placeOf } from '../volume/scan/index.ts';
import type { Identity } from './identity.ts';
import type { IngestOptions } from './ingest.ts';
import { type CaseFacts, type CaseInput, type InputFile, pathsOf } from './inputs.ts';
import { pairedId } from './pairs.ts';
import type { DatasetWriter } from './writer.ts';

/** One case and what it is called. */
export interface Named {
  input: CaseInput;
  id: string;
  /** For messages. */
  label: string;
  /** Whose bone it is, or why that is not known. */
  subject: () => CaseFacts | Explanation;
  /** Noted in the private file: what a secret id stands for. */
  secret: boolean;
}

/** What a case is called under the command's options. */
export function nameOf(input: CaseInput, identity: Identity, { keepNames, subjects }: IngestOptions): Named {
  if (input.kind === 'scan') {
    const { key, label, subjectKey = key } = input.scan;
    const id = identity.caseId(key);
    return { input, id, label, secret: true, subject: () => ({ subject: identity.subjectId(subjectKey) }) };
  }
  const { file } = input;
  const label = pathsOf(input).join(' + ');
  const id = keepNames ? file.id : identity.caseId(`file ${file.id}`);
  const subject = (): CaseFacts | Explanation => {
    if (subjects === undefined) return { subject: keepNames ? id : identity.subjectId(`file ${file.id}`) };
    // Of two files a table may name either, or the case.
    const facts = pathsOf(input)
      .map((path) => subjects({ path, id }))
      .find((f) => f !== undefined);
    if (facts === undefined) return noSubject(label);
    return keepNames || facts.chosen ? facts : { ...facts, subject: identity.subjectId(facts.subject) };
  };
  return { input, id, label, secret: !keepNames, subject };
}

/** For the private list: where a case lies. */
export function sourceOf(input: CaseInput): string {
  return input.kind === 'scan' ? `${input.scan.label}: ${placeOf(input.scan)}` : pathsOf(input).join(' + ');
}

function noSubject(path: string): Explanation {
  return {
    found: `${path} has no subject`,
    expected: 'a subject for every file: the split goes by subject',
    todo: 'widen the subject pattern or add the file to the table',
  };
}

/**
 * Takes finished cases out whose files are now read otherwise: one that became half of a pair, or a pair of which one is now
 * a case of its own. Else a bone would be there twice.
 */
export function leaveOtherwisePaired(
  writer: DatasetWriter,
  cases: readonly Named[],
  files: readonly InputFile[],
  identity: Identity,
  { keepNames, onWarning }: IngestOptions,
): void {
  const idOf = (file: string) => (keepNames ? file : identity.caseId(`file ${file}`));
  const byPath = new Map(files.map((f) => [f.path, f]));
  for (const { id, input, label } of cases) {
    if (input.kind === 'scan') continue;
    const paths = pathsOf(input);
    const others = paths.length > 1 ? paths.map((p) => byPath.get(p)!.id) : [pairedId(input.file.id)];
    const gone = others.map(idOf).filter((other) => writer.has(other));
    if (gone.length === 0) continue;
    writer.revise(gone);
    onWarning?.(
      `${label} is now case ${id}: case ${gone.join(', ')}, made of the same bone, leaves the dataset`,
    );
  }
}
