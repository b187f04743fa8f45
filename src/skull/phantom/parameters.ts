/**
 * Who a phantom is: 28 measurements of a human skull, most of them standard craniometric distances, drawn together so
 * that they agree with each other. The model is linear: five independent factors (size, robustness, roundness, face
 * height, jaw projection; cut at 2.2 deviations, so that no one is a giant) load on each measurement, and a remainder
 * of its own fills the variance up to one:
 *
 *     z_p = sum_k loading_pk f_k + sqrt(1 - sum_k loading_pk^2) e_p,     value_p = mean_p + sd_p z_p,  clipped to range_p
 *
 * Means and deviations are rounded from what textbooks of craniometry print for adults, both sexes and many peoples
 * pooled; the loadings are set by hand to give correlations of the usual sign and order (0.2 to 0.6). They are an
 * invention for phantoms, not a population: nothing measured on them says anything about people.
 */
import { RandomStream } from '../../random/stream.ts';

/** The factors: overall size; robust (masculine) build; brachycephaly; tall face; forward jaws. All are N(0, 1). */
export const FACTORS = ['size', 'robustness', 'roundness', 'faceHeight', 'jawProjection'] as const;

/** One measurement: unit, mean, standard deviation, allowed range, loadings in the order of `FACTORS`, meaning. */
export interface ParameterRow {
  unit: 'mm' | 'degrees' | 'ratio';
  mean: number;
  sd: number;
  range: readonly [number, number];
  loadings: readonly [number, number, number, number, number];
  about: string;
}

const row = (
  unit: ParameterRow['unit'],
  mean: number,
  sd: number,
  range: ParameterRow['range'],
  loadings: ParameterRow['loadings'],
  about: string,
): ParameterRow => ({ unit, mean, sd, range, loadings, about });

/** The table of measurements. Points are named as in craniometry; Frankfort frame, see `landmarks.ts`. */
export const PARAMETERS = {
  cranialLength: row('mm', 179, 7.5, [161, 197], [0.6, 0.25, -0.5, 0, 0], 'glabella to opisthocranion'),
  cranialBreadth: row('mm', 140, 6.5, [125, 155], [0.5, 0.1, 0.65, 0, 0], 'greatest breadth of the vault'),
  auricularHeight: row('mm', 114.5, 4, [105, 122], [0.55, 0, 0.2, 0.1, 0], 'porion to vertex'),
  frontalBreadth: row('mm', 97, 5, [86, 108], [0.5, 0.1, 0.3, 0, 0], 'least breadth behind the brows'),
  foreheadSlope: row(
    'ratio',
    0.08,
    0.07,
    [-0.06, 0.24],
    [0, 0.55, -0.2, 0, 0.2],
    'forehead lean, mm back a mm up',
  ),
  occipitalBun: row('mm', 5, 2.5, [0, 11], [0.1, 0.2, -0.4, 0, 0], 'bulge of the lower occipital squama'),
  vaultThickness: row('mm', 6, 0.9, [4.2, 8.2], [0.2, 0.3, 0, 0, 0], 'mean thickness of the vault'),
  browProjection: row('mm', 3.2, 1.7, [0, 7.5], [0.1, 0.75, 0, 0, 0.1], 'brow ridge before the forehead'),
  orbitBreadth: row('mm', 40, 1.9, [35.5, 44.5], [0.55, 0.1, 0.15, 0, 0], 'breadth of the orbital opening'),
  orbitHeight: row('mm', 34.5, 2.1, [29.5, 39.5], [0.3, -0.25, 0, 0.35, 0], 'height of the orbital opening'),
  interorbitalBreadth: row('mm', 22, 2.4, [16.5, 27.5], [0.35, 0.15, 0.25, 0, 0], 'between the orbits'),
  nasalHeight: row('mm', 51, 3, [44, 58], [0.45, 0.2, 0, 0.65, 0], 'nasion to nasospinale'),
  nasalBreadth: row(
    'mm',
    24.5,
    2.2,
    [19.5, 30],
    [0.3, 0.1, 0, -0.15, 0.4],
    'breadth of the piriform aperture',
  ),
  nasalProjection: row(
    'mm',
    9,
    2,
    [4, 13.5],
    [0.2, 0.4, 0, 0.2, -0.3],
    'tip of the nasal bones before nasion',
  ),
  bizygomaticBreadth: row('mm', 131, 6.5, [116, 147], [0.5, 0.5, 0.35, 0, 0], 'across the zygomatic arches'),
  cheekHeight: row('mm', 23, 2.2, [18, 29], [0.3, 0.5, 0, 0.3, 0], 'height of the zygomatic body'),
  upperFaceHeight: row('mm', 68.5, 3.5, [60, 76], [0.45, 0.2, 0, 0.7, 0], 'nasion to prosthion'),
  maxillaProjection: row('mm', 4, 3, [-3, 11], [0.1, 0, 0, 0, 0.85], 'prosthion before nasion'),
  dentalArchBreadth: row(
    'mm',
    62,
    3.2,
    [55, 70],
    [0.5, 0.2, 0.15, 0, 0.1],
    'outer breadth of the upper arch',
  ),
  chinHeight: row('mm', 30.5, 2.5, [25, 36], [0.35, 0.45, 0, 0.4, 0], 'infradentale to gnathion'),
  chinProjection: row('mm', 3.4, 1.6, [0, 7.5], [0, 0.45, 0, 0, -0.3], 'mental protuberance before the body'),
  bigonialBreadth: row('mm', 98, 7, [82, 114], [0.4, 0.6, 0.15, 0, 0], 'across the mandibular angles'),
  gonialAngle: row('degrees', 122, 6.5, [107, 137], [-0.1, -0.5, 0, 0.3, 0], 'ramus against body'),
  ramusHeight: row('mm', 60, 4, [51, 69], [0.45, 0.55, 0, 0.1, 0], 'gonion to condyle'),
  ramusBreadth: row('mm', 32, 2.4, [26, 38], [0.35, 0.5, 0, 0, 0.1], 'least breadth of the ramus'),
  mastoidLength: row('mm', 28, 3.1, [20, 36], [0.3, 0.6, 0, 0, 0], 'tip of the mastoid below porion'),
  foramenMagnumLength: row('mm', 36, 2.2, [30.5, 41.5], [0.5, 0.1, 0, 0, 0], 'basion to opisthion'),
  jawOpening: row(
    'degrees',
    2.5,
    1,
    [0.8, 5],
    [0, 0, 0, 0, 0],
    'rotation of the mandible about its condyles',
  ),
} as const satisfies Record<string, ParameterRow>;

export type ParameterName = keyof typeof PARAMETERS;

/** The measurements of one phantom and its asymmetry. */
export interface PhantomParameters extends Readonly<Record<ParameterName, number>> {
  /**
   * Asymmetry: amplitudes in mm of the twelve low waves that bend the symmetric skull (`sdf.ts`); N(0, 0.55 mm) each,
   * cut at 1.4 mm, so that mirrored points differ by about 1 mm, seldom by more than 3.
   */
  readonly asymmetry: readonly number[];
}

/** Amplitudes in `PhantomParameters.asymmetry`. */
export const ASYMMETRY_WAVES = 12;

/**
 * Draws the measurements of phantom `index` of `seed`: pure, the same whatever else is drawn; throws `UsageError` for a
 * seed or index that is not a whole number >= 0.
 */
export function samplePhantomParameters(seed: number, index: number): PhantomParameters {
  const factors = new RandomStream(seed, 'phantom/factors', index).fillNormal(
    new Float64Array(FACTORS.length),
  );
  const own = new RandomStream(seed, 'phantom/measurements', index);
  const values: Partial<Record<ParameterName, number>> = {};
  for (const name of Object.keys(PARAMETERS) as ParameterName[]) {
    const { mean, sd, range, loadings } = PARAMETERS[name];
    let shared = 0;
    let rest = 1;
    for (let k = 0; k < factors.length; k++) {
      shared += loadings[k] * Math.min(Math.max(factors[k], -2.2), 2.2);
      rest -= loadings[k] ** 2;
    }
    const z = shared + Math.sqrt(rest) * own.normal();
    values[name] = Math.min(Math.max(mean + sd * z, range[0]), range[1]);
  }
  const waves = new RandomStream(seed, 'phantom/asymmetry', index);
  const asymmetry = Array.from({ length: ASYMMETRY_WAVES }, () =>
    Math.min(Math.max(0.55 * waves.normal(), -1.4), 1.4),
  );
  return { ...(values as Record<ParameterName, number>), asymmetry };
}

/** The phantom with every measurement at its mean and no asymmetry. */
export function meanPhantomParameters(): PhantomParameters {
  const values = Object.fromEntries(Object.entries(PARAMETERS).map(([name, { mean }]) => [name, mean]));
  return { ...(values as Record<ParameterName, number>), asymmetry: new Array(ASYMMETRY_WAVES).fill(0) };
}
