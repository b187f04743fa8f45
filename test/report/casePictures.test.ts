import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { blankImage } from '../../src/mesh/png.ts';
import {
  CASE_SIZES,
  type CasePicture,
  renderCase,
  renderMissing,
  shrink,
} from '../../src/report/casePictures.ts';
import { centredGrid, type Grid, type Mask } from '../../src/volume/volume.ts';
import { ball, cube, masked, sampled } from '../mesh/shapes.ts';

/** Width and height in a PNG's header, and whether its pixels unpack to that many. */
function sizeOf({ png }: CasePicture): [number, number] {
  const bytes = Buffer.from(png, 'base64');
  expect(bytes.toString('latin1', 1, 4)).toBe('PNG');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const length = bytes.readUInt32BE(33);
  const channels = bytes[25] === 2 ? 3 : 4;
  expect(inflateSync(bytes.subarray(41, 41 + length)).length).toBe(height * (1 + channels * width));
  return [width, height];
}

/** A ball of 20 mm about (4, -6, 9). */
const bone = masked(cube(64), ball(20, [4, -6, 9]));

describe('renderCase', () => {
  it('gives three slices, the views and the steps as PNG of the stated sizes', () => {
    const wide = blankImage(400, 100, [1, 2, 3]);
    const pictures = renderCase({
      mask: bone,
      steps: [{ title: 'Bone', image: wide, note: 'x' }, { title: 'No picture' }],
    });
    expect(pictures.slices.map((p) => p.title)).toEqual(['axial', 'coronal', 'sagittal']);
    expect(pictures.views).toHaveLength(CASE_SIZES.views.length);
    for (const p of pictures.slices) expect(sizeOf(p)).toEqual([216, 216]);
    for (const p of pictures.views) {
      expect(sizeOf(p)).toEqual([150, 150]);
      expect(p.alt).toContain(p.title);
    }
    expect(sizeOf(pictures.steps[0].picture as CasePicture)).toEqual([176, 44]);
    expect(pictures.steps[0].note).toBe('x');
    expect(pictures.steps[1]).toEqual({ title: 'No picture' });
    expect(JSON.parse(JSON.stringify(pictures))).toEqual(pictures);
  });

  it('takes what there is: an empty mask, a scan alone, nothing', () => {
    const empty: Mask = { ...cube(8), data: new Uint8Array(512) };
    expect(renderCase({ mask: empty })).toEqual({ slices: [], views: [], steps: [] });
    const scan = sampled(cube(8), (x) => 100 * x);
    expect(renderCase({ mask: empty, scan }).slices).toHaveLength(3);
    expect(renderCase({ scan }).views).toEqual([]);
    expect(renderCase({})).toEqual({ slices: [], views: [], steps: [] });
  });

  it('draws a fine mask as it draws a coarse one: the views agree', () => {
    const render = (grid: Grid): CasePicture[] =>
      renderCase({ mask: masked(grid, ball(20)) }, { view: 40, views: ['front', 'top'] }).views;
    const coarse = render(centredGrid([48, 48, 48], [1, 1, 1]));
    const fine = render(centredGrid([144, 144, 144], [1 / 3, 1 / 3, 1 / 3]));
    const open = ({ png }: CasePicture): Buffer => {
      const bytes = Buffer.from(png, 'base64');
      return inflateSync(bytes.subarray(41, 41 + bytes.readUInt32BE(33)));
    };
    expect(fine.map((p) => open(p).length)).toEqual(coarse.map((p) => open(p).length));
    for (const [v, p] of coarse.entries())
      expect(Math.abs(p.png.length / fine[v].png.length - 1)).toBeLessThan(0.25);
  });
});

describe('shrink', () => {
  it('takes means, keeps the shape, and leaves small images alone', () => {
    const image = blankImage(8, 4, [0, 0, 0]);
    for (let p = 0; p < 32; p++) image.data.set([p % 2 ? 100 : 0, 60, 7], 4 * p);
    const small = shrink(image, 4);
    expect([small.width, small.height]).toEqual([4, 2]);
    for (let p = 0; p < 8; p++) expect([...small.data.subarray(4 * p, 4 * p + 4)]).toEqual([50, 60, 7, 255]);
    expect(shrink(image, 8)).toBe(image);
    expect(shrink(blankImage(1000, 1), 10).height).toBe(1);
  });
});

describe('renderMissing', () => {
  /** Pixels that are clearly blue, and the mean of their x over the width. */
  function blue(points: Float32Array): { count: number; x: number } {
    const { data, width, height } = renderMissing(bone, points, 64);
    let [count, x] = [0, 0];
    for (let p = 0; p < width * height; p++) {
      if (data[4 * p + 2] < data[4 * p] + 60) continue;
      count++;
      x += (p % width) / width;
    }
    return { count, x: x / count };
  }

  it('draws what is missing in blue, seen from the side where it is, and nothing where nothing is', () => {
    expect(blue(new Float32Array())).toMatchObject({ count: 0 });
    // Beside the ball at the patient's left (on the picture's right from the front), and at the right.
    const left = blue(Float32Array.of(28, -10, 9, 28, -6, 9));
    const right = blue(Float32Array.of(-20, -10, 9, -20, -6, 9));
    expect(left.count).toBeGreaterThan(8);
    expect(right.count).toBeGreaterThan(8);
    expect(left.x).toBeGreaterThan(0.5);
    expect(right.x).toBeLessThan(0.5);
  });
});
