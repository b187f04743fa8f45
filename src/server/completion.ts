/** What `task complete apply` left in a folder: the facts of implant.json in words, and its surfaces. */
import { z } from 'zod';
import { FACTS, REST } from '../downstream/complete/applyFacts.ts';
import { FileError } from '../errors.ts';
import type { CompletionDetail, CompletionItem } from './api.ts';
import { fileOf, type Place, textOf } from './files.ts';
import type { Found } from './items.ts';

const numbers = z.array(z.number());

/** What is used of `ApplyFacts`; names of files are those that the command gives, and lead nowhere else. */
const factsSchema = z.object({
  method: z.object({
    name: z.string(),
    words: z.string(),
    // Implants of before it was noted do not have it: then it is not known.
    network: z.object({ phantom: z.boolean().optional() }).optional(),
  }),
  bone: z.string().optional(),
  input: z.object({ kind: z.string(), format: z.string(), spacing: numbers, size: numbers }),
  pose: z.object({ words: z.string() }),
  implants: z
    .array(
      z.object({
        stl: z.string().regex(/^implant(-\d+)?\.stl$/),
        volumeCm3: z.object({ stl: z.number() }),
        shareOfBone: z.number(),
        sizeMm: numbers,
        // JSON has no infinity: null where there was no bone to measure to.
        gapMm: z.object({ asked: z.number(), surface: z.number().nullable() }),
        thicknessMm: z.object({ least: z.number(), median: z.number() }),
        pieces: z.number(),
        notes: z.array(z.string()),
      }),
    )
    .min(1),
  warnings: z.array(z.string()),
});

export type CompletionFacts = z.infer<typeof factsSchema>;

/** Reads implant.json. Throws `FileError` where it is damaged. */
export function readCompletion(place: Place): CompletionFacts {
  let problem: string;
  try {
    const parsed = factsSchema.safeParse(JSON.parse(textOf(place, FACTS)));
    if (parsed.success) return parsed.data;
    problem = z.prettifyError(parsed.error).replace(/\s+/g, ' ');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problem = error.message;
  }
  throw new FileError({
    found: `${FACTS} in ${place.dir} cannot be used: ${problem}`,
    expected: 'the facts that `cranioflow task complete apply` writes',
    todo: 'make the implant again in another folder',
  });
}

/** To a thousandth: a gap that is what was asked for must not be rounded to less. */
const exact = (value: number): string => `${Number(value.toFixed(3))} mm`;

const mm = (value: number, digits = 1): string => `${value.toFixed(digits)} mm`;

/** Throws `FileError` where implant.json is damaged. */
export function completionDetail(found: Found<CompletionItem>): CompletionDetail {
  const { method, bone, input, pose, implants, warnings } = readCompletion(found);
  const several = implants.length > 1;
  const name = (label: string, i: number): string => (several ? `answer ${i + 1}: ${label}` : label);
  const facts = [
    { label: 'method', value: method.words },
    ...(bone === undefined ? [] : [{ label: 'bone', value: bone }]),
    {
      label: 'input',
      value: `${input.kind}, ${input.format}, ${input.size.join('x')} voxels of ${input.spacing.map((s) => Number(s.toFixed(3))).join('x')} mm`,
    },
    // Neither a scan nor a mask says it, and what is not known is not left to be guessed.
    { label: 'patient or phantom', value: 'the input does not say' },
    { label: 'pose', value: pose.words },
    ...implants.flatMap((implant, i) => [
      {
        label: name('volume', i),
        value: `${implant.volumeCm3.stl.toFixed(2)} cm³, ${(100 * implant.shareOfBone).toFixed(1)} % of the bone`,
      },
      { label: name('size', i), value: implant.sizeMm.map((side) => mm(side)).join(' x ') },
      {
        label: name('gap', i),
        value: `${implant.gapMm.surface === null ? 'no bone near' : `at least ${exact(implant.gapMm.surface)}`} (asked for ${exact(implant.gapMm.asked)})`,
      },
      {
        label: name('thickness', i),
        value: `${mm(implant.thicknessMm.median)}, ${mm(implant.thicknessMm.least)} where it is thin`,
      },
      ...(implant.pieces > 1 ? [{ label: name('pieces', i), value: String(implant.pieces) }] : []),
      ...implant.notes.map((note) => ({ label: name('note', i), value: note })),
    ]),
  ];
  const meshes: CompletionDetail['meshes'] = implants.map(({ stl }, i) => ({
    name: stl,
    role: 'implant',
    answer: i,
    label: several ? `implant ${i + 1}` : 'implant',
  }));
  // Folders of before it was written have none.
  if (fileOf(found, REST) !== undefined)
    meshes.unshift({ name: REST, role: 'rest', answer: 0, label: 'the bone that is there' });
  return { item: found.item, meshes, facts, warnings, gap_mm: implants[0].gapMm.asked };
}
