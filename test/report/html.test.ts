import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { html, raw, slug } from '../../src/report/html.ts';

describe('html', () => {
  it('lets any text through a parser unchanged, in content and in attributes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ' ', ';', 'lt', '/script') }),
        (text) => {
          const { document } = parseHTML(html`<body><p title="${text}">${text}</p></body>`.text);
          const p = document.querySelector('p');
          return p?.textContent === text && p?.getAttribute('title') === text && p.children.length === 0;
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  it('keeps markup, joins lists, drops nothings, writes numbers', () => {
    expect(html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}</ul>${null}${undefined}${false}${0}`.text).toBe(
      '<ul><li>1</li><li>2</li></ul>0',
    );
    expect(html`${raw('<b>')}${'<b>'}`.text).toBe('<b>&lt;b&gt;');
  });
});

describe('slug', () => {
  it('makes an anchor of any heading', () => {
    expect(slug('Held-out skulls: Dice & co.')).toBe('held-out-skulls-dice-co');
    expect(slug('頭蓋')).toBe('section');
  });
});
