/**
 * HTML by tagged templates that escape: in html`<p>${name}</p>` a name with markup in it appears as text. Only what was
 * itself made by `html`, or vouched for by `raw`, goes in as it is; lists are joined, and null, undefined and false vanish.
 */

/** A piece of finished markup. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Content = Markup | string | number | null | undefined | false | readonly Content[];

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** `text` with the five characters that mean something in HTML, in content or attributes, made harmless. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c]);

/** Markup that is taken as it is: only for text this program made itself, such as an SVG. */
export const raw = (text: string): Markup => new Markup(text);

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escapeHtml(String(content));
}

/** Markup from a template; values are escaped unless they are markup. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(
    strings.reduce((text, part, i) => text + part + (i < values.length ? render(values[i]) : ''), ''),
  );
}

/** A name for an anchor: small letters, digits and hyphens. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'section';
