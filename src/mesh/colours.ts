/** The colours of bone and of the ground it is shown on, sRGB, 0..255. */

export type Colour = readonly [number, number, number];

export const BONE: Colour = [238, 226, 203];
export const PAPER: Colour = [250, 250, 249];
