/** Files of finished units: believed only whole, unaltered and of the right form. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  finish,
  finished,
  readStudy,
  requireSameStudy,
  type StudyIdentity,
  writeStudy,
} from '../../src/study/folder.ts';
import { HEADLINES } from '../../src/study/headline.ts';
import { type MeasureRecord, readMeasure, setResultSchema, writeMeasure } from '../../src/study/records.ts';
import { temporary, tinySettings } from './tinyStudy.ts';

const folder = temporary();
afterAll(folder.remove);

const record: MeasureRecord = {
  key: 'k',
  bones: 10,
  empty: 0,
  headline: Object.fromEntries(HEADLINES.map((h) => [h.name, { value: 0.5, cases: 10, halves: [0.4, 0.6] }])),
  metrics: {
    fid: { value: Number.NaN, unit: '', better: 'lower', meaning: 'm' } as MeasureRecord['metrics'][string],
  },
  notes: [],
};

describe('a measure', () => {
  const path = folder.path('m.json');
  type Loose = { headline?: Record<string, { value: unknown }>; content?: string; failed?: string };
  /** The file after a change by hand. */
  const altered = (change: (measure: Loose) => void): MeasureRecord | undefined => {
    writeMeasure(path, record);
    const measure = JSON.parse(readFileSync(path, 'utf8')) as Loose;
    change(measure);
    writeFileSync(path, JSON.stringify(measure));
    return readMeasure(path, 'k');
  };
  test('is read as it was written', () => {
    expect(altered(() => {})?.headline).toEqual(record.headline);
    expect(readMeasure(path, 'other')).toBeUndefined();
    expect(readMeasure(folder.path('none.json'), 'k')).toBeUndefined();
  });
  test.each<[string, (m: Loose) => void]>([
    ['without one figure', (m) => void delete m.headline!.mmdChamfer],
    ['without all figures', (m) => void delete m.headline],
    ['with another value', (m) => void (m.headline!.mmdChamfer.value = 0.1)],
    ['with a value that is none', (m) => void (m.headline!.mmdChamfer.value = 'x')],
    ['without its checksum', (m) => void delete m.content],
    ['said to have failed', (m) => void (m.failed = 'no bone')],
  ])('is not there %s', (_, change) => {
    expect(altered(change)).toBeUndefined();
  });
  test('that lacks a figure when written is not there; one that failed has none', () => {
    const { mmdChamfer: _, ...rest } = record.headline;
    writeMeasure(path, { ...record, headline: rest });
    expect(readMeasure(path, 'k')).toBeUndefined();
    writeMeasure(path, { ...record, headline: {}, failed: 'no bone' });
    expect(readMeasure(path, 'k')).toMatchObject({ failed: 'no bone' });
    writeFileSync(path, 'null');
    expect(readMeasure(path, 'k')).toBeUndefined();
  });
});

test('a marker of another key or form marks nothing', () => {
  const unit = folder.path('unit');
  finish(unit, 'k', { hash: 'h', empty: 0, seconds: 1 });
  expect(finished(unit, 'k', setResultSchema)).toEqual({ hash: 'h', empty: 0, seconds: 1 });
  expect(finished(unit, 'other', setResultSchema)).toBeUndefined();
  for (const text of ['', 'null', '{"key":"k"}', '{"key":"k","result":{"hash":"h"}}']) {
    writeFileSync(folder.path('unit', 'done.json'), text);
    expect(finished(unit, 'k', setResultSchema)).toBeUndefined();
  }
});

describe('the folder of a study', () => {
  const identity: StudyIdentity = {
    settings: tinySettings(),
    data: { name: 'd', train: 'a', test: 'b' },
    autoencoder: null,
  };
  test('new and empty folders are free; what holds anything else is refused', () => {
    expect(readStudy(folder.path('new'))).toBeUndefined();
    writeStudy(folder.path('foreign'), identity);
    writeFileSync(folder.path('foreign', 'precious.txt'), '');
    expect(readStudy(folder.path('foreign'))).toEqual(identity);
    finish(folder.path('other'), 'k', {});
    expect(() => readStudy(folder.path('other'))).toThrow(/holds one thing, and is not a study/);
    expect(() => readStudy(folder.path('other', 'done.json'))).toThrow(/is a file/);
  });
  test.each([
    ['of another version', '{"format":"cranioflow-study","version":9}', /of version 9; this program knows 1/],
    [
      'that says too little',
      '{"format":"cranioflow-study","version":1}',
      /is damaged, or of another release/,
    ],
    ['of something else', '{"format":"x"}', /not the record of a study/],
    ['cut short', '{"for', /not the record of a study/],
  ])('a record %s is refused', (_, text, words) => {
    writeStudy(folder.path('bad'), identity);
    writeFileSync(folder.path('bad', 'study.json'), text);
    expect(() => readStudy(folder.path('bad'))).toThrow(words);
  });
  test('only the number of seeds and the axes may differ', () => {
    const out = folder.path('same');
    writeStudy(out, identity);
    for (const seeds of [1, 2, 9])
      expect(requireSameStudy(out, { ...identity, settings: { ...identity.settings, seeds } })).toEqual(
        identity,
      );
    const axes = {
      shares: [0.3],
      guidance: [1],
      evaluations: { ...identity.settings.evaluations, euler: [3] },
    };
    expect(requireSameStudy(out, { ...identity, settings: { ...identity.settings, ...axes } })).toEqual(
      identity,
    );
    const other = { ...identity, settings: { ...identity.settings, seed: 4 }, autoencoder: 'f'.repeat(64) };
    expect(() => requireSameStudy(out, other)).toThrow(
      /now seed 4 \(the study has 0\), autoencoder f{12} \(the study/,
    );
  });
});
