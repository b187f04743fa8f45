import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Identity } from '../../src/dataset/identity.ts';
import { FileError } from '../../src/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'identity-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('ids are those of a known keyed hash, and differ for cases, subjects and salts', () => {
  const id = Identity.open(join(folder, 'data'), '0123456789abcdef');
  // printf 'case\\0DOE^JOHN' | openssl dgst -sha256 -hmac 0123456789abcdef
  expect(id.caseId('DOE^JOHN')).toBe('c-9fdc223576');
  expect(id.subjectId('DOE^JOHN')).not.toContain(id.caseId('DOE^JOHN').slice(2));
  const other = Identity.open(join(folder, 'data'), 'another salt of 16+');
  expect(other.caseId('DOE^JOHN')).not.toBe(id.caseId('DOE^JOHN'));
  expect(Identity.open(join(folder, 'data')).caseId('x')).not.toBe(
    Identity.open(join(folder, 'data')).caseId('x'),
  );
});

test('the salt and the list lie beside the dataset, for the owner alone, and come back', () => {
  const first = Identity.open(join(folder, 'data'));
  const id = first.caseId('1.2.3');
  first.note(id, 'study/DOE');
  first.save();
  expect(first.path).toBe(join(folder, 'data.private.json'));
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(first.path, 'utf8')).cases).toEqual({ [id]: 'study/DOE' });
  const again = Identity.open(join(folder, 'data'));
  expect(again.caseId('1.2.3')).toBe(id);
  again.note('c-1', 'other');
  again.save();
  expect(Object.keys(JSON.parse(readFileSync(first.path, 'utf8')).cases)).toHaveLength(2);
});

test.each(['', '{"salt":"short"}', '{"note":"","salt":"0123456789abcdef","cases":{},"name":1}'])(
  'a damaged file is refused: %s',
  (text) => {
    writeFileSync(join(folder, 'data.private.json'), text);
    expect(() => Identity.open(join(folder, 'data'))).toThrow(FileError);
  },
);
