/**
 * From measurements to points: the landmarks that all parts of the phantom are hung on. The anatomical frame has its
 * origin midway between the porions (upper rims of the ear canals) and z = 0 in the Frankfort plane through them and
 * the lower orbital rims; x to the left, y to the back, z up, mm. The right half is the mirror image (the parts are
 * built for x >= 0; asymmetry comes later, in `sdf.ts`). `centre` moves this frame into the centred grid: the middle of
 * the complete skull's extent along y and z lies at the LPS origin, so that truncation never shifts a skull.
 */
import type { PhantomParameters } from './parameters.ts';

export interface Landmarks {
  glabellaY: number;
  /** y of the back of the head. */
  opisthocranionY: number;
  nasionY: number;
  nasionZ: number;
  /** z of the floor of the nose (nasospinale). */
  nasalFloorZ: number;
  prosthionY: number;
  prosthionZ: number;
  /** z where upper and lower incisors meet. */
  occlusionZ: number;
  /** Centre of the orbital opening. */
  orbitX: number;
  orbitZ: number;
  /** x of the middle of the zygomatic arch. */
  archX: number;
  /** Centre of the mandibular condyle; the jaw opens about it. */
  condyle: readonly [number, number, number];
  /** Jaw closed: y and z of the angle, z of the lower alveolar rim and of the chin's lower border, y of the chin. */
  gonionX: number;
  gonionY: number;
  gonionZ: number;
  infradentaleZ: number;
  mentonZ: number;
  mentonY: number;
  /** Anatomical frame = LPS + centre. */
  centre: readonly [number, number, number];
  /** Half the extent of the complete skull along x, y, z in mm: it lies within +-half of the LPS origin. */
  half: readonly [number, number, number];
}

/** Places the landmarks of a phantom. */
export function placeLandmarks(p: PhantomParameters): Landmarks {
  const glabellaY = -0.525 * p.cranialLength;
  const opisthocranionY = 0.475 * p.cranialLength;
  const nasionY = glabellaY + 2 + 0.6 * p.browProjection;
  const nasionZ = 0.72 * p.orbitHeight;
  const prosthionZ = nasionZ - p.upperFaceHeight;
  const prosthionY = nasionY - p.maxillaProjection;
  const occlusionZ = prosthionZ - 9.5;
  const condyle = [0.375 * p.bizygomaticBreadth, -13, -8.5] as const;
  const infradentaleZ = occlusionZ - 8.5;
  const mentonZ = infradentaleZ - p.chinHeight;
  const mentonY = prosthionY + 10;
  // The posterior border of the ramus leans by gonial angle - 90 - slope of the lower border; two rounds settle it.
  const posteriorY = condyle[1] + 5;
  let lean = 0.17;
  let gonionY = posteriorY;
  let gonionZ = 0;
  for (let round = 0; round < 4; round++) {
    gonionY = posteriorY - p.ramusHeight * Math.sin(lean);
    gonionZ = condyle[2] + 5 - p.ramusHeight * Math.cos(lean);
    const slope = Math.atan2(gonionZ - mentonZ, gonionY - mentonY);
    lean = Math.min(Math.max((p.gonialAngle * Math.PI) / 180 - Math.PI / 2 - slope, -0.05), 0.4);
  }
  const opening = (p.jawOpening * Math.PI) / 180;
  const low =
    condyle[2] + (mentonZ - condyle[2]) * Math.cos(opening) + (mentonY - condyle[1]) * Math.sin(opening);
  const front = Math.min(glabellaY - p.browProjection * 0.3, prosthionY - 3, nasionY - p.nasalProjection);
  return {
    glabellaY,
    opisthocranionY,
    nasionY,
    nasionZ,
    nasalFloorZ: nasionZ - p.nasalHeight,
    prosthionY,
    prosthionZ,
    occlusionZ,
    orbitX: (p.interorbitalBreadth + p.orbitBreadth) / 2,
    orbitZ: p.orbitHeight / 2,
    archX: p.bizygomaticBreadth / 2 - 2.5,
    condyle,
    gonionX: p.bigonialBreadth / 2 - 3,
    gonionY,
    gonionZ,
    infradentaleZ,
    mentonZ,
    mentonY,
    half: [
      Math.max(p.cranialBreadth, p.bizygomaticBreadth) / 2,
      (opisthocranionY - front) / 2,
      (p.auricularHeight - low) / 2,
    ],
    centre: [0, (front + opisthocranionY) / 2, (low + p.auricularHeight) / 2],
  };
}
