/** A weights file from before there were heads opens, and is what it was. */
import { expect, test } from 'vitest';
import { Decoder, latentShape } from '../../src/sampling/autoencoder.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';

test('the shipped phantom generator has no head and decodes its own grid', async () => {
  // Reading it compares the SHA-256 of both networks with the one written down when it was exported.
  const { meta, autoencoder } = readGenerator('assets/phantom-small');
  expect(autoencoder.meta.config.head.kind).toBe('none');
  expect(latentShape(autoencoder.meta)).toEqual(meta.latentShape);
  const decoder = await Decoder.create(autoencoder, meta.latentMean, meta.latentDeviation, { threads: 1 });
  const logits = await decoder.decode(new Float32Array(meta.latentShape.reduce((a, b) => a * b, 1)));
  expect(logits.length).toBe(meta.size[0] * meta.size[1] * meta.size[2]);
  expect(logits.every(Number.isFinite)).toBe(true);
  await decoder.release();
});
