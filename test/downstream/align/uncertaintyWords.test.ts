import { expect, test } from 'vitest';
import { uncertaintyWords } from '../../../src/downstream/align/uncertaintyWords.ts';

test('68 % is only said of what was measured', () => {
  const stated = { rotationDeg: 1.26, translationMm: 0.8 };
  const [plain, cut] = uncertaintyWords(stated, undefined);
  expect(plain).toMatch(/^uncertainty: 1\.3 degrees, 0\.8 mm \(.*not calibrated/);
  expect(plain).not.toContain('68 %');
  expect(uncertaintyWords(stated, { subjects: 0 })[0]).toMatch(/68 % of its own training bones.*fewer will/);
  expect(uncertaintyWords(stated, { subjects: 3 })[0]).toContain('of 3 subjects kept out of learning');
  expect(uncertaintyWords(stated, { subjects: 1 })[0]).toContain('of 1 subject kept out');
  for (const subjects of [0, 3]) expect(uncertaintyWords(stated, { subjects })[1]).toBe(cut);
  expect(cut).toContain('too small');
});
