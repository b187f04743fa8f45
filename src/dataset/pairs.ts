/**
 * Two files of one subject, cranium and mandible, are one case. Files are put together only where it is plain that they
 * belong together, by one of three rules, in this order:
 *
 *   table     a table of subjects puts both under one `case` (whatever they are called)
 *   names     one folder, and names that differ in the bone's word alone: P1_cranium.stl and P1_mandible.stl
 *   subjects  a pattern or table of subjects puts one mesh named cranium and one named mandible, and no other mesh of
 *             these, under one subject: cranium/P1.stl and mandible/P1.stl (the word may be the folder's)
 *
 * Files of two subjects are never put together, nor three files. Whether the two fit, unite.ts asks when they are read.
 */
import { basename, dirname } from 'node:path';
import type { CaseFacts, CaseInput, InputFile } from './inputs.ts';

type OpenInput = Extract<CaseInput, { file: InputFile }>;
type Bone = 'cranium' | 'mandible';
type FactsOf = (file: InputFile) => CaseFacts | undefined;

/** The words stand by themselves: no letter before or after. */
const WORDS: Record<Bone, RegExp> = {
  cranium: /(?<![a-z])(neuro)?(cranium|crania|skull|calvaria|calvarium)(?![a-z])/i,
  mandible: /(?<![a-z])(mandible|mandibula|lower[ _-]?jaw|jaw|lower)(?![a-z])/i,
};

/** `cases` with those of one subject put together; the others as they are, in their order. */
export function pairBones(cases: readonly CaseInput[], factsOf: FactsOf = () => undefined): CaseInput[] {
  const pairs = new Map<OpenInput, CaseInput>();
  const taken = new Set<CaseInput>();
  const free = () => cases.filter((c): c is OpenInput => c.kind !== 'scan' && !taken.has(c));
  const put = (first: OpenInput, second: OpenInput): void => {
    // Another id than the first file's: made from it alone it would be another case.
    const file = { ...first.file, id: pairedId(first.file.id) };
    pairs.set(first, { kind: first.kind, file, second: second.file.path });
    taken.add(first).add(second);
  };
  const facts = new Map(free().map((c) => [c, factsOf(c.file)]));
  const subjectOf = (c: OpenInput) => facts.get(c)?.subject;

  for (const rows of groups(free(), (c) => facts.get(c)?.case)) {
    const [a, b] = inOrder(rows);
    if (rows.length === 2 && a.kind === b.kind) put(a, b);
  }
  const inTable = (c: OpenInput) => facts.get(c)?.case !== undefined;
  const byName = (c: OpenInput) => {
    const bone = boneOf(basename(c.file.path));
    return bone === undefined || inTable(c) ? undefined : `${c.kind} ${masked(c.file.path, bone)}`;
  };
  for (const alike of groups(free(), byName)) {
    const pair = bothBones(alike, (c) => boneOf(basename(c.file.path)));
    if (pair === undefined) continue;
    const [one, other] = pair.map(subjectOf);
    if (one === undefined || other === undefined || one === other) put(...pair);
  }
  const meshSubject = (c: OpenInput) => (c.kind === 'mesh' && !inTable(c) ? subjectOf(c) : undefined);
  for (const own of groups(free(), meshSubject)) {
    const named = (c: OpenInput) => boneOf(basename(c.file.path)) ?? boneOf(basename(dirname(c.file.path)));
    const pair = bothBones(own, named);
    if (pair !== undefined) put(...pair);
  }
  return cases.flatMap((c) => pairs.get(c as OpenInput) ?? (taken.has(c) ? [] : [c]));
}

/** What a case of two is called, by the first. */
export const pairedId = (first: string): string => `${first}_with_mandible`;

/** What a name says the file holds; undefined when it says nothing, or both. */
function boneOf(name: string): Bone | undefined {
  const [cranium, mandible] = [WORDS.cranium.test(name), WORDS.mandible.test(name)];
  return cranium === mandible ? undefined : cranium ? 'cranium' : 'mandible';
}

/** The path, with a star in place of the bone's word in the file's name. */
function masked(path: string, bone: Bone): string {
  const name = basename(path).replace(WORDS[bone], '*');
  return `${dirname(path)}/${name.toLowerCase()}`;
}

/** The cranium and the mandible, where there is one of each. */
function bothBones(
  inputs: readonly OpenInput[],
  boneOf: (c: OpenInput) => Bone | undefined,
): [OpenInput, OpenInput] | undefined {
  const [crania, mandibles] = ['cranium', 'mandible'].map((b) => inputs.filter((c) => boneOf(c) === b));
  return crania.length === 1 && mandibles.length === 1 ? [crania[0], mandibles[0]] : undefined;
}

/** Cranium first, where the names tell; else as they come. */
function inOrder(inputs: readonly OpenInput[]): readonly OpenInput[] {
  return bothBones(inputs, (c) => boneOf(basename(c.file.path))) ?? inputs;
}

function groups(inputs: readonly OpenInput[], keyOf: (c: OpenInput) => string | undefined): OpenInput[][] {
  const found = new Map<string, OpenInput[]>();
  for (const c of inputs) {
    const key = keyOf(c);
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), c]);
  }
  return [...found.values()].filter((group) => group.length > 1);
}
