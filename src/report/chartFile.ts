/** A chart as an SVG file of its own: in the colours of paper, with its legend inside, without a style sheet around it. */
import { html, raw } from './html.ts';
import { LIGHT } from './style.ts';

export interface ChartFile {
  caption: string;
  /** Names and colours of the series, drawn above; none where there is one. */
  legend: readonly { name: string; colour: string }[];
  width: number;
  height: number;
}

/** Height of a line of the legend. */
const LINE = 18;

/** Programs that draw SVG know no variables of CSS: their values. */
const plainColours = (markup: string): string =>
  markup
    .replace(/var\(--([\w-]+)\)/g, (text, name: string) => LIGHT[name] ?? text)
    .replaceAll('currentColor', LIGHT.quiet);

/** The file's text; `inside` is the markup of the drawing, `width` by `height`. */
export function svgFile(inside: string, { caption, legend, width, height }: ChartFile): string {
  const top = legend.length === 0 ? 0 : LINE * legend.length + 8;
  const lines = legend.map(
    ({ name, colour }, i) =>
      html`<g transform="translate(56,${LINE * (i + 1)})"><rect y="-6" width="14" height="3" fill="${plainColours(colour)}"/><text x="20">${name}</text></g>`,
  );
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + top}" viewBox="0 0 ${width} ${height + top}" fill="${LIGHT.quiet}" font-family="system-ui, sans-serif" font-size="12"><title>${caption}</title><rect width="100%" height="100%" fill="#fff"/>${lines}<g transform="translate(0,${top})" text-anchor="middle">${raw(plainColours(inside))}</g></svg>\n`
    .text;
}
