import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskError, UsageError } from '../../src/errors.ts';
import { blankImage, encodePng } from '../../src/mesh/png.ts';
import {
  type CaseRecord,
  readCaseRecord,
  recordedCases,
  writeCaseRecord,
  writeCasesPage,
} from '../../src/report/cases.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cranioflow-cases-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const png = Buffer.from(encodePng(blankImage(6, 4, [9, 90, 200]))).toString('base64');
const picture = (title: string) => ({ title, png, width: 6, height: 4, alt: `${title} picture` });
const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&`;

const accepted: CaseRecord = {
  id: 'S001',
  status: 'accepted',
  numbers: [
    { label: 'threshold', value: 312, unit: 'HU' },
    { label: 'spacing', value: '0.5 x 0.5 x 1', unit: 'mm' },
  ],
  quality: { score: 5, reasons: ['two teeth missing'] },
  warnings: [],
  steps: [{ title: 'Bone', picture: picture('bone'), note: 'hysteresis' }, { title: 'Cut' }],
  slices: [picture('axial')],
  views: [picture('front'), picture('left')],
};
const refused: CaseRecord = {
  id: 'S002',
  status: 'refused',
  reason: 'series 3 is MR, not CT',
  numbers: [{ label: 'slices', value: 26 }],
  warnings: [],
  steps: [],
  slices: [],
  views: [],
};
const odd: CaseRecord = {
  ...accepted,
  id: 'S-003.b',
  label: EVIL,
  status: 'kept',
  reason: EVIL,
  numbers: [{ label: EVIL, value: EVIL, unit: EVIL }],
  quality: { score: 3, reasons: [EVIL] },
  warnings: [EVIL, 'jaw cut by the field of view'],
  steps: [{ title: EVIL, picture: { ...picture('x'), title: EVIL, alt: EVIL }, note: EVIL }],
  slices: [{ ...picture('x'), title: EVIL, alt: EVIL }],
};

const page = (options: Partial<Parameters<typeof writeCasesPage>[1]> = {}) => {
  const text = readFileSync(writeCasesPage(dir, { title: 'Cases', ...options }), 'utf8');
  return { text, document: parseHTML(text).document };
};
type Page = ReturnType<typeof page>['document'];
const texts = (document: Page, selector: string): string[] =>
  [...document.querySelectorAll(selector)].map((e) => e.textContent ?? '');
const fact = (document: Page, name: string): string | undefined =>
  [...document.querySelectorAll('body > header dl.facts div')]
    .find((d) => d.querySelector('dt')?.textContent === name)
    ?.querySelector('dd')?.textContent ?? undefined;

describe('records', () => {
  it('come back as they were written, and are listed', () => {
    for (const record of [accepted, refused, odd]) writeCaseRecord(dir, record);
    expect(recordedCases(dir)).toEqual(['S-003.b', 'S001', 'S002']);
    for (const record of [accepted, refused, odd]) expect(readCaseRecord(dir, record.id)).toEqual(record);
    expect(readdirSync(join(dir, 'cases')).every((name) => name.endsWith('.json'))).toBe(true);
    expect(recordedCases(join(dir, 'elsewhere'))).toEqual([]);
  });

  it('are not written with ids that leave the folder, unknown fields, or numbers that are none', () => {
    for (const id of ['', '../x', 'a/b', '.hidden', 'x'.repeat(101), 'a b', 'a\n'])
      expect(() => writeCaseRecord(dir, { ...accepted, id })).toThrow(UsageError);
    const wrong: unknown[] = [
      { ...accepted, path: '/home/someone/scan.dcm' },
      { ...accepted, numbers: [{ label: 'x', value: Number.NaN }] },
      { ...accepted, status: 'dropped' },
      { ...accepted, slices: [{ ...picture('x'), png: '" onload="alert(1)' }] },
    ];
    for (const record of wrong) expect(() => writeCaseRecord(dir, record as CaseRecord)).toThrow(UsageError);
    expect(recordedCases(dir)).toEqual([]);
  });

  it('that are missing, cut short, altered or of another case are not read', () => {
    writeCaseRecord(dir, accepted);
    const path = join(dir, 'cases/S001.json');
    const whole = readFileSync(path, 'utf8');
    for (const text of [
      '',
      whole.slice(0, 200),
      whole.replace('accepted', 'x'),
      whole.replace('S001', 'S009'),
      '[]',
    ]) {
      writeFileSync(path, text);
      expect(readCaseRecord(dir, 'S001')).toBeUndefined();
    }
    expect(readCaseRecord(dir, 'S404')).toBeUndefined();
    expect(() => readCaseRecord(dir, '../S001')).toThrow(UsageError);
  });

  it('end in a tagged error where a file stands in the way of the folder', () => {
    writeFileSync(join(dir, 'cases'), 'x');
    expect(() => writeCaseRecord(dir, accepted)).toThrow(DiskError);
    expect(() => recordedCases(dir)).toThrow(DiskError);
  });
});

describe('the page', () => {
  it('counts, names every refusal with its reason, and shows each case with its pictures and numbers', () => {
    for (const record of [accepted, refused, odd]) writeCaseRecord(dir, record);
    const { document } = page({ kept: ['S002'], facts: [['Grid', '64x64x64']] });
    expect(fact(document, 'cases')).toBe('3');
    expect(fact(document, 'accepted')).toBe('2');
    expect(fact(document, 'refused')).toBe('1');
    expect(fact(document, 'with warnings')).toBe('1');
    expect(fact(document, 'kept from an earlier run')).toBe('2');
    expect(fact(document, 'quality of the accepted')).toBe('3: 1, 5: 1');
    expect(fact(document, 'Grid')).toBe('64x64x64');
    expect(texts(document, '#refused tbody tr')).toEqual(['S002series 3 is MR, not CT']);
    // Refused first.
    expect([...document.querySelectorAll('article')].map((a) => a.id)).toEqual([
      'case-S002',
      'case-S-003.b',
      'case-S001',
    ]);
    const card = document.getElementById('case-S001');
    expect(card?.textContent).toContain('312 HU');
    expect(card?.textContent).toContain('quality 5 of 6');
    expect(card?.textContent).toContain('two teeth missing');
    expect(card?.textContent).toContain('1. Bone');
    const images = [...(card?.querySelectorAll('img') ?? [])];
    expect(images.map((i) => i.getAttribute('alt'))).toEqual([
      'S001: axial picture',
      'S001: front picture',
      'S001: left picture',
      'S001: bone picture',
    ]);
    for (const image of images) expect(image.getAttribute('src')).toBe(`data:image/png;base64,${png}`);
    expect(document.getElementById('case-S002')?.textContent).toContain('kept from an earlier run');
    expect(document.getElementById('case-S001')?.textContent).not.toContain('kept from');
    expect(texts(document, 'details tbody tr').length).toBe(3);
  });

  it('makes markup in any text harmless', () => {
    writeCaseRecord(dir, odd);
    const { text, document } = page({ title: EVIL, lead: EVIL, facts: [[EVIL, EVIL]] });
    expect(document.querySelectorAll('script')).toHaveLength(0);
    expect(document.querySelectorAll('[onerror]')).toHaveLength(0);
    expect(
      [...document.querySelectorAll('img')].every((i) => i.getAttribute('src')?.startsWith('data:')),
    ).toBe(true);
    expect(document.querySelector('h1')?.textContent).toBe(EVIL);
    expect(texts(document, 'ul.warnings li')).toContain(EVIL);
    expect(document.querySelector('article img')?.getAttribute('alt')).toBe(`S-003.b: ${EVIL}`);
    expect(text.split(EVIL)).toHaveLength(1);
  });

  it('offers to drop what was accepted, and no more; steps wait behind a summary', () => {
    for (const record of [accepted, refused])
      writeCaseRecord(dir, { ...record, reason: 'the case: too short' });
    const { document } = page();
    const card = (id: string) => document.getElementById(`case-${id}`);
    expect(card(accepted.id)?.querySelector('.drop input')).not.toBeNull();
    expect(card(refused.id)?.querySelector('.drop')).toBeNull();
    expect(card(accepted.id)?.querySelector('.row')?.textContent).toBe('S001,drop');
    expect(card(refused.id)?.querySelector('.row')).toBeNull();
    expect(card(refused.id)?.querySelector('.reason')?.textContent).toBe('too short');
    expect(card(accepted.id)?.querySelectorAll('details:not([open]) .steps li')).toHaveLength(2);
  });

  it('asks no host for anything, and has no script', () => {
    for (const record of [accepted, refused, odd]) writeCaseRecord(dir, record);
    const { text, document } = page();
    expect(
      document.querySelectorAll('script, link, iframe, object, embed, base, form, [srcset]'),
    ).toHaveLength(0);
    for (const element of document.querySelectorAll('[src], [href]')) {
      const target = element.getAttribute('src') ?? element.getAttribute('href') ?? '';
      expect(target).toMatch(/^(data:(image\/png|text\/csv);base64,|#)/);
    }
    expect(text).not.toMatch(/https?:|url\(|@import|fetch\(|XMLHttpRequest/);
    const policy = document.querySelector('meta[http-equiv]')?.getAttribute('content') ?? '';
    expect(policy.startsWith("default-src 'none';")).toBe(true);
    expect(policy).not.toContain('script');
    // Links within the page arrive.
    for (const a of document.querySelectorAll('a[href^="#"]'))
      expect(document.getElementById(a.getAttribute('href')?.slice(1) ?? ''), a.outerHTML).not.toBeNull();
  });

  it('names records that are damaged or missing, shows the cases asked for in their order, says PHANTOM', () => {
    for (const record of [accepted, refused]) writeCaseRecord(dir, record);
    writeFileSync(join(dir, 'cases/S007.json'), '{');
    expect(texts(page().document, 'main > ul.warnings li')[0]).toContain('S007');
    const { document } = page({ ids: ['S001', 'S002', 'S404'], phantom: true });
    expect([...document.querySelectorAll('article')].map((a) => a.id)).toEqual(['case-S001', 'case-S002']);
    expect(texts(document, 'main > ul.warnings li')).toHaveLength(1);
    expect(document.querySelector('.phantom')?.textContent).toContain('PHANTOM');
  });

  it('is the same for the same records, and holds neither the folder nor the machine', () => {
    for (const record of [accepted, refused, odd]) writeCaseRecord(dir, record);
    const first = page().text;
    expect(page().text).toBe(first);
    expect(first).not.toContain(dir);
    expect(first).not.toContain(process.cwd());
  });

  it('works with no case at all, and ends in a tagged error where it cannot be written', () => {
    expect(fact(page().document, 'cases')).toBe('0');
    rmSync(join(dir, 'cases.html'));
    mkdirSync(join(dir, 'cases.html'));
    expect(() => writeCasesPage(dir, { title: 'x' })).toThrow(DiskError);
  });
});
