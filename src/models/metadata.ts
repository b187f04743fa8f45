/**
 * What a weights file says of itself. Every model.safetensors carries, beside the tensors, one JSON text with the network's
 * configuration, the grid it works on, the bone it learnt and, for a generator, how its latents are normalised; so a file
 * can be opened without the run it came from, and one that does not fit is refused.
 */
import { z } from 'zod';
import { alignerSchema } from '../config/aligner.ts';
import { completerSchema } from '../config/completer.ts';
import { encoderSchema } from '../config/encoder.ts';
import { autoencoderSchema, generatorSchema } from '../config/schemas.ts';
import { CheckpointError } from '../errors.ts';
import type { StoredMetadata, StoredTensors } from '../files/safetensors.ts';
import { privacyStatementSchema } from './privacyStatement.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);

const common = {
  /** Voxels along x, y, z, and mm between them. */
  size: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  spacing: z.number().positive(),
  bone: z.string(),
  /** Learnt from phantoms: no patient, no anatomy to trust. */
  phantom: z.boolean(),
  dataset: z.string(),
  /** SHA-256 over the training cases' checksums: which data this network saw. */
  dataHash: z.string(),
  step: z.int().min(0),
};

export const autoencoderMetaSchema = z.strictObject({
  kind: z.literal('autoencoder'),
  config: autoencoderSchema.shape.model,
  /** Of a decoder that was trained on with noisy latents; encoder and codebook are those of the autoencoder it came from. */
  fineTuned: z
    .strictObject({
      steps: z.int().min(0),
      /** Deviation of the noise in ranges of the codebook, from and to. */
      noise: z.tuple([z.number(), z.number()]),
      /** SHA-256 of the autoencoder's weights before. */
      from: z.string(),
    })
    .optional(),
  ...common,
});

export const generatorMetaSchema = z.strictObject({
  kind: z.literal('generator'),
  /** What the output is: a velocity (otfm), a prediction of DDPM, or a velocity that jumps to the data (consistency). */
  objective: z.enum(['otfm', 'ddpm', 'consistency']),
  /** ddpm: the noising chain, what is predicted, and the largest |normalised latent| of the training set. */
  diffusion: generatorSchema.shape.diffusion.unwrap().extend({ reach: z.number().positive() }).optional(),
  config: generatorSchema.shape.model,
  /** Channels, then z, y, x of a latent. */
  latentShape: z.array(z.int().positive()).length(4),
  /** Mean and deviation of each latent channel over the training set; the mean is 0 where a mean latent is taken off. */
  latentMean: z.array(z.number()),
  latentDeviation: z.array(z.number().positive()),
  /** SHA-256 of the autoencoder's weights that the latents come from. */
  autoencoderHash: z.string(),
  /** SHA-256 over the weights of both networks, in exported files: a run's checkpoints keep theirs in state.json. */
  weightsHash: z.string().optional(),
  /** Trained on this share of the training cases, drawn by this seed; absent for all of them. */
  share: z.object({ share: z.number(), seed: z.int() }).optional(),
  /** Quality classes the generator was trained on, ascending, and how many training cases each had. */
  qualities: z.array(z.int()).min(1),
  qualityCounts: z.array(z.int().positive()),
  /** Retrained on pairs of noise and samples of the generator `source` (SHA-256), made at this guidance scale. */
  reflow: z.strictObject({ source: z.string(), pairs: z.int().positive(), guidance: z.number() }).optional(),
  /** Distilled from the generator `source` at this guidance scale, which is part of the weights. */
  distilled: z.strictObject({ source: z.string(), guidance: z.number() }).optional(),
  /** What a private training promises; also of what was made from such a generator without touching data. */
  privacy: privacyStatementSchema.optional(),
  ...common,
});

/** Of a contrastive encoder: what describes shapes in an evaluation. */
export const encoderMetaSchema = z.strictObject({
  kind: z.literal('encoder'),
  config: encoderSchema.shape.model,
  /** What two views of a case could differ in, so what the features see little of. */
  views: z.strictObject({ augment: encoderSchema.shape.augment, hide: encoderSchema.shape.hide }),
  ...common,
});

/** The sets that a network learnt from together, where there may be several. */
const sets = z
  .array(
    z.strictObject({
      dataset: z.string(),
      /** SHA-256 over the checksums of its cases that were learnt from. */
      dataHash: z.string(),
      phantom: z.boolean(),
      /** The first 16 hexadecimal digits of the SHA-256 of each. */
      cases: z.array(z.string()).optional(),
      /** Of a generated set: the same of the cases that its generator learnt from. */
      generatedFrom: z.string().optional(),
    }),
  )
  .optional();

/** Of a completer: what makes a defective bone whole. */
export const completerMetaSchema = z.strictObject({
  kind: z.literal('completer'),
  config: completerSchema.shape.model,
  /** What it was taught on, so that a defect unlike these can be told. */
  taught: z.strictObject({
    /** Moves of the bones, in voxels and degrees. */
    augment: completerSchema.shape.augment,
    /** Share of examples without a defect. */
    whole: z.number(),
    /** The settings of the defects. */
    defects: completerSchema.shape.defects,
    /** Diameters (mm) and shares of the bone, from the 1st to the 99th percentile of many drawn. */
    diameterMm: z.tuple([z.number(), z.number()]),
    share: z.tuple([z.number(), z.number()]),
    /** Box of the centroids of the defects, mm from the middle of the grid: least and most of x, y, z. */
    centre: z.tuple([triple, triple]),
    /** Extent of the bones along the axes, mm: least and most. */
    extentMm: z.tuple([triple, triple]),
    /** Mean of the template over the voxels of a defective bone, 0 to 1: the 1st percentile, and the middle. */
    fit: z.tuple([z.number(), z.number()]),
    /** How many defects of each site and kind there were among them. */
    sites: z.record(z.string(), z.int()),
    kinds: z.record(z.string(), z.int()),
  }),
  /** How the training bones were brought into their frame, in the dataset's words. */
  frame: z.string(),
  sets,
  ...common,
});

const deviations = { rotationDeg: z.number().positive(), translationMm: z.number().positive() };

/** Of the network that brings a bone into the canonical frame. */
export const alignerMetaSchema = z.strictObject({
  kind: z.literal('aligner'),
  config: alignerSchema.shape.model,
  search: alignerSchema.shape.search.unwrap(),
  /** It learnt from bones mirrored across this plane (`normal . y = offset`, mm) too, so half of the views may be mirrored. */
  mirror: z
    .strictObject({ normal: z.tuple([z.number(), z.number(), z.number()]), offset: z.number() })
    .optional(),
  /** mm along a side of the cube that the network sees. */
  cubeMm: z.number().positive(),
  /** Root mean square distance of bone from its centroid, mm, of the smallest and largest training case. */
  radiusMm: z.tuple([z.number().positive(), z.number().positive()]),
  /** How the canonical frame lies in the bone, in words: that of the training data. */
  frame: z.string(),
  /** Absent before the training's end: uncertainties are then the network's own. */
  calibration: z
    .strictObject({
      /** By which the network's deviations are multiplied: 68 % of the measured errors then lie within. */
      rotation: z.number().positive(),
      translation: z.number().positive(),
      /** Stated for 95 % of the poses measured, at most: what is far above is unlike them. */
      usual: z.strictObject(deviations),
      /** Median errors of the poses measured. */
      median: z.strictObject({ rotationDeg: z.number().min(0), translationMm: z.number().min(0) }),
      poses: z.int().positive(),
      /** Not learnt from; 0 where turned and cut training cases had to serve. */
      subjects: z.int().min(0),
    })
    .optional(),
  sets,
  ...common,
});

export type AlignerMeta = z.infer<typeof alignerMetaSchema>;
export type AutoencoderMeta = z.infer<typeof autoencoderMetaSchema>;
export type GeneratorMeta = z.infer<typeof generatorMetaSchema>;
export type EncoderMeta = z.infer<typeof encoderMetaSchema>;
export type CompleterMeta = z.infer<typeof completerMetaSchema>;

const KEY = 'cranioflow';

/** The metadata entry of a weights file. */
export function encodeMeta(
  meta: AutoencoderMeta | GeneratorMeta | EncoderMeta | AlignerMeta | CompleterMeta,
): StoredMetadata {
  return { [KEY]: JSON.stringify(meta) };
}

/** Reads and checks the metadata of a weights file. Throws `CheckpointError` when it is absent or of another kind. */
export function decodeMeta<S extends z.ZodType>(
  schema: S,
  metadata: StoredMetadata,
  path: string,
): z.output<S> {
  let problem = 'it has no cranioflow metadata';
  if (metadata[KEY] !== undefined) {
    try {
      const json = JSON.parse(metadata[KEY]);
      const parsed = schema.safeParse(json);
      if (parsed.success) return parsed.data;
      // Of another network, its kind says more than the keys it lacks.
      const otherKind = parsed.error.issues.some((issue) => issue.path.join('.') === 'kind');
      problem = otherKind ? `its kind is "${json?.kind}"` : z.prettifyError(parsed.error);
    } catch (error) {
      problem = `its metadata is not JSON (${(error as Error).message})`;
    }
  }
  throw new CheckpointError({
    found: `${path} does not describe the network it should: ${problem}`,
    expected: 'the weights of a network of the kind that is asked for, written by `cranioflow`',
    todo: 'name the folder of a training of that kind: `cranioflow train --help` and `cranioflow task --help` list them',
  });
}

/** The float tensors of a weights file by name. Throws `CheckpointError` where one is missing or of another size. */
export function floats(
  tensors: StoredTensors,
  names: readonly { name: string; length: number }[],
  path: string,
) {
  const weights = new Map<string, Float32Array>();
  for (const { name, length } of names) {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array) || data.length !== length)
      throw new CheckpointError({
        found: `${path}: tensor ${name} ${data === undefined ? 'is missing' : `has ${data.length} elements, not ${length}`}`,
        expected: 'the weights of the network that the file describes',
        todo: 'use the file of another checkpoint, or train again',
      });
    if (!data.every(Number.isFinite))
      throw new CheckpointError({
        found: `${path}: tensor ${name} holds values that are no finite number`,
        expected: 'weights as a training writes them',
        todo: 'use the file of another checkpoint, or train again',
      });
    weights.set(name, data);
  }
  return weights;
}
