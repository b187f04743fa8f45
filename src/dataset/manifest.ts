/**
 * `dataset.json`: what a dataset folder says of itself. A dataset is a set of bone masks on one grid (axis-aligned LPS,
 * isotropic, its centre at the origin), each the work of one subject, each on one side of the split.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DatasetError, FileError } from '../errors.ts';
import { centredGrid, type Grid } from '../volume/volume.ts';

export const MANIFEST = 'dataset.json';
export const FORMAT = 'cranioflow-dataset';
export const VERSION = 1;

/** A name that is safe as a file name on any system. */
export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

const side = z.int().min(4).max(1024);

const triple = z.tuple([z.number(), z.number(), z.number()]);

/** How a case came to be: numbers and closed lists, and nothing that could name a patient. */
export const provenanceSchema = z.strictObject({
  /** What was read. */
  kind: z.enum(['ct', 'mask', 'mesh']),
  /** The format it came in. */
  format: z.string(),
  /** Files it was made of: slices of a series, two where cranium and mandible were united. */
  files: z.int().min(1).optional(),
  /** mm, of the original. */
  spacing: triple,
  /** HU from which a voxel of a scan is bone. */
  threshold: z.number().optional(),
  /** Row-major 4x4: LPS mm of the original to LPS mm of the dataset's grid. */
  transform: z.array(z.number()).length(16),
  /** How well the bone lies on the template. */
  alignment: z.strictObject({ rms_mm: z.number(), score: z.number(), runnerUp: z.number() }).optional(),
  /** The network that brought the bone into the frame: SHA-256 of its weights, and how far it says that it may be off. */
  aligner: z
    .strictObject({
      weights: z.string().regex(/^[0-9a-f]{64}$/),
      rotationDeg: z.number(),
      translationMm: z.number(),
    })
    .optional(),
  /** Why the quality is not 6. */
  qualityReasons: z.array(z.string()),
  /** What was measured, where another quality was given. */
  measured: z.strictObject({ score: z.int().min(2).max(6), reasons: z.array(z.string()) }).optional(),
  /** What a scan had to keep to, to be let in. */
  limits: z
    .strictObject({ maxSliceSpacing: z.number(), minSlices: z.number(), longestRun: z.boolean() })
    .optional(),
  /** What was changed or assumed on reading, and what each step did. */
  notes: z.array(z.string()),
  /** Share of the bone that the grid cuts off. */
  cutShare: z.number(),
});

export type Provenance = z.infer<typeof provenanceSchema>;

export const datasetCaseSchema = z.strictObject({
  /** Unique in the dataset; names the volume file. */
  id: z.string().regex(ID_PATTERN),
  /** The person, animal or phantom; the unit of the split. */
  subject: z.string().min(1),
  /** The base name of the file it came from, or `phantom SEED/INDEX`. */
  source: z.string(),
  /** Who made it, and the licence it is under. */
  attribution: z.string(),
  licence: z.string(),
  /** 2 truncated or damaged .. 6 complete. */
  quality: z.int().min(2).max(6),
  /** Bone voxels. */
  voxels: z.int().positive(),
  /** Of the packed bits, before compression. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Relative to the dataset folder. */
  volume: z.string().regex(/^volumes\/[A-Za-z0-9][A-Za-z0-9._+-]*\.bits\.gz$/),
  split: z.enum(['train', 'test']),
  provenance: provenanceSchema.optional(),
});

export const datasetManifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  name: z.string().min(1),
  /** `skull`, `mandible`, `mouse skull`: what a picture of it should be called. */
  bone: z.string().min(1),
  /** True for procedural bones: no patient, no anatomy to trust. */
  phantom: z.boolean(),
  /** Voxels along x, y, z. */
  size: z.tuple([side, side, side]),
  /** mm, isotropic. */
  spacing: z.number().positive(),
  /** How masks were brought into the common frame, in words. */
  frame: z.string(),
  cases: z.array(datasetCaseSchema).min(1),
});

export type DatasetCase = z.infer<typeof datasetCaseSchema>;
export type DatasetManifest = z.infer<typeof datasetManifestSchema>;

/** The grid every mask of the dataset is on. */
export function manifestGrid(m: Pick<DatasetManifest, 'size' | 'spacing'>): Grid {
  return centredGrid(m.size, [m.spacing, m.spacing, m.spacing]);
}

/**
 * Reads and validates a dataset's manifest. Throws `DatasetError` when the folder holds none, when a key is missing,
 * unknown or out of range, when two cases share an id, or when a subject is on both sides of the split.
 */
export function readManifest(dir: string): DatasetManifest {
  const path = join(dir, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      throw new FileError(
        { found: `cannot read ${path}: ${code}`, expected: 'a readable file', todo: 'check its permissions' },
        { cause },
      );
    throw new DatasetError({
      found: `${dir} holds no ${MANIFEST}`,
      expected: 'a dataset folder, as `cranioflow phantom` and `cranioflow ingest` make',
      todo: 'check the path; if making the dataset was interrupted, run the same command again: it goes on',
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DatasetError(
      {
        found: `${path} is not valid JSON`,
        expected: 'an unaltered manifest',
        todo: 'make the dataset again',
      },
      { cause },
    );
  }
  return checkManifest(json, path);
}

/** Most faults of a manifest that are told: hundreds of cases tend to have the same one. */
const TOLD = 5;

/** The faults, a line each, cases by their place in the list. */
function faultsOf({ issues }: z.ZodError): string {
  const lines = issues
    .slice(0, TOLD)
    .map(({ path, message }) => `\n  ${path.length === 0 ? 'the whole' : path.join('.')}: ${message}`);
  return `${lines.join('')}${issues.length > TOLD ? `\n  and ${issues.length - TOLD} more` : ''}`;
}

/** Validates a manifest object; `path` names it in messages. Throws `DatasetError`. */
export function checkManifest(json: unknown, path: string): DatasetManifest {
  const parsed = datasetManifestSchema.safeParse(json);
  if (!parsed.success)
    throw new DatasetError({
      found: `${path} is not a manifest this version can read:${faultsOf(parsed.error)}`,
      expected: `format ${FORMAT}, version ${VERSION}`,
      todo: 'make the dataset again with this version of cranioflow',
    });
  const manifest = parsed.data;
  const ids = new Set<string>();
  const sides = new Map<string, string>();
  for (const c of manifest.cases) {
    if (ids.has(c.id)) throw contradiction(path, `two cases are called ${c.id}`);
    ids.add(c.id);
    if ((sides.get(c.subject) ?? c.split) !== c.split)
      throw contradiction(path, `subject ${c.subject} is in both train and test`);
    sides.set(c.subject, c.split);
  }
  return manifest;
}

function contradiction(path: string, what: string): DatasetError {
  return new DatasetError({
    found: `in ${path}, ${what}`,
    expected: 'one row a case, and all cases of a subject on one side of the split',
    todo: 'make the dataset again',
  });
}
