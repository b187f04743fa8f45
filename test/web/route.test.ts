/** Places of the viewer as addresses: what `link` writes `parseRoute` reads, whatever names hold. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { link, parseRoute } from '../../web/viewer/route.ts';

test('every page, part and query comes back', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 3 }), (page, parts) => {
      expect(parseRoute(link(page, ...parts))).toMatchObject({ page, parts });
    }),
  );
  expect(parseRoute('#/compare?a=x/1&b=y').query.get('b')).toBe('y');
});

test('parts end at the first that is missing; what is no encoding stands for itself', () => {
  expect(link('dataset', 'id', undefined, 'x')).toBe('#/dataset/id');
  expect(parseRoute('#/dataset/%E0%A4%A')).toMatchObject({ page: 'dataset', parts: ['%E0%A4%A'] });
  expect(parseRoute('')).toMatchObject({ page: '', parts: [] });
});
