/**
 * From a table of errors to a result: persons instead of cases, one score each, the figures of the attack, the figures of
 * each column by itself (adjusted for their number), and the blind attack beside them.
 */
import { holm } from '../../evaluation/permutation.ts';
import { aucInterval, type Share } from './aucInterval.ts';
import { type BlindBaseline, blindBaseline } from './blind.ts';
import { calibrated, ROWS_A_COVARIATE } from './calibrate.ts';
import type { Described } from './descriptors.ts';
import { bySubject, type Combine, columnOf, combined, type ErrorTable, tableOf } from './errorTable.ts';
import { type AttackFigures, attackFigures, type EvidenceLimits, SHOWN } from './figures.ts';
import { compareRanks } from './rank.ts';

export type Attack = 'velocity' | 'reference' | 'autoencoder' | 'generated set';

/** The attack by one column alone. */
export interface PartFigures {
  name: string;
  auc: Share;
  pValue: number;
  /** Holm's, over the columns: the column was not chosen beforehand. */
  adjusted: number;
}

export interface MembershipResult extends AttackFigures {
  attack: Attack;
  /** What was done, in a sentence. */
  words: string;
  /** Which times, or measures, leak. */
  parts: PartFigures[];
  /** Members against non-members without the model; absent where the cases themselves were not at hand. */
  blind?: BlindBaseline;
  /** Scores, higher for what looks more like a member: one a person, in the order of the cases. */
  scores: { members: number[]; nonMembers: number[] };
}

export interface Judged {
  attack: Attack;
  words: string;
  /** Rows of the members first. */
  table: ErrorTable;
  /** How many rows are members. */
  members: number;
  /** Whose row it is; default: each its own. */
  subjects?: readonly string[];
  /** What is known of each row without the model. */
  described?: Described;
  /** Errors of reference models, row by row and column by column. */
  references?: readonly ErrorTable[];
  /** Take off what the descriptors foretell. */
  byDescriptors?: boolean;
  /** Leave out the blind attack, which takes most of the time: for many judgements of one set of cases. */
  withoutBlind?: boolean;
  combine?: Combine;
  evidence?: Partial<EvidenceLimits>;
  seed?: number;
  notes?: readonly string[];
}

/** p-value below which the blind attack counts as a success. */
const CONFOUNDED = 0.01;

/** The result of an attack. Throws `NumericsError` for fewer than 2 members or non-members, or errors that are not finite. */
export function judge(input: Judged): MembershipResult {
  const { attack, words, members, described, references = [], combine = 'standardised', seed = 0 } = input;
  const notes: string[] = [];
  const covariates = covariatesOf(input, notes);
  const table =
    references.length === 0 && covariates.length === 0
      ? input.table
      : calibrated(input.table, (c) => [...references.map((r) => columnOf(r, c)), ...covariates]);
  const subjects = input.subjects ?? Array.from({ length: table.rows }, (_, i) => String(i));
  const isMember = (subject: number): boolean => owner[subject] < members;
  const owner: number[] = [];
  const place = new Map<string, number>();
  subjects.forEach((subject, row) => {
    if (place.has(subject)) return;
    place.set(subject, owner.length);
    owner.push(row);
  });
  const people = bySubject(table, subjects).table;
  const split = <T>(values: ArrayLike<T>): [T[], T[]] => {
    const all = Array.from(values);
    return [all.filter((_, i) => isMember(i)), all.filter((_, i) => !isMember(i))];
  };
  const [inside, outside] = split(combined(people, combine));
  const figures = attackFigures(inside, outside, input.evidence);
  const blind =
    described && !input.withoutBlind
      ? blindBaseline(...blindInput(described, subjects, place, isMember), { seed })
      : undefined;
  const confounded = blind !== undefined && blind.pValue <= CONFOUNDED;
  if (confounded)
    notes.push(
      `members and non-members differ without any model (blind attack: AUC ${blind.auc.value.toFixed(2)}, p ${blind.pValue.toFixed(3)}): part of this attack's success may be the split's`,
    );
  if (place.size < subjects.length)
    notes.push(`${subjects.length} cases of ${place.size} persons: one score a person`);
  return {
    attack,
    words,
    ...figures,
    // Where the groups differ by themselves, only an attack that goes well beyond that says something of the model.
    evidence: confounded && figures.auc.low <= blind.auc.high ? 'not enough' : figures.evidence,
    parts: partsOf(people, split),
    ...(blind && { blind }),
    scores: { members: inside, nonMembers: outside },
    notes: [...figures.notes, ...notes, ...(input.notes ?? [])],
  };
}

/** The descriptors that errors are regressed on, or none where there are too few cases. */
function covariatesOf({ byDescriptors, described, table }: Judged, notes: string[]): Float64Array[] {
  if (!byDescriptors || described === undefined) return [];
  const rows = described.plain.map((plain, i) => [...plain, ...described.unusual[i]]);
  const width = rows[0].length;
  if (table.rows < ROWS_A_COVARIATE * width) {
    notes.push(
      `${table.rows} cases are too few to foretell errors from ${width} descriptors: taken as they are`,
    );
    return [];
  }
  return Array.from({ length: width }, (_, k) => Float64Array.from(rows, (row) => row[k]));
}

/** Descriptors and membership, one row a person. */
function blindInput(
  { plain, boxes }: Described,
  subjects: readonly string[],
  place: ReadonlyMap<string, number>,
  isMember: (subject: number) => boolean,
): [features: Float64Array[], isMember: boolean[]] {
  const rows = plain.map((p, i) => [...p, ...boxes[i]]);
  const names = rows[0].map((_, k) => String(k));
  const { table } = bySubject(
    tableOf(
      names,
      names.map((_, k) => rows.map((row) => row[k])),
    ),
    subjects,
  );
  const width = names.length;
  return [
    Array.from({ length: table.rows }, (_, i) => table.values.subarray(i * width, (i + 1) * width)),
    Array.from({ length: place.size }, (_, i) => isMember(i)),
  ];
}

/** Each column by itself. */
function partsOf(
  table: ErrorTable,
  split: (values: ArrayLike<number>) => [number[], number[]],
): PartFigures[] {
  const parts = table.columns.map((name, c) => {
    const [inside, outside] = split(columnOf(table, c).map((v) => -v));
    const { auc, variance, pValue } = compareRanks(inside, outside);
    return { name, auc: aucInterval(auc, variance, inside.length, outside.length), pValue };
  });
  const adjusted = holm(parts.map((p) => p.pValue));
  return parts.map((part, i) => ({ ...part, adjusted: adjusted[i] }));
}

/** The parts by which a leak is shown, the clearest first. */
export function leakingParts({ parts }: Pick<MembershipResult, 'parts'>): PartFigures[] {
  return parts.filter((p) => p.adjusted < SHOWN).sort((a, b) => a.adjusted - b.adjusted);
}
