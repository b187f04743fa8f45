import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/files/version.ts';
import { NOT_A_DEVICE, type PageFrame, page } from '../../src/report/page.ts';
import { LIGHT, STYLE } from '../../src/report/style.ts';

const open = (frame: Partial<PageFrame> = {}) => {
  const { head, foot } = page({ title: 'T <1>', phantom: false, ...frame });
  return parseHTML(`${head}<p>between</p>${foot}`).document;
};

describe('page', () => {
  it('forbids script and every request in its head, before anything of it is read', () => {
    const document = open();
    const [charset, , policy, title] = [...document.querySelectorAll('head > *')];
    expect(charset.getAttribute('charset')).toBe('utf-8');
    expect(policy.getAttribute('content')).toBe(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    );
    expect(title.textContent).toBe('T <1>');
  });

  it('ends with the version and the command, which figures link to', () => {
    const document = open({ command: "a 'b<c>'", commandNote: 'again' });
    expect(document.querySelector('footer #command pre')?.textContent).toBe("a 'b<c>'");
    expect(document.querySelector('footer #command .notice')?.textContent).toBe('again');
    expect(document.querySelector('footer > p')?.textContent).toBe(
      `cranioflow ${packageVersion()}. ${NOT_A_DEVICE}`,
    );
    expect(open().querySelector('#command')).toBeNull();
  });

  it('says PHANTOM where data were invented, and nowhere else; links where there is a way to go', () => {
    expect(open({ phantom: true }).querySelector('.phantom')?.textContent).toContain('no person ever had');
    expect(open({ phantom: true }).title).toBe('T <1> (PHANTOM)');
    expect(open().querySelector('.phantom')).toBeNull();
    const links = ['a', 'b', 'c'].map((id) => ({ id, text: `<${id}>` }));
    expect([...open({ links }).querySelectorAll('nav a')].map((a) => a.textContent)).toEqual([
      '<a>',
      '<b>',
      '<c>',
    ]);
    expect(open({ links: links.slice(1) }).querySelector('nav')).toBeNull();
  });

  it('has every colour by day and by night, and the style sheet asks for nothing', () => {
    const dark = /prefers-color-scheme:dark\)\{:root\{([^}]*)\}/.exec(STYLE)?.[1] ?? '';
    expect(dark.split(';').map((c) => c.split(':')[0])).toEqual(
      Object.keys(LIGHT).map((name) => `--${name}`),
    );
    for (const [, name] of STYLE.matchAll(/var\(--([\w-]+)\)/g)) expect(LIGHT).toHaveProperty(name);
    expect(STYLE).not.toMatch(/url\(|@import|https?:/);
  });
});
