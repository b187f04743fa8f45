/**
 * What an audit is made of, checked before any work: the run, the data it was trained on and the set it made must be those
 * that belong together, unaltered. Search, spaces and attacks all look at the masks, so each is read once and kept as bits: 33 kB
 * a shape at 64^3.
 */

import { isAbsolute, relative, resolve } from 'node:path';
import { type Dataset, openDataset, readOnce } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { requireNoCopies, trainedOn } from '../dataset/trainedOn.ts';
import { CheckpointError, DatasetError, UsageError } from '../errors.ts';
import { PROVENANCE, readProvenance } from '../sampling/generateProvenance.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import { kindOfRun } from '../sampling/kindOfRun.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { readGenerator } from '../sampling/readGenerator.ts';
import { withDecoder } from '../sampling/withDecoder.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';

export interface AuditFolders {
  run: string;
  /** Dataset that the run was trained on; its test side is the held-out real set. */
  data: string;
  fake: string;
  /** Run of `train decoder`, where the set was decoded with one. */
  decoder?: string;
  /** Where the audit will be written. */
  out: string;
}

export interface AuditInputs {
  generator: GeneratorWeights;
  data: Dataset;
  train: DatasetCase[];
  heldOut: DatasetCase[];
  fake: Dataset;
  /** Generated shapes without any bone. */
  empty: number;
  notes: string[];
}

const short = (hash: string): string => `${hash.slice(0, 12)}...`;

/** Opens and checks everything. Throws `CheckpointError`, `DatasetError` or `GridError` naming what does not fit. */
export function openAuditInputs({
  run,
  data: dataDir,
  fake: fakeDir,
  decoder,
  out,
}: AuditFolders): AuditInputs {
  const kind = kindOfRun(run);
  if (kind !== 'generator')
    throw new CheckpointError({
      found: `${run} is the run of ${kind === 'completer' ? 'a' : 'an'} ${kind}`,
      expected: 'the run of the generator that made the set',
      todo: 'name the folder that `cranioflow train generator` wrote',
    });
  const trained = readGenerator(run);
  const generator = decoder === undefined ? trained : withDecoder(trained, readAutoencoder(decoder), decoder);
  const data = readOnce(openDataset(dataDir));
  trainedOn(trained.meta, data, dataDir);
  const [train, heldOut] = [data.split('train'), data.split('test')];
  if (heldOut.length === 0)
    throw new DatasetError({
      found: `${dataDir} has no test cases`,
      expected:
        'held-out real cases: without people that were not trained on, nothing tells copying from likeness',
      todo: 'ingest again with --test-share, and train again',
    });
  requireNoCopies(train, heldOut, dataDir);
  const fake = readOnce(openDataset(fakeDir));
  requireApart(out, fakeDir);
  requireSameGrid(data.grid, fake.grid, dataDir, fakeDir);
  const empty = requireMadeBy(generator, fake, fakeDir, run);
  return { generator, data, train, heldOut, fake, empty, notes: notesOf(trained, train, fake) };
}

/** The audit shows training cases; the set is to be shared. */
function requireApart(out: string, fake: string): void {
  const inside = relative(resolve(fake), resolve(out));
  if (inside.startsWith('..') || isAbsolute(inside)) return;
  throw new UsageError({
    found: `--out ${out} lies in the set ${fake}`,
    expected: 'another folder: the audit shows and names training cases, and the set is to be shared',
    todo: 'choose another --out',
  });
}

/** Refuses a set of another run, or one whose cases are not those that were generated; returns how many were empty. */
function requireMadeBy(generator: GeneratorWeights, fake: Dataset, dir: string, run: string): number {
  const provenance = readProvenance(dir);
  if (provenance === undefined)
    throw new DatasetError({
      found: `${dir} holds no ${PROVENANCE}`,
      expected: 'a set as `cranioflow generate` writes it: without its record no one can tell what made it',
      todo: 'generate the set again; do not audit copies of it',
    });
  if (provenance.generator.hash !== generator.hash)
    throw new DatasetError({
      found: `${dir} was made by another generator (SHA-256 ${short(provenance.generator.hash)}) than ${run} holds`,
      expected: `the set of this run, SHA-256 ${short(generator.hash)}`,
      todo: 'name the run that made it (with --decoder, if the set was decoded with one), or generate from this one',
    });
  const made = new Set(provenance.bones.filter((b) => !b.empty).map((b) => b.id));
  const there = new Set(fake.cases.map((c) => c.id));
  const added = [...there].filter((id) => !made.has(id)).length;
  const missing = [...made].filter((id) => !there.has(id)).length;
  if (added + missing > 0)
    throw new DatasetError({
      found: `${dir} was altered: ${added} ${added === 1 ? 'shape' : 'shapes'} that its record does not know, ${missing} of its record missing`,
      expected: 'every shape of the record, and no other',
      todo: 'generate the set again; to leave shapes out, generate others in their place (--start)',
    });
  return provenance.bones.length - made.size;
}

function notesOf({ meta }: GeneratorWeights, train: readonly DatasetCase[], fake: Dataset): string[] {
  const copies = fake.cases.length - new Set(fake.cases.map((c) => c.sha256)).size;
  return [
    ...(meta.share === undefined
      ? []
      : [
          `the generator was trained on ${Math.round(100 * meta.share.share)} % of the ${train.length} training cases, its autoencoder on all: all count as trained on`,
        ]),
    ...(copies === 0
      ? []
      : [
          `${copies} generated ${copies === 1 ? 'shape equals' : 'shapes equal'} another of the set, voxel for voxel`,
        ]),
  ];
}
