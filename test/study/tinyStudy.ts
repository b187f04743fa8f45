/** The smallest study: 40 phantoms of 16^3, networks of a few steps; its bones are noise, but every unit is real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { STUDY_PRESETS, type StudySettings, studySchema } from '../../src/config/study.ts';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';

export const TINY_STUDY: readonly string[] = [
  'seeds=2',
  'autoencoder.steps=8',
  'autoencoder.batch=2',
  'autoencoder.model.widths=[8,8,8]',
  'autoencoder.model.encoderBlocks=[1,0]',
  'autoencoder.model.decoderBlocks=[0,1,0]',
  'autoencoder.model.groups=4',
  'autoencoder.model.codes=64',
  'autoencoder.learningRate=0.005',
  'autoencoder.warmup=0',
  'generator.steps=4',
  'generator.batch=2',
  'generator.copies=0',
  'generator.warmup=0',
  'generator.model.width=8',
  'generator.model.groups=4',
  'generator.model.headChannels=8',
  'generator.diffusion.steps=20',
  'main.otfm.steps=2',
  'main.ddpm.steps=4',
  'evaluations.euler=[1,2]',
  'evaluations.heun=[2]',
  'evaluations.ddim=[1,2]',
  'evaluations.ancestral=[2]',
  'guidance=[0,1.5]',
  'shares=[0.5]',
  'samples.main=10',
  'samples.axis=8',
  'measure.points=64',
  'measure.resamples=50',
  'measure.train=16',
  'measure.extended=false',
  'sheet=2',
];

export const tinySettings = (set: readonly string[] = []): StudySettings =>
  loadConfig(studySchema, {
    preset: { name: 'tiny', values: STUDY_PRESETS.tiny },
    set: [...TINY_STUDY, ...set],
  });

export function temporary(): { path: (...parts: string[]) => string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'cranioflow-study-'));
  return {
    path: (...parts) => join(root, ...parts),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** 40 phantoms, 8 of them held out. */
export const tinyData = (out: string, count = 40): Promise<Dataset> =>
  makePhantomDataset({ out, count, grid: 16, seed: 5 });
