import { expect, test } from 'vitest';
import { LatentSampler, type SampleOptions } from '../../src/sampling/latentSampler.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';

const settings: SampleOptions = { seed: 1, index: 0, solver: 'heun', steps: 2, guidance: 1, quality: 6 };

test('what is called before each evaluation may end the sample, and changes nothing else', async () => {
  const sampler = new LatentSampler(readGenerator('assets/phantom-small'));
  const plain = await sampler.sample(settings);
  let calls = 0;
  const watched = await sampler.sample({ ...settings, beforeEvaluation: () => void calls++ });
  expect(calls).toBe(4);
  expect(watched).toEqual(plain);
  const ended = sampler.sample({
    ...settings,
    beforeEvaluation: async () => {
      if (--calls === 1) throw new Error('enough');
    },
  });
  await expect(ended).rejects.toThrow('enough');
  expect(calls).toBe(1);
  await sampler.release();
});
