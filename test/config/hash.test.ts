import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configHash } from '../../src/config/hash.ts';

test('the order of keys does not matter, the order of lists and every value does', () => {
  const hash = configHash({ a: 1, b: { c: [1, 2], d: 'x' } });
  expect(configHash({ b: { d: 'x', c: [1, 2] }, a: 1 })).toBe(hash);
  expect(configHash({ b: { d: 'x', c: [1, 2] }, a: 1, e: undefined })).toBe(hash);
  for (const other of [
    { a: 1, b: { c: [2, 1], d: 'x' } },
    { a: 1, b: { c: [1, 2], d: 'y' } },
    { a: '1', b: { c: [1, 2], d: 'x' } },
  ])
    expect(configHash(other)).not.toBe(hash);
});

test('keys and values do not run into one another', () => {
  expect(configHash({ a: 'b', c: 'd' })).not.toBe(configHash({ a: 'b","c":"d' }));
  expect(configHash([[1], [2]])).not.toBe(configHash([[1, 2]]));
});

test('a golden hash: sha256 of {"a":[1,null],"b":"ü"}', () => {
  expect(configHash({ b: 'ü', a: [1, undefined] })).toBe(
    '99d384bcceb172977f6eaf4ef3a0327d9228fb58de31d042ba9c21853129253a',
  );
});

test.skipIf(!existsSync('/usr/bin/python3'))('python with sorted keys gives the same', () => {
  const program =
    'import json,hashlib,sys;print(hashlib.sha256(json.dumps(json.loads(sys.argv[1]),sort_keys=True,separators=(",",":")).encode()).hexdigest())';
  const config = { z: { b: [true, null, 0.5], a: 'text' }, A: -3 };
  const theirs = execFileSync('/usr/bin/python3', ['-c', program, JSON.stringify(config)], {
    encoding: 'utf8',
  });
  expect(configHash(config)).toBe(theirs.trim());
});

test('numbers that JSON cannot hold are refused', () => {
  expect(() => configHash({ a: Number.NaN })).toThrow(RangeError);
});
