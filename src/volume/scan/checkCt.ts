/**
 * Whether a series is CT at all, whole enough to be placed, and of one make: asked of the headers alone, before any pixel
 * is read. Localisers that share a series with a scan are left out with a note; everything else that does not fit refuses
 * the series with its reason.
 */
import { CT_IMAGE, ENHANCED_CT_IMAGE, MODALITIES, SECONDARY_CAPTURE, SYNTAXES } from './dicomTables.ts';
import type { Slice } from './header.ts';
import { refusal } from './refuse.ts';

/** A slice that says where it lies. */
export type PlacedSlice = Slice & { position: number[]; orientation: number[]; pixelSpacing: number[] };

/** Largest side of a slice in pixels. */
const MAX_SIDE = 4096;

/** The slices that make up the scan. Throws `ScanError` when there are none, or they do not fit each other. */
export function checkCt(label: string, all: readonly Slice[], notes: string[]): PlacedSlice[] {
  const refuse = (
    found: string,
    expected: string,
    todo = 'leave it out, or export the CT series alone',
  ): never => {
    throw refusal(label, found, expected, todo);
  };
  const foreign = all.find((s) => s.modality !== 'CT');
  if (foreign) {
    const name = MODALITIES.has(foreign.modality) ? foreign.modality : 'not stated';
    refuse(`its modality is ${name}`, 'computed tomography (CT)', 'leave it out');
  }
  if (all.some((s) => SECONDARY_CAPTURE.test(s.classUid)))
    refuse('a secondary capture: a picture of a screen', 'CT images');
  if (all.some((s) => s.classUid !== CT_IMAGE && s.classUid !== ENHANCED_CT_IMAGE))
    refuse('objects that are no CT images', 'CT images');
  const slices = all.filter((s) => !s.imageType.includes('LOCALIZER'));
  if (slices.length === 0) refuse('a localiser (scout view)', 'axial CT images', 'leave it out');
  if (slices.length < all.length)
    notes.push(
      `${all.length - slices.length} localiser image${all.length - slices.length === 1 ? '' : 's'} left out`,
    );
  const first = slices[0];
  const count = (wrong: (s: Slice) => boolean) => slices.filter(wrong).length;
  const share = (n: number) => (n === slices.length ? '' : `${n} of ${slices.length} slices: `);

  if (slices.some((s) => s.samples !== 1)) refuse('colour images', 'one number a pixel');
  if (slices.some((s) => s.pixelOffset === undefined)) refuse('images without pixels', 'pixel data');
  const unknown = slices.find((s) => SYNTAXES[s.transferSyntax] === undefined);
  if (unknown)
    refuse(
      'pixels in a transfer syntax that is not read',
      `one of ${Object.values(SYNTAXES)
        .map((s) => s.name)
        .join(', ')}`,
      'export the scan uncompressed, or as JPEG lossless',
    );
  if (slices.some((s) => s.transferSyntax !== first.transferSyntax))
    refuse('slices in several transfer syntaxes', 'one a series');
  if (slices.some((s) => s.encapsulated !== (SYNTAXES[s.transferSyntax].compressed === true)))
    refuse('pixels that are packed otherwise than the header says', 'a header that fits its pixels');
  if (slices.some((s) => s.frames !== 1 && s.classUid !== ENHANCED_CT_IMAGE))
    refuse('several frames in a file that does not place them', 'enhanced CT, or one image a file');
  if (slices.some((s) => !Number.isInteger(s.frames) || s.frames < 1 || s.frame >= s.frames))
    refuse('a number of frames that does not fit their headers', 'one header a frame');
  if (slices.some((s) => s.rows !== first.rows || s.columns !== first.columns))
    refuse('slices of several sizes', 'one size in a series');
  if (!(first.rows > 1 && first.columns > 1 && first.rows <= MAX_SIDE && first.columns <= MAX_SIDE))
    refuse(`slices of ${first.columns}x${first.rows} pixels`, `2 to ${MAX_SIDE} pixels a side`);
  const bits = (s: Slice) =>
    (s.bitsAllocated === 16 || s.bitsAllocated === 8) &&
    s.bitsStored >= 1 &&
    s.bitsStored <= s.bitsAllocated &&
    s.highBit >= s.bitsStored - 1 &&
    s.highBit < s.bitsAllocated;
  if (!slices.every(bits))
    refuse(
      `pixels of ${first.bitsStored} bits in ${first.bitsAllocated}`,
      'at most 16 bits, in 8 or 16',
      'export the scan again',
    );
  const alike: (keyof Slice)[] = ['bitsAllocated', 'bitsStored', 'highBit', 'signed'];
  if (
    SYNTAXES[first.transferSyntax].compressed &&
    slices.some((s) => alike.some((key) => s[key] !== first[key]))
  )
    refuse('compressed slices of several pixel types', 'one in a series');
  const flat = count((s) => s.slope === 0);
  if (flat > 0)
    refuse(
      `${share(flat)}a RescaleSlope of 0, which makes every voxel the same`,
      'a slope, mostly 1',
      'export the scan again from the scanner or its archive',
    );
  const scaleless = count((s) => s.slope === undefined || s.intercept === undefined);
  if (scaleless > 0)
    refuse(
      `${share(scaleless)}no RescaleSlope and RescaleIntercept that are numbers`,
      'both, so that values become Hounsfield units',
      'export the scan again from the scanner or its archive',
    );
  if (slices.some((s) => !s.hounsfield))
    refuse('values that are rescaled to something else than Hounsfield units', 'Hounsfield units');
  for (const [key, name, numbers] of [
    ['position', 'ImagePositionPatient', 3],
    ['orientation', 'ImageOrientationPatient', 6],
    ['pixelSpacing', 'PixelSpacing', 2],
  ] as const) {
    const missing = count((s) => s[key] === undefined);
    if (missing > 0)
      refuse(
        `${share(missing)}no ${name} of ${numbers} finite numbers`,
        'a place and a scale for every slice',
        'export the scan again: without them lengths, left and right are unknown',
      );
  }
  return slices as PlacedSlice[];
}
