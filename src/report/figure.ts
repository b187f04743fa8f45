/** A picture inside the page: its PNG as a data URI, so that the report is one file that can be sent on. */
import { encodePng, type Image } from '../mesh/png.ts';
import { html, type Markup } from './html.ts';
import { type Place, tools } from './tools.ts';

export interface Picture {
  image: Image;
  caption: string;
  /** What someone who cannot see it should know; default: the caption. */
  alt?: string;
}

/** `data:image/png;base64,...` of an image. */
const dataUri = (image: Image): string =>
  `data:image/png;base64,${Buffer.from(encodePng(image)).toString('base64')}`;

/** A `<figure>` with caption, never wider than its own pixels; wide pictures take the whole width of the page. */
export function figure({ image, caption, alt }: Picture, place: Place): Markup {
  const kind = image.width > 560 ? 'wide' : 'small';
  return html`<figure class="${kind}" id="${place.id}"><img src="${dataUri(image)}" width="${image.width}" height="${image.height}" alt="${alt ?? caption}"><figcaption>${caption}${tools(place)}</figcaption></figure>`;
}
