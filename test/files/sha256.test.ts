import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Sha256 } from '../../src/files/sha256.ts';

// FIPS 180-4's own examples.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('SHA-256 of %j', (text, expected) => {
  expect(new Sha256().update(text).digest()).toBe(expected);
});

test('any length in any pieces is as node:crypto has it', () => {
  for (let length = 0; length < 300; length++) {
    const bytes = randomBytes(length);
    const expected = createHash('sha256').update(bytes).digest('hex');
    for (const cut of [0, 1, 55, 63, 64, 65, 128]) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut, 2 * cut), bytes.subarray(2 * cut)];
      const hash = new Sha256();
      for (const piece of pieces) hash.update(piece);
      expect(hash.digest(), `${length} bytes cut at ${cut}`).toBe(expected);
    }
  }
});

test('text is taken as UTF-8', () => {
  expect(new Sha256().update('Schädel 骨').digest()).toBe(
    createHash('sha256').update('Schädel 骨').digest('hex'),
  );
});
