import { expect, test } from 'vitest';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import {
  allMetricDocs,
  docLines,
  metricDoc,
  metricPlace,
  metricTitle,
  SPACES,
} from '../../src/evaluation/metricDocs.ts';
import { explainMetric, explainMetrics } from '../../src/evaluation/report/evaluationText.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { ellipsoid } from './helpers.ts';

function shapes(index: number, count: number): Mask[] {
  const random = new RandomStream(4, 'test/documented', index);
  const axis = (middle: number) => middle + random.between(-2.5, 2.5);
  return Array.from({ length: count }, () =>
    ellipsoid([24, 22, 20], [2, 2, 2.5], [11.5, 10.5, 9.5], [axis(8), axis(7), axis(6)]),
  );
}

test('every metric that evaluateSets puts out is described, has an interval or says why not, and a verdict', () => {
  const { metrics } = evaluateSets(
    { real: shapes(0, 12), train: shapes(1, 48), fake: shapes(2, 12) },
    { points: 64, chamferCases: 8, emdCases: 8, extended: true, allowOverlap: true },
  );
  expect(Object.keys(metrics).length).toBeGreaterThan(44);
  for (const [name, m] of Object.entries(metrics)) {
    expect(metricDoc(name), name).toBeDefined();
    expect(m.low !== undefined && m.high !== undefined ? 'interval' : m.noInterval, name).toBeTruthy();
    if (m.low !== undefined) {
      expect(m.low, name).toBeLessThanOrEqual(m.value);
      expect(m.high, name).toBeGreaterThanOrEqual(m.value);
    }
    expect(m.verdict, name).toBeDefined();
    // A test stands behind every figure.
    expect(m.floor?.p ?? m.permutation?.p, name).toBeGreaterThan(0);
    expect(metricPlace(name), name).toBeLessThan(1000);
  }
});

test('no text is missing, and no two figures share a title', () => {
  const docs = allMetricDocs();
  for (const { name, doc } of docs)
    for (const [term, text] of docLines(doc)) expect(text.length, `${name}: ${term}`).toBeGreaterThan(4);
  expect(new Set(docs.map(({ doc }) => doc.title)).size).toBe(docs.length);
});

test('metrics by features are described in any space, the known ones by their words', () => {
  for (const [end, words] of Object.entries(SPACES)) {
    expect(metricTitle(`kid${end}`)).toBe(`KID (${words})`);
    expect(metricDoc(`pRecall${end}`)?.formula).toBe(metricDoc('pRecallFeatures')!.formula);
  }
  expect(metricTitle('fidMed3d')).toBe('FID (Med3d)');
  // Coverage by nearest match is another thing than coverage of features.
  expect(metricDoc('coverageDice')!.source).not.toBe(metricDoc('coverageShape')!.source);
  expect(metricDoc('kid')).toBeUndefined();
  expect(metricDoc('toString')).toBeUndefined();
  expect(metricTitle('unheardOf')).toBe('unheardOf');
  expect(metricPlace('unheardOf')).toBeGreaterThanOrEqual(1000);
});

test('--explain as text: all of them, or one', () => {
  const text = explainMetrics();
  for (const { name } of allMetricDocs()) expect(text).toContain(`${name}: `);
  expect(explainMetric('kidLatent')).toMatch(
    /^kidLatent: KID \(autoencoder's latents\)\n {2}formula +unbiased MMD/,
  );
  expect(explainMetric('unheardOf')).toBeUndefined();
});
