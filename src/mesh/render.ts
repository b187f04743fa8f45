/**
 * A mesh becomes a shaded picture, in plain TypeScript: no GPU, no browser, the same bytes on every machine.
 *
 *   vertices -> camera space, in pixels -> triangles into a depth buffer with interpolated normals
 *            -> per pixel: light, ambient occlusion from the depth buffer, depth cue -> mean of 2x2 -> sRGB
 *
 * The look is that of a figure in an atlas: warm bone, a key light from the upper left, a cool fill light from the right,
 * cavities (orbits, nose, arches) dark by occlusion, edges a little darker, a light ground. Light is summed in linear
 * values and turned to sRGB at the end. Occlusion takes few samples a subpixel, turned differently in each of the four of a
 * pixel, so that their mean is smooth and no random number is needed.
 */
import type { Vec3 } from '../volume/volume.ts';
import { cameraOf, type Direction, type Frame, frameOf, type View } from './camera.ts';
import { BONE, type Colour, PAPER } from './colours.ts';
import { type Mesh, vertexNormals } from './mesh.ts';
import type { Image } from './png.ts';

export interface RenderOptions {
  view: View | Direction;
  /** Pixels of the image's side, or [width, height]. */
  size: number | readonly [number, number];
  /** Default: the mesh, whole, with a margin. */
  frame?: Frame;
  /** sRGB of the bone, 0..255; a mesh with `colours` keeps its own. */
  colour: Colour;
  /** sRGB of the ground; null leaves it transparent. */
  background: Colour | null;
  /** Strength of ambient occlusion, 0..1. */
  occlusion: number;
}

export const RENDER_DEFAULTS: RenderOptions = {
  view: 'threeQuarter',
  size: 300,
  colour: BONE,
  background: PAPER,
  occlusion: 1,
};

/** Subpixels along each side of a pixel. */
const FINE = 2;

/** Linear light of each sRGB byte. */
const LINEAR = Float32Array.from({ length: 256 }, (_, v) => {
  const s = v / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});

/** sRGB byte of linear light in 4096 steps. */
const ENCODED = Uint8Array.from({ length: 4097 }, (_, v) => {
  const l = v / 4096;
  return Math.round(255 * (l <= 0.0031308 ? 12.92 * l : 1.055 * l ** (1 / 2.4) - 0.055));
});

const encode = (linear: number): number => ENCODED[Math.round(Math.min(Math.max(linear, 0), 1) * 4096)];

const unit = (v: Vec3): Vec3 => {
  const n = Math.hypot(...v);
  return [v[0] / n, v[1] / n, v[2] / n];
};

// Camera space: x right, y up, z toward the viewer.
const KEY = unit([-0.5, 0.62, 0.72]);
const FILL = unit([0.85, 0.05, 0.5]);
const KEY_LIGHT: Vec3 = [0.92, 0.89, 0.84];
const FILL_LIGHT: Vec3 = [0.1, 0.12, 0.155];
const SKY_LIGHT: Vec3 = [0.25, 0.258, 0.275];
const GROUND_LIGHT: Vec3 = [0.1, 0.092, 0.085];

/** What the rasteriser leaves behind for each subpixel: height toward the viewer, normal and linear colour. */
interface Buffers {
  width: number;
  height: number;
  /** Subpixels toward the viewer; -Infinity where nothing is. */
  depth: Float32Array;
  /** [3 * pixels], camera space. */
  normal: Float32Array;
  /** [3 * pixels] linear, or absent when the mesh has one colour. */
  colour?: Float32Array;
}

/** Projects and fills the mesh's front faces into a depth buffer; `scale` in subpixels a mm. */
function rasterise(mesh: Mesh, view: RenderOptions['view'], frame: Frame, w: number, h: number): Buffers {
  const { right, up, forward } = cameraOf(view);
  const { positions, indices } = mesh;
  const normals = mesh.normals ?? vertexNormals(mesh);
  const scale = Math.min(w, h) / 2 / frame.halfWidth_mm;
  const n = positions.length;
  const screen = new Float32Array(n);
  const turned = new Float32Array(n);
  const [cx, cy, cz] = frame.centre;
  for (let v = 0; v < n; v += 3) {
    const x = positions[v] - cx;
    const y = positions[v + 1] - cy;
    const z = positions[v + 2] - cz;
    screen[v] = w / 2 + scale * (x * right[0] + y * right[1] + z * right[2]);
    screen[v + 1] = h / 2 - scale * (x * up[0] + y * up[1] + z * up[2]);
    screen[v + 2] = -scale * (x * forward[0] + y * forward[1] + z * forward[2]);
    const p = normals[v];
    const q = normals[v + 1];
    const r = normals[v + 2];
    turned[v] = p * right[0] + q * right[1] + r * right[2];
    turned[v + 1] = p * up[0] + q * up[1] + r * up[2];
    turned[v + 2] = -(p * forward[0] + q * forward[1] + r * forward[2]);
  }
  const depth = new Float32Array(w * h).fill(-Infinity);
  const normal = new Float32Array(w * h * 3);
  const colour = mesh.colours ? new Float32Array(w * h * 3) : undefined;
  const tint = mesh.colours;
  for (let t = 0; t < indices.length; t += 3) {
    const a = 3 * indices[t];
    const b = 3 * indices[t + 1];
    const c = 3 * indices[t + 2];
    const ax = screen[a];
    const ay = screen[a + 1];
    const bx = screen[b];
    const by = screen[b + 1];
    const dx = screen[c];
    const dy = screen[c + 1];
    // Image rows run down, so a face that looks at the viewer has a negative signed area here.
    const area = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax);
    if (area >= 0) continue;
    const x0 = Math.max(0, Math.ceil(Math.min(ax, bx, dx) - 0.5));
    const x1 = Math.min(w - 1, Math.floor(Math.max(ax, bx, dx) - 0.5));
    const y0 = Math.max(0, Math.ceil(Math.min(ay, by, dy) - 0.5));
    const y1 = Math.min(h - 1, Math.floor(Math.max(ay, by, dy) - 0.5));
    const inverse = 1 / area;
    for (let y = y0; y <= y1; y++) {
      const py = y + 0.5;
      for (let x = x0; x <= x1; x++) {
        const px = x + 0.5;
        const wa = ((bx - px) * (dy - py) - (by - py) * (dx - px)) * inverse;
        const wb = ((dx - px) * (ay - py) - (dy - py) * (ax - px)) * inverse;
        const wc = 1 - wa - wb;
        if (wa < 0 || wb < 0 || wc < 0) continue;
        const z = wa * screen[a + 2] + wb * screen[b + 2] + wc * screen[c + 2];
        const p = y * w + x;
        if (z <= depth[p]) continue;
        depth[p] = z;
        const o = 3 * p;
        for (let s = 0; s < 3; s++)
          normal[o + s] = wa * turned[a + s] + wb * turned[b + s] + wc * turned[c + s];
        if (colour && tint)
          for (let s = 0; s < 3; s++)
            colour[o + s] = wa * LINEAR[tint[a + s]] + wb * LINEAR[tint[b + s]] + wc * LINEAR[tint[c + s]];
      }
    }
  }
  for (let o = 0; o < normal.length; o += 3) {
    const length = Math.sqrt(normal[o] ** 2 + normal[o + 1] ** 2 + normal[o + 2] ** 2) || 1;
    normal[o] /= length;
    normal[o + 1] /= length;
    normal[o + 2] /= length;
  }
  return { width: w, height: h, depth, normal, colour };
}

/** Reaches of the occlusion samples as parts of the image's shorter side: crevices, teeth and sutures, orbits. */
const REACHES = [0.01, 0.03, 0.08, 0.2];
const TURNS = 4;

/** Where the occlusion samples lie, in subpixels, quarter after quarter: whole steps, and `1 / (6 reach^2)`. */
interface Samples {
  dx: Int32Array;
  dy: Int32Array;
  fade: Float32Array;
}

/**
 * How much of the sky over a subpixel its neighbours hide, 0 open .. 1: mean over samples of `max(0, n . v / |v| - bias)`
 * faded with the distance |v| beyond the reach, v the vector to the surface found at the sample.
 */
function occlusionAt(b: Buffers, x: number, y: number, samples: Samples): number {
  const { width, height, depth, normal } = b;
  const { dx, dy, fade } = samples;
  const p = y * width + x;
  const nx = normal[3 * p];
  const ny = normal[3 * p + 1];
  const nz = normal[3 * p + 2];
  const z = depth[p];
  const per = REACHES.length * TURNS;
  // Which quarter of a pixel this is chooses which quarter of the sample directions it looks at.
  const first = ((x & 1) + 2 * (y & 1)) * per;
  let sum = 0;
  for (let s = first; s < first + per; s++) {
    const qx = x + dx[s];
    const qy = y - dy[s];
    if (qx < 0 || qy < 0 || qx >= width || qy >= height) continue;
    const dz = depth[qy * width + qx] - z;
    if (dz === -Infinity) continue;
    const along = nx * dx[s] + ny * dy[s] + nz * dz;
    if (along <= 0) continue;
    const square = dx[s] * dx[s] + dy[s] * dy[s] + dz * dz;
    const cosine = along / Math.sqrt(square) - 0.08;
    if (cosine > 0) sum += cosine / (1 + square * fade[s]);
  }
  return sum / per;
}

/** Samples for an image whose shorter side is `side` subpixels. */
function occlusionSamples(side: number): Samples {
  const n = 4 * TURNS * REACHES.length;
  const samples = { dx: new Int32Array(n), dy: new Int32Array(n), fade: new Float32Array(n) };
  for (let s = 0; s < n; s++) {
    const r = s % REACHES.length;
    const turn = Math.floor(s / REACHES.length) % TURNS;
    const quarter = Math.floor(s / (REACHES.length * TURNS));
    const angle = (2 * Math.PI * (turn + (quarter + r / REACHES.length) / 4)) / TURNS;
    const reach = Math.max(1.5, REACHES[r] * side);
    samples.dx[s] = Math.round(reach * Math.cos(angle));
    samples.dy[s] = Math.round(reach * Math.sin(angle));
    samples.fade[s] = 1 / (6 * reach * reach);
  }
  return samples;
}

/** A shaded picture of a mesh, [height * width] RGBA, opaque but for a ground that is null. An empty mesh gives the bare ground. */
export function renderMesh(mesh: Mesh, options: Partial<RenderOptions> = {}): Image {
  const { view, size, colour, background, occlusion, frame } = { ...RENDER_DEFAULTS, ...options };
  const [width, height] = typeof size === 'number' ? [size, size] : size;
  const w = width * FINE;
  const h = height * FINE;
  const seen = frame ?? frameOf(mesh.positions, cameraOf(view), width / height);
  const buffers = rasterise(mesh, view, seen, w, h);
  const { depth, normal } = buffers;
  let near = -Infinity;
  let far = Infinity;
  for (let p = 0; p < depth.length; p++) {
    if (depth[p] === -Infinity) continue;
    if (depth[p] > near) near = depth[p];
    if (depth[p] < far) far = depth[p];
  }
  const range = Math.max(near - far, 1);
  const samples = occlusionSamples(Math.min(w, h));
  const albedo = colour.map((v) => LINEAR[v]);
  const ground = background?.map((v) => LINEAR[v]);
  const light = new Float32Array(width * height * 3);
  /** Subpixels of each pixel that count: all, or those of the bone where the ground is left free. */
  const counted = new Uint8Array(width * height).fill(ground ? FINE * FINE : 0);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const p = y * w + x;
      const pixel = (y >> 1) * width + (x >> 1);
      const out = 3 * pixel;
      if (depth[p] === -Infinity) {
        if (ground) for (let s = 0; s < 3; s++) light[out + s] += ground[s];
        continue;
      }
      if (!ground) counted[pixel]++;
      const nx = normal[3 * p];
      const ny = normal[3 * p + 1];
      const nz = normal[3 * p + 2];
      const hidden = occlusion * occlusionAt(buffers, x, y, samples);
      const open = Math.max(0.05, 1 - 3.6 * hidden);
      const open2 = Math.sqrt(open);
      // Wrapped diffuse light: the terminator is soft, as on a matt, slightly translucent material.
      const key = Math.max(0, (nx * KEY[0] + ny * KEY[1] + nz * KEY[2] + 0.18) / 1.18);
      const fill = Math.max(0, nx * FILL[0] + ny * FILL[1] + nz * FILL[2]);
      const sky = 0.5 + 0.5 * ny;
      const facing = Math.max(0, nz);
      const edge = 0.72 + 0.28 * Math.min(1, facing * 2.2);
      const haze = 1 - 0.28 * ((near - depth[p]) / range);
      const gloss = 0.05 * Math.max(0, nx * -0.27 + ny * 0.33 + nz * 0.9) ** 24;
      for (let s = 0; s < 3; s++) {
        const base = buffers.colour ? buffers.colour[3 * p + s] : albedo[s];
        const ambient = GROUND_LIGHT[s] + (SKY_LIGHT[s] - GROUND_LIGHT[s]) * sky;
        const direct = KEY_LIGHT[s] * key * (0.35 * open2 + 0.65 * open) + FILL_LIGHT[s] * fill * open;
        light[out + s] += (base * (ambient * open + direct) + gloss * open) * edge * haze;
      }
    }
  }
  const data = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < counted.length; pixel++) {
    const n = counted[pixel];
    if (n === 0) continue;
    for (let s = 0; s < 3; s++) data[4 * pixel + s] = encode(light[3 * pixel + s] / n);
    data[4 * pixel + 3] = Math.round((255 * n) / (FINE * FINE));
  }
  return { width, height, data };
}
