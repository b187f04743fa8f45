/**
 * A set of generated bones in a folder that is a dataset of its own, with files of each bone and the set's provenance.
 *
 * Bone `index` depends on the generator, the seed and the settings alone, so a folder can be taken up again, or added to
 * with another start and count, and every bone is the one it would have been in any other order.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dataHash } from '../dataset/dataHash.ts';
import { type Dataset, openDataset } from '../dataset/dataset.ts';
import { MANIFEST } from '../dataset/manifest.ts';
import { DatasetWriter } from '../dataset/writer.ts';
import { DatasetError, InterruptedError, NumericsError, UsageError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { acquireLock } from '../files/lock.ts';
import { largestComponents } from '../volume/components.ts';
import type { Mask } from '../volume/volume.ts';
import { boneId } from './boneId.ts';
import { CandidateFilter, checkFilter } from './filtered.ts';
import { generatedCard } from './generateCard.ts';
import { checkFormats, writeBoneFiles } from './generateFiles.ts';
import {
  effective,
  type GenerateSettings,
  makeProvenance,
  PROVENANCE,
  type Provenance,
  type ProvenanceBone,
  readProvenance,
  requireSameProvenance,
  writeProvenance,
} from './generateProvenance.ts';
import { Generator, type GeneratorWeights } from './generator.ts';
import { checkSampling, type SampleOptions, type SampleSettings } from './latentSampler.ts';

/** No bone of a set holds a bone voxel: a result of its own, unlike numbers that left their range. */
export class EmptySetError extends NumericsError {}

/** Most bones of one call, and the last start: beyond any disk, and within what a stream of random numbers tells apart. */
export const BONES_MOST = 1_000_000;
export const START_MOST = 1_000_000_000;

/** Components that `clean` keeps: a skull's cranium and mandible. */
const CLEAN_COMPONENTS = 2;

export interface GenerateSetOptions extends SampleSettings {
  seed: number;
  generator: GeneratorWeights;
  /** The folder to fill. */
  out: string;
  /** Bones `start` to `start + count - 1` of the seed. */
  count: number;
  start?: number;
  /** Of each bone, beside the packed volume: `nrrd`, `stl`, .. (`BONE_FORMATS`). */
  formats: readonly string[];
  /** Filtered generation: keep the candidate farthest from the training set. */
  filter?: { candidates: number; dataset: Dataset };
  /** Write the files of bones that are there already, too. */
  rewrite?: boolean;
  /** Keep only the two largest connected components; default: keep all that the generator made. */
  clean?: boolean;
  threads?: number;
  /** Told once before the first bone, and after each. */
  onProgress?: (done: number, total: number) => void;
  /** Given each bone made in this call, before it is written; empty ones too. */
  onMask?: (mask: Mask, bone: ProvenanceBone) => void | Promise<void>;
  /** Told that a bone is empty, or that the lock of a dead process was taken over. */
  onWarning?: (text: string) => void;
  signal?: AbortSignal;
}

export interface GeneratedSet {
  dataset: Dataset;
  /** The bones asked for, in order. */
  bones: ProvenanceBone[];
  /** How many of them were made now; the others were there. */
  made: number;
  /** Files of the bones, by absolute path. */
  files: string[];
}

function checkOptions(o: GenerateSetOptions): void {
  const { count, start = 0, seed } = o;
  for (const [name, value, least, most] of [
    ['count', count, 1, BONES_MOST],
    ['start', start, 0, START_MOST],
    ['seed', seed, 0, Number.MAX_SAFE_INTEGER],
  ] as const)
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new UsageError({
        found: `${name} ${value}`,
        expected: `a whole number from ${least} to ${most}`,
        todo:
          name === 'count'
            ? 'make fewer in one go; more of the same seed come with a later start'
            : `give a ${name} of that range`,
      });
  checkSampling(o.generator.meta, o);
  if (o.filter !== undefined) checkFilter(o.generator, o.filter.dataset, o.filter.candidates);
}

/**
 * Generates bones into `out`, skipping those that are there. Throws `UsageError` for settings out of range (before any
 * work), `DatasetError` when the folder holds another dataset or bones of other settings, `RunFolderError` when another
 * process writes it, `EmptySetError` when every bone is empty, `NumericsError` when one diverged, `DiskError`, and
 * `InterruptedError` when `signal` fires: what was finished stays, and the same call goes on with it.
 */
export async function generateSet(options: GenerateSetOptions): Promise<GeneratedSet> {
  checkOptions(options);
  const formats = checkFormats(options.formats);
  const out = resolve(options.out);
  const release = acquireLock(join(out, 'generate.lock'), (text) => options.onWarning?.(text));
  try {
    return await fill(out, formats, options);
  } finally {
    release();
  }
}

async function fill(out: string, formats: string[], options: GenerateSetOptions): Promise<GeneratedSet> {
  const { generator: source, count, start = 0, seed, steps, solver, guidance, clean = false } = options;
  const { meta } = source;
  const { guidanceInterval, eta, tolerance } = options;
  const settings = effective({
    seed,
    ...(solver !== 'dopri5' && { steps }),
    solver,
    guidance,
    ...(guidanceInterval !== undefined && { guidanceInterval }),
    ...(eta !== undefined && { eta }),
    ...(tolerance !== undefined && { tolerance }),
    ...(options.filter && { candidates: options.filter.candidates }),
    quality: options.quality ?? null,
    clean,
  });
  const found = takeUp(out, () => makeProvenance(meta, source.hash, settings, []));
  const earlier = found?.bones ?? [];
  const finished = existsSync(join(out, MANIFEST)) ? openDataset(out) : undefined;
  const writer = new DatasetWriter(out, headerOf(source, settings));
  const runtime = { threads: options.threads };
  const filter =
    options.filter &&
    (await CandidateFilter.create(source, options.filter.dataset, options.filter.candidates, runtime));
  const generator = await Generator.create(source, runtime);
  /** Evaluations of an adaptive solver, by bone. */
  const taken = new Map(earlier.flatMap(({ id, nfe }) => (nfe === undefined ? [] : [[id, nfe]])));
  /** Distances of filtered bones to the training set. */
  const distances = new Map(
    earlier.flatMap(({ id, distance }) => (distance === undefined ? [] : [[id, distance]])),
  );
  const boneAt = (index: number, empty: boolean): ProvenanceBone => {
    const id = boneId(meta.bone, seed, index);
    const nfe = taken.get(id);
    const distance = distances.get(id);
    const quality = generator.qualityOf({ seed, index, quality: options.quality });
    return {
      index,
      id,
      quality,
      empty,
      ...(nfe !== undefined && { nfe }),
      ...(distance !== undefined && { distance }),
    };
  };
  const empties = new Map(earlier.filter((b) => b.empty).map((b) => [b.id, b]));
  const record = () => {
    const made = writer.ids.map((id) => boneAt(Number(id.slice(id.lastIndexOf('-') + 1)), false));
    return makeProvenance(meta, source.hash, settings, [...made, ...empties.values()]);
  };
  const result: Omit<GeneratedSet, 'dataset'> = { bones: [], made: 0, files: [] };
  /** Runs block the event loop; give signals a chance to be heard. */
  const breathe = async (done: number): Promise<void> => {
    await new Promise((next) => setImmediate(next));
    if (options.signal?.aborted) throw interrupted(done, count, out);
  };
  const draw = async (sample: SampleOptions, bone: ProvenanceBone): Promise<Mask> => {
    taken.delete(bone.id);
    if (filter === undefined) return generator.sample(sample);
    const { latent, distance } = await filter.sample(generator, sample);
    bone.distance = distance;
    distances.set(bone.id, distance);
    return generator.decode(latent);
  };
  try {
    options.onProgress?.(0, count);
    for (let n = 0; n < count; n++) {
      const bone = boneAt(start + n, false);
      await breathe(n);
      const stem = join(out, bone.id);
      const paths = formats.map((format) => `${stem}.${format}`);
      if (empties.has(bone.id)) bone.empty = true;
      else if (options.rewrite || !writer.has(bone.id) || !paths.every((path) => existsSync(path))) {
        const known = writer.has(bone.id) ? finished?.cases.find((c) => c.id === bone.id) : undefined;
        const mask =
          known === undefined
            ? cleaned(
                await draw(
                  {
                    ...options,
                    index: bone.index,
                    onStep: () => breathe(n),
                    onEvaluations(count) {
                      if (solver !== 'dopri5') return;
                      bone.nfe = (taken.get(bone.id) ?? 0) + count;
                      taken.set(bone.id, bone.nfe);
                    },
                  },
                  bone,
                ),
                clean,
              )
            : finished!.loadMask(known);
        bone.empty = !mask.data.includes(1);
        if (known === undefined) {
          // A bone more makes another set than the one that was audited: even a kill must not leave the mark.
          if (result.made++ === 0 && found?.audit) writeProvenance(out, { ...found, audit: null });
          await options.onMask?.(mask, bone);
        }
        if (bone.empty) {
          empties.set(bone.id, bone);
          options.onWarning?.(`${bone.id} is empty: the generator made no bone; it is recorded as empty`);
        } else {
          await writeBoneFiles(stem, mask, formats);
          // Last, because a bone that the dataset has counts as finished.
          if (!writer.has(bone.id)) writer.add(rowOf(bone, source), mask);
        }
      }
      result.bones.push(bone);
      if (!bone.empty) result.files.push(...paths);
      options.onProgress?.(n + 1, count);
    }
    if (writer.ids.length === 0) throw allEmpty(count);
    writeProvenance(out, record());
    const dataset = writer.finish({ testShare: 0 });
    // The mark of a release is that of these very bones, or none.
    const audit = found?.audit?.set === dataHash(dataset.cases) ? found.audit : null;
    const final = { ...record(), audit };
    if (audit !== null) writeProvenance(out, final);
    writeFileAtomic(join(out, 'README.md'), generatedCard(final, meta.size, meta.spacing));
    return { dataset, ...result };
  } catch (error) {
    if (error instanceof InterruptedError) writeProvenance(out, record());
    throw error;
  } finally {
    await generator.release();
    await filter?.release();
  }
}

/** Checks that the folder may be filled and writes its provenance if it is new; returns what it says, if it is not. */
function takeUp(out: string, wanted: () => Provenance): Provenance | undefined {
  const found = readProvenance(out);
  if (found !== undefined) {
    requireSameProvenance(out, found, wanted());
    return found;
  }
  if (existsSync(join(out, MANIFEST)))
    throw new DatasetError({
      found: `${out} holds a dataset that was not generated (it has no ${PROVENANCE})`,
      expected: 'a new or empty folder, or a generated set to add to',
      todo: 'choose another --out',
    });
  writeProvenance(out, wanted());
  return undefined;
}

function headerOf({ meta, hash }: GeneratorWeights, s: GenerateSettings) {
  const quality = s.quality === null ? '' : `, quality ${s.quality}`;
  return {
    name: `generated ${meta.bone}, seed ${s.seed}${quality}, ${s.solver}${s.steps === undefined ? '' : ` ${s.steps}`}, guidance ${s.guidance}${s.clean ? ', cleaned' : ''}, generator ${hash.slice(0, 12)}`,
    bone: meta.bone,
    phantom: meta.phantom,
    size: meta.size,
    spacing: meta.spacing,
    frame: `As the data the generator was trained on: ${meta.dataset}.`,
  };
}

function rowOf(bone: ProvenanceBone, { hash, meta }: GeneratorWeights) {
  return {
    id: bone.id,
    subject: bone.id,
    source: `generator ${hash.slice(0, 12)}`,
    attribution: `generated by cranioflow${meta.phantom ? ', trained on phantoms' : ''}`,
    licence: meta.phantom ? 'Apache-2.0' : 'as the training data allows',
    quality: bone.quality,
  };
}

function cleaned(mask: Mask, clean: boolean): Mask {
  return clean ? { ...mask, data: largestComponents(mask.data, mask.size, CLEAN_COMPONENTS) } : mask;
}

function interrupted(done: number, count: number, out: string): InterruptedError {
  return new InterruptedError({
    found: `interrupted; ${done} of ${count} bones are finished in ${out}`,
    expected: 'to run to the end',
    todo: 'run the same command again: finished bones are kept',
  });
}

function allEmpty(count: number): EmptySetError {
  return new EmptySetError({
    found: `${count === 1 ? 'the bone is' : `all ${count} bones are`} empty: the generator made no bone voxel`,
    expected: 'bone in at least one',
    todo: 'train the generator longer, or try another --guidance or --seed',
  });
}
