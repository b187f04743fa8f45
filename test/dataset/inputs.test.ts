import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectCases, collectInputs, subjectsByPattern, subjectsByTable } from '../../src/dataset/inputs.ts';
import { FileError, UsageError } from '../../src/errors.ts';
import { temporaryFolder } from './helpers.ts';

function tree(...files: string[]): string {
  const dir = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(dir, file, '..'), { recursive: true });
    writeFileSync(join(dir, file), 'x');
  }
  return dir;
}

describe('collectInputs', () => {
  it('searches folders for volumes, leaves out the rest, and names cases by their path below the folder', () => {
    const dir = tree(
      'b c/Mandible.nii.gz',
      'a/Mandible.nrrd',
      'a/notes.txt',
      '.hidden/x.nrrd',
      'a/.y.nrrd',
      'Z.MHA',
    );
    expect(collectInputs([dir]).map((f) => f.id)).toEqual(['Z', 'a_Mandible', 'b-c_Mandible']);
  });

  it('takes files by name, each once', () => {
    const dir = tree('a/m.nrrd', 'n.nii');
    const files = collectInputs([
      join(dir, 'n.nii'),
      join(dir, 'a'),
      join(dir, 'a/m.nrrd'),
      join(dir, 'n.nii'),
    ]);
    expect(files.map((f) => f.id)).toEqual(['m', 'n']);
  });

  it('tells apart files that would have one name', () => {
    const dir = tree('1/m.nrrd', '2/m.nrrd', 'x.nrrd', 'x.nii');
    const ids = collectInputs([join(dir, '1'), join(dir, '2')]).map((f) => f.id);
    expect(ids).toEqual(['1_m', '2_m']);
    const same = collectInputs([join(dir, 'x.nrrd'), join(dir, 'x.nii')]).map((f) => f.id);
    expect(same).toEqual(['x-nii', 'x-nrrd']);
  });

  it('keeps names usable as files: long ones, and ones of odd letters', () => {
    const dir = tree(`${'deep/'.repeat(30)}schädel (1).nrrd`);
    const [file] = collectInputs([dir]);
    expect(file.id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/);
  });

  // The superuser opens every folder.
  it.skipIf(process.getuid?.() === 0)(
    'goes on past a folder that cannot be opened, and says so',
    async () => {
      const dir = tree('a.nrrd', 'locked/b.nrrd');
      chmodSync(join(dir, 'locked'), 0);
      try {
        expect(collectInputs([dir]).map((f) => f.id)).toEqual(['a']);
        const cases = await collectCases([dir]);
        expect(cases.map((c) => (c.kind === 'scan' ? c.scan.content.kind : c.file.id))).toEqual([
          'a',
          'refused',
        ]);
      } finally {
        chmodSync(join(dir, 'locked'), 0o700);
      }
    },
  );

  it('refuses a path that does not exist and a folder without volumes', () => {
    expect(() => collectInputs(['/no/such/folder'])).toThrow(FileError);
    expect(() => collectInputs([tree('a.txt')])).toThrow(/no volume file/);
  });
});

describe('subjects', () => {
  const file = (path: string) => ({ path, id: 'id' });

  it('by pattern: two scans of one patient are one subject', () => {
    const subjects = subjectsByPattern('(0522c\\d+|TCGA-CV-\\w+)');
    expect(subjects(file('/x/oncologist/0522c0727a/Mandible.nrrd'))?.subject).toBe('0522c0727');
    expect(subjects(file('/x/radiographer/0522c0727b/Mandible.nrrd'))?.subject).toBe('0522c0727');
    expect(subjects(file('/x/TCGA-CV-A6JO/Mandible.nrrd'))?.subject).toBe('TCGA-CV-A6JO');
    expect(subjects(file('/x/other/Mandible.nrrd'))).toBeUndefined();
  });

  it.each(['no group', '(two)(groups)', '(open'])('refuses the pattern %s', (pattern) => {
    expect(() => subjectsByPattern(pattern)).toThrow(UsageError);
  });

  it('by table: base name or path end, with quality', () => {
    const dir = tree('t.csv');
    const path = join(dir, 't.csv');
    writeFileSync(path, 'file,subject,quality\r\na.nrrd, p1, 3\nx/b.nrrd,p2,\n\n');
    const subjects = subjectsByTable(path);
    expect(subjects(file('/any/a.nrrd'))).toEqual({ subject: 'p1', quality: 3, chosen: true });
    expect(subjects(file('/any/x/b.nrrd'))).toEqual({ subject: 'p2', quality: undefined, chosen: true });
    expect(subjects(file('/any/y/b.nrrd'))).toBeUndefined();
    for (const bad of ['name,who\n', 'file,subject,quality\na,b,9\n', 'file,subject\na,\n']) {
      writeFileSync(path, bad);
      expect(() => subjectsByTable(path)).toThrow(FileError);
    }
    expect(() => subjectsByTable(join(dir, 'none.csv'))).toThrow(/ENOENT/);
  });

  it('by table: two rows of one file must agree; rows of no file are told', () => {
    const path = join(tree('t.csv'), 't.csv');
    const read = (rows: string) => {
      writeFileSync(path, `file,subject\n${rows}`);
      return subjectsByTable(path);
    };
    expect(() => read('a.nrrd,p\na.nrrd,q\n')).toThrow(/lines 2 and 3 name one file/);
    const twice = read('a.nrrd,p\nz.nrrd,r\nx/a.nrrd,q\n');
    expect(() => twice(file('/any/x/a.nrrd'))).toThrow(/lines 2 and 4 name one file/);
    const fine = read('a.nrrd,p\nx/a.nrrd,p\nb.nrrd,q\n');
    expect(fine(file('/any/x/a.nrrd'))?.subject).toBe('p');
    expect(fine.unused!()).toEqual([4]);
  });
});
