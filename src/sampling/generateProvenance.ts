/**
 * `provenance.json` of a generated set: which generator made it, trained on which data, with which settings, and which
 * bones there are. It is written before the first bone, so that even a folder left by a kill says what it holds, and no
 * folder ever mixes bones of two settings.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { packageVersion } from '../files/version.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import { type PrivacyStatement, publicDataHash } from '../models/privacyStatement.ts';
import { DEFAULT_TOLERANCE, DOPRI5_FIRST, type SampleSettings } from './latentSampler.ts';
import { bakedGuidance, evaluations } from './solverNames.ts';

export const PROVENANCE = 'provenance.json';
export const RESEARCH_USE =
  'For research only. Not a medical device; not for diagnosis, planning or treatment.';
const FORMAT = 'cranioflow-generated';
const CHOSEN = 'bones were chosen by their distance to training bones, outside any budget';

/** What decides how bone `index` looks, beside the generator. */
export interface GenerateSettings extends Omit<SampleSettings, 'quality' | 'steps'> {
  seed: number;
  /** Absent with dopri5, which takes as many as its tolerance needs. */
  steps?: number;
  /** Class asked for; null draws one for each bone. */
  quality: number | null;
  /** Filtered generation: candidates of each bone, of which the one farthest from the training set was kept. */
  candidates?: number;
  /** Only the two largest connected components were kept. */
  clean: boolean;
}

export interface ProvenanceBone {
  index: number;
  id: string;
  quality: number;
  /** The generator made no bone voxel; there are no files of it. */
  empty: boolean;
  /** Network evaluations that an adaptive solver took, of all candidates together. */
  nfe?: number;
  /** Filtered generation: L2 distance of the kept latent, quantised, to the nearest training latent. */
  distance?: number;
}

export interface Provenance {
  format: typeof FORMAT;
  version: 1;
  cranioflow: string;
  use: string;
  bone: string;
  /** The generator learnt from phantoms: no patient, no anatomy to trust. */
  phantom: boolean;
  generator: {
    /** SHA-256 over the weights of both networks. */
    hash: string;
    objective: string;
    /** The guidance scale that is part of the weights; absent where there is none. */
    guidance?: number;
    step: number;
    dataset: string;
    /** SHA-256 over the checksums of the training cases; `withheld` by a private generator. */
    dataHash: string;
    /** What the generator's private training promises; absent where there was none. */
    privacy?: PrivacyStatement;
  };
  settings: GenerateSettings;
  /** Filtered generation: what the candidates were compared with; absent where there was no filter. */
  filter?: {
    candidates: number;
    /** SHA-256 over the checksums of the training cases. */
    dataHash: string;
  };
  /**
   * Evaluations of the network for one bone, all its candidates counted (null: the solver decides), and how many branches
   * each has (2: guided).
   */
  nfe: number | null;
  branches: number;
  bones: ProvenanceBone[];
  /** The audit of this very set, on which it was marked for release; null: it is not for release. */
  audit: ReleaseAudit | null;
}

/** What a released set says of its audit. */
export interface ReleaseAudit {
  verdict: 'pass';
  /** May it be called anonymised? Only after an attack on the set that failed. */
  anonymised: boolean;
  /** SHA-256 of audit.json. */
  record: string;
  /** SHA-256 over the checksums of the bones that were audited. */
  set: string;
}

/** Fills in a provenance record; bones are sorted by index. */
export function makeProvenance(
  meta: GeneratorMeta,
  hash: string,
  settings: GenerateSettings,
  bones: readonly ProvenanceBone[],
): Provenance {
  const { solver, steps, guidance, candidates } = settings;
  const once = evaluations(solver, steps ?? 0);
  return {
    format: FORMAT,
    version: 1,
    cranioflow: packageVersion(),
    use: RESEARCH_USE,
    bone: meta.bone,
    phantom: meta.phantom,
    generator: {
      hash,
      objective: meta.objective,
      ...(bakedGuidance(meta) !== 1 && { guidance: bakedGuidance(meta) }),
      step: meta.step,
      dataset: meta.dataset,
      dataHash: publicDataHash(meta),
      ...(meta.privacy && {
        privacy: candidates === undefined ? meta.privacy : { ...meta.privacy, void: CHOSEN },
      }),
    },
    settings,
    ...(candidates !== undefined && { filter: { candidates, dataHash: publicDataHash(meta) } }),
    nfe: once === null ? null : once * (candidates ?? 1),
    branches: guidance === 0 || guidance === 1 ? 1 : 2,
    bones: [...bones].sort((a, b) => a.index - b.index),
    audit: null,
  };
}

/** Writes `provenance.json`. Throws `DiskError`. */
export function writeProvenance(dir: string, provenance: Provenance): void {
  writeFileAtomic(join(dir, PROVENANCE), `${JSON.stringify(provenance, null, 1)}\n`);
}

/** Reads `provenance.json`; undefined where there is none. Throws `DatasetError` when it is not one of ours. */
export function readProvenance(dir: string): Provenance | undefined {
  const path = join(dir, PROVENANCE);
  if (!existsSync(path)) return undefined;
  let problem = 'it is not the record of a generated set';
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as Provenance;
    if (found?.format === FORMAT && Array.isArray(found.bones) && typeof found.settings === 'object')
      return found;
  } catch (error) {
    problem = (error as Error).message;
  }
  throw new DatasetError({
    found: `${path} cannot be used: ${problem}`,
    expected: 'the provenance that `cranioflow generate` writes',
    todo: 'choose another folder, or remove this one and generate again',
  });
}

/**
 * What a solver uses, with its defaults written out: so is a set recorded, and so are sets compared whose records leave
 * defaults out, or name what had no effect.
 */
export function effective(s: GenerateSettings): GenerateSettings {
  const { steps, eta = 0, tolerance = DEFAULT_TOLERANCE, guidanceInterval, ...rest } = s;
  return {
    ...rest,
    // Sets of before it was fixed may have begun with another first step.
    ...((s.solver !== 'dopri5' || (steps !== undefined && steps !== DOPRI5_FIRST)) && { steps }),
    ...(guidanceInterval !== undefined && s.guidance !== 1 && { guidanceInterval }),
    ...(s.solver === 'ddim' && { eta }),
    ...(s.solver === 'dopri5' && { tolerance }),
  };
}

/** Refuses a folder whose bones were made otherwise. Throws `DatasetError` naming every setting that differs. */
export function requireSameProvenance(dir: string, found: Provenance, wanted: Provenance): void {
  const facts = (p: Provenance): Record<string, unknown> => ({
    ...effective(p.settings),
    generator: p.generator.hash.slice(0, 12),
    bone: p.bone,
  });
  const [theirs, mine] = [facts(found), facts(wanted)];
  const keys = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])];
  const differing = keys.filter((k) => JSON.stringify(mine[k]) !== JSON.stringify(theirs[k]));
  if (differing.length === 0) return;
  const list = (values: Record<string, unknown>) =>
    differing.map((k) => `${k} ${values[k] ?? 'not given'}`).join(', ');
  throw new DatasetError({
    found: `${dir} holds bones that were generated with ${list(theirs)}`,
    expected: `${list(mine)}, as this command asks for: one folder holds bones of one setting`,
    todo: 'choose another --out, or repeat the settings of the folder to add to it',
  });
}
