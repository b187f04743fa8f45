/**
 * What a differentially private training promises, as weights carry it with them: to whom, how much, under which
 * assumptions, and what it does not speak of. A number alone is no promise: an epsilon means nothing without the unit it
 * protects, the sampling it was counted for, and the list of what else looked at the data.
 */
import { z } from 'zod';

/** What the autoencoder, which learnt without the guarantee, learnt from. */
export const AUTOENCODER_DATA = ['phantoms', 'same persons', 'other data'] as const;

export const privacyStatementSchema = z.strictObject({
  /** Spent by these weights: the smaller of what the accountant gives and what was planned never exceeds `planned.epsilon`. */
  epsilon: z.number().min(0),
  delta: z.number().positive().lt(1),
  accountant: z.enum(['pld', 'rdp']),
  /** The same training by Renyi accounting, for comparison with others' figures. */
  renyiEpsilon: z.number().min(0),
  unit: z.literal('subject'),
  neighbours: z.literal('one subject added or removed'),
  sampling: z.literal('poisson'),
  /** Subjects in the training set; taken as known to everyone. */
  subjects: z.int().positive(),
  /** Probability with which a subject takes part in a step. */
  rate: z.number().positive().max(1),
  /** Deviation of the noise, in clipping norms. */
  noise: z.number().positive(),
  /** Largest norm of what a subject adds to a step. */
  clip: z.number().positive(),
  /** Steps done. */
  steps: z.int().min(0),
  planned: z.strictObject({ epsilon: z.number().positive(), steps: z.int().positive() }),
  /** Deviation of the noise on the numbers of subjects of each class, subjects. */
  classNoise: z.number().positive(),
  autoencoder: z.enum(AUTOENCODER_DATA),
  /** Why there is no guarantee after all; absent where there is one. */
  void: z.string().optional(),
});

export type PrivacyStatement = z.infer<typeof privacyStatementSchema>;

const AUTOENCODER_WORDS: Record<PrivacyStatement['autoencoder'], string> = {
  phantoms: 'The autoencoder, trained without the guarantee, learnt from phantoms: there is no person in it.',
  'same persons':
    'The autoencoder is **not covered**: it was trained without the guarantee on the very persons whom this statement is about. It is part of what makes a bone, so nothing made with it is private as a whole.',
  'other data':
    'The autoencoder is **not covered**: it was trained without the guarantee, on a data set of its own. Whether a person is in both is not known here.',
};

/** What the guarantee does not speak of, whatever the training. */
export const NOT_COVERED: readonly string[] = [
  'the number of training subjects, which is taken as known',
  'persons in the held-out set, on whom losses and figures were measured (they decide nothing here)',
  'other trainings, releases and figures from the same persons: their budgets add up',
  'the run folder itself (its report, its checksum of the training data, the seed of the noise while training goes on): only exported weights and generated bones are for others',
  'what candidates chosen by their distance to training bones (`generate --candidates`) give away',
  'settings that were chosen by looking at other trainings on the same persons',
  'attacks on floating-point rounding of the noise; they are made hard (four normals a number), not impossible',
];

/** The statement in Markdown. */
export function privacyWords(p: PrivacyStatement): string {
  const { epsilon, delta, noise, clip, rate, steps, subjects } = p;
  const head =
    p.void === undefined
      ? `Trained with differential privacy: (epsilon, delta) = (${number(epsilon)}, ${number(delta)}) for each **subject** (person) of the training set.`
      : `**No privacy guarantee: ${p.void}.** The training was otherwise that of epsilon ${number(epsilon)} at delta ${number(delta)}.`;
  return `${head}

Whatever these weights give away of a person, they would have given away nearly as readily had that person not been in the
training set: every outcome is at most exp(${number(epsilon)}) times as likely, but for a probability of ${number(delta)}.

| | |
| --- | --- |
| unit | subject: all cases and augmented copies of one person count as one |
| neighbouring data sets | ${p.neighbours} |
| mechanism | gradient of each subject cut to norm ${number(clip)}, Gaussian noise of ${number(noise)} times that |
| sampling | Poisson: each of ${subjects} subjects with probability ${number(rate)}, drawn anew in each of ${steps} steps |
| class shares | numbers of subjects a class, with noise of deviation ${number(p.classNoise)}; part of the budget |
| accountant | ${p.accountant === 'pld' ? 'privacy loss distribution by Fourier transform' : 'Renyi differential privacy'}; Renyi accounting gives epsilon ${number(p.renyiEpsilon)} |

${AUTOENCODER_WORDS[p.autoencoder]}

Not covered besides:
${NOT_COVERED.map((what) => `- ${what}`).join('\n')}
`;
}

const number = (x: number): string => `${Number(x.toPrecision(4))}`;

/** The checksum of the training cases as others may see it: with a guarantee, it would tell who is in the set for certain. */
export function publicDataHash({
  dataHash,
  privacy,
}: {
  dataHash: string;
  privacy?: PrivacyStatement;
}): string {
  return privacy === undefined ? dataHash : 'withheld';
}
