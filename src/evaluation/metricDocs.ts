/**
 * What every metric means, in one table: title, formula, range, direction, what few cases do to it, what it cannot see, who
 * says so. The report's page shows it beside each figure, `cranioflow evaluate --explain` prints it, docs/evaluation.md
 * refers to it, and a test holds it against what `evaluateSets` puts out.
 *
 * X: n held-out real shapes, Y: m generated ones, T: training shapes, d: the distance named in the title. Metrics by
 * features have one text for all spaces; a space is named by the end of the metric's name (kidLatent).
 */

import { type MetricDoc, SPACES, SPATIAL } from './featureMetricDocs.ts';

export { type MetricDoc, SPACES } from './featureMetricDocs.ts';

type Doc = Omit<MetricDoc, 'title'>;

const SHARE = '0 to 1';
const POSITIVE = '0 and up';
const FEW_MEAN = 'the mean and its interval hang on single shapes';
const BY_CHANCE = 'chance outweighs all but gross differences';

const ONE_NNA: Doc = {
  formula:
    'share of the union of X and Y whose nearest other member is of its own set; equally many drawn of both',
  range: SHARE,
  good: 'near 0.5; towards 1 the sets are told apart, towards 0 generated shapes copy held-out ones',
  bias: 'moves in steps of 1 / (2 n); equal distributions score (n - 1) / (2 n - 1) on average, a little below 0.5',
  blind:
    'how large a difference is: shapes that are slightly but always off are told apart as surely as bad ones; scattered fragments, nearest to real shapes and not to each other, score 0.5',
  source: 'Lopez-Paz and Oquab 2017; Yang et al. 2019',
  least: 10,
  below: 'steps of 1 / (2 n) are wide and real sets score anywhere from 0.2 to 0.8',
};

const ONE_NNA_SIDED: Doc = {
  formula:
    '0.5 + (|share on X - 0.5| + |share on Y - 0.5|) / 2, the shares of 1-NNA taken on each set by itself',
  range: '0.5 to 1',
  good: 'near 0.5',
  bias: 'above 0.5 for equal distributions, the more the fewer: both shares scatter',
  blind: 'the direction: copies score as high as fragments do; 1-NNA says which',
  source: '1-NNA, with its two halves apart: scattered fragments (1 on X, 0 on Y) pass 1-NNA as real',
  least: 10,
  below: 'chance alone puts it above 0.6',
};

const COVERED: Doc = {
  formula: 'share of X that are the nearest real shape of some Y; equally many drawn of both',
  range: SHARE,
  good: 'higher, up to what real shapes score (about 0.6, not 1)',
  bias: 'depends on n and m: compare with real shapes in the same numbers only',
  blind: 'quality: scattered noise is the nearest of many and scores well',
  source: 'Achlioptas et al. 2018',
  least: 10,
  below: 'it moves in steps of 1 / n',
};

const matching = (formula: string): Doc => ({
  formula,
  range: POSITIVE,
  good: 'lower, down to what real shapes score',
  bias: 'falls as more shapes are generated: compare equal numbers only',
  blind: 'bad generated shapes beside good ones; copies of training shapes score well',
  source: 'Achlioptas et al. 2018',
  least: 8,
  below: FEW_MEAN,
});

const nearest = (formula: string, good: string, blind: string): Doc => ({
  formula,
  range: SHARE,
  good,
  bias: 'falls as the set that is searched grows; the interval is over the shapes that search',
  blind,
  source: 'nearest neighbour by 1 - Dice',
  least: 8,
  below: FEW_MEAN,
});

const surfaces = (formula: string, good: string, blind: string): Doc => ({
  formula,
  range: POSITIVE,
  good,
  bias: 'falls as the set that is searched grows',
  blind,
  source: 'Davies 2002; Styner et al. 2003',
  least: 8,
  below: FEW_MEAN,
});

const variation = (formula: string): Doc => ({
  formula,
  range: POSITIVE,
  good: 'near 1; near 0 always the same shape, above 1 exaggerated or noisy',
  bias: 'none on average; it scatters by sqrt(2 / n) and more',
  blind: 'which kinds of variation there are: noise can stand for anatomy',
  source: 'ratio of total variances',
  least: 12,
  below: 'one odd shape moves it',
});

const plausible = (formula: string, blind: string, source: string, range = POSITIVE): Doc => ({
  formula,
  range,
  good: 'near the mean of real shapes; the figure "distribution of" compares more than means',
  bias: 'none: a mean over shapes',
  blind,
  source,
  least: 8,
  below: FEW_MEAN,
});

const shift = (what: string): MetricDoc => ({
  title: `Distribution of ${what}, real against generated`,
  formula:
    'W1 = integral |F_X(v) - F_Y(v)| dv, the mean way values must move to turn one distribution into the other',
  range: POSITIVE,
  good: 'lower; 0 where the distributions agree in every quantile',
  bias: 'above 0 for equal distributions, falling as 1 / sqrt(n): its p-value, from shuffled labels, allows for that',
  blind: 'everything but this one number of a shape',
  source: 'Vallender 1974',
  least: 8,
  below: BY_CHANCE,
});

/** Metrics with one name, in the order of the report. */
const NAMED: Readonly<Record<string, MetricDoc>> = {
  oneNnaDice: { title: '1-NNA (Dice)', ...ONE_NNA },
  oneNnaChamfer: { title: '1-NNA (surface)', ...ONE_NNA },
  oneNnaSidedDice: { title: '1-NNA, two-sided (Dice)', ...ONE_NNA_SIDED },
  oneNnaSidedChamfer: { title: '1-NNA, two-sided (surface)', ...ONE_NNA_SIDED },
  energyDice: {
    title: 'Energy distance (Dice)',
    formula: "2 mean d(x, y) - mean d(x, x') - mean d(y, y') over pairs of different shapes, d = 1 - Dice",
    range: 'about 0 and up; a little below 0 by chance',
    good: 'lower; 0 on average for equal distributions',
    bias: 'none: pairs of a shape with itself are left out',
    blind: 'thin bone that is shifted by its own width counts as wholly different',
    source: 'Szekely and Rizzo 2004',
    least: 8,
    below: BY_CHANCE,
  },
  coverageDice: { title: 'Coverage (Dice)', ...COVERED },
  coverageChamfer: { title: 'Coverage (surface)', ...COVERED },
  realToFakeDice: {
    title: 'Held out to nearest generated',
    ...nearest(
      'mean over X of min over Y of 1 - Dice',
      'lower, down to what as many training shapes score',
      'bad generated shapes: only the best one near each real one counts',
    ),
  },
  fakeToRealDice: {
    title: 'Generated to nearest held out',
    ...nearest(
      'mean over Y of min over X of 1 - Dice',
      'lower, down to what training shapes score',
      'kinds of shapes that are missing: one good shape over and over scores well',
    ),
  },
  fakeToTrainDice: {
    title: 'Generated to nearest training',
    ...nearest(
      'mean over Y of min over T of 1 - Dice',
      'near what held-out real shapes score; far below it: copying, far above: poor quality',
      'copies that were moved, mirrored or blended; a mean hides a few copies among many (see the privacy audit)',
    ),
  },
  mmdChamfer: {
    title: 'MMD (surface)',
    ...matching('mean over X of min over Y of the Chamfer distance mean |x - y|^2, both ways added, mm^2'),
  },
  mmdEmd: {
    title: 'MMD (earth mover)',
    ...matching("mean over X of min over Y of the earth mover's distance of surface points, mm"),
  },
  specificity: {
    title: 'Specificity',
    ...surfaces(
      'mean over Y of the least mean distance between surfaces to T, mm',
      'near what held-out real shapes score; above it implausible, far below it copying',
      'kinds that are missing: one plausible shape over and over scores well',
    ),
  },
  generalisation: {
    title: 'Generalisation',
    ...surfaces(
      'mean over X of the least mean distance between surfaces to Y, mm',
      'lower, down to what as many training shapes score',
      'bad generated shapes beside good ones',
    ),
  },
  msSsim: {
    title: 'MS-SSIM inside the set',
    formula: "mean MS-SSIM of disjoint pairs of Y: prod cs_s^w_s . ssim_S^w_S over the grid's scales",
    range: SHARE,
    good: 'near what pairs of real shapes score; higher: less varied, lower: noisy',
    bias: 'none: a mean over pairs (n is their number, at most 25); depends on the grid, so never compare grids',
    blind:
      'whether shapes are right; most windows of thin bone are empty and agree, so differences look small',
    source: 'Wang et al. 2003',
    least: 8,
    below: 'pairs are too few for a mean',
  },
  variationDice: {
    title: 'Variation (Dice)',
    ...variation('mean squared 1 - Dice over pairs of Y, divided by the same of X'),
  },
  variationShape: {
    title: 'Variation (signed distance)',
    ...variation('total variance of signed distances of Y, divided by that of X'),
  },
  variationKept: {
    title: 'Variation kept, axis by axis',
    formula: 'sum_c min(f_c, r_c) / sum_c r_c, variances of Y and X along principal axes of T',
    range: SHARE,
    good: 'higher, up to what real shapes score (below 1: variances scatter)',
    bias: 'below 1 for equal distributions, by about 0.8 / sqrt(n)',
    blind: 'variation across the axes, and too much variation',
    source: 'axis-wise share of variance',
    least: 12,
    below: 'variances along axes are mostly chance',
  },
  axes90: {
    title: 'Axes for 90 % of the variation',
    formula:
      'least a with (l_1 + .. + l_a) / sum l >= 0.9, l the variances of Y along its own principal axes',
    range: '1 to n - 1',
    good: 'near that of the real set; fewer: simpler than real, more: noisy',
    bias: 'grows with n, and cannot exceed n - 1: compare equal numbers only',
    blind: 'what the axes are',
    source: 'Cootes et al. 1995; compactness, Davies 2002',
    least: 20,
    below: 'it measures the number of cases more than their variety',
  },
  components: {
    title: 'Pieces of bone',
    ...plausible(
      'mean number of 26-connected components',
      'which pieces: two halves count as a skull and a speck',
      'by construction: bone hangs together',
      '1 and up',
    ),
  },
  largestShare: {
    title: 'Share of the largest piece',
    ...plausible(
      'mean of largest component / all bone',
      'the shape of the piece',
      'plausibility of bone',
      SHARE,
    ),
  },
  volumeCm3: {
    title: 'Volume of bone',
    ...plausible('mean bone voxels x volume of a voxel, cm^3', 'where the bone is', 'plausibility of bone'),
  },
  eulerNumber: {
    title: 'Euler number',
    ...plausible(
      'mean of pieces - tunnels + cavities, 26-connected bone, exact by 2 x 2 x 2 neighbourhoods',
      'tunnels against cavities and pieces: they cancel; noise makes many of each',
      'Kong and Rosenfeld 1989; Ohser et al. 2003',
      'any whole number for a shape',
    ),
  },
  asymmetry: {
    title: 'Left-right asymmetry',
    ...plausible(
      'mean distance of the surface to its mirror image about the best plane x = const, mm',
      'a shape turned about y or z reads as asymmetric; symmetric errors are not seen',
      'mean surface distance to the mirror image',
    ),
  },
  thickness: {
    title: 'Thickness of bone',
    ...plausible(
      'mean over bone voxels of the diameter of the largest inscribed ball that covers the voxel, mm',
      'on a grid coarser than the bone it only compares sets; a flat plate reads true to half a voxel',
      'Hildebrand and Ruegsegger 1997',
    ),
  },
  componentsShift: shift('pieces'),
  largestShareShift: shift('the largest share'),
  volumeCm3Shift: shift('volume'),
  eulerNumberShift: shift('the Euler number'),
  asymmetryShift: shift('asymmetry'),
  thicknessShift: shift('thickness'),
  emptyShare: {
    title: 'Empty masks',
    formula: 'share of generated masks without any bone voxel',
    range: SHARE,
    good: 'lower; 0 is expected',
    bias: 'none; 0 of n allows up to about 3 / n',
    blind: 'all that is wrong with masks that are not empty',
    source: "Wilson's interval of a share",
    least: 8,
    below: '0 of so few allows a large share',
  },
};

const PATTERN = new RegExp(`^(${Object.keys(SPATIAL).join('|')})([A-Z]\\w*)$`);

/** The text of a metric by its name; undefined for one that nobody described. */
export function metricDoc(name: string): MetricDoc | undefined {
  if (Object.hasOwn(NAMED, name)) return NAMED[name];
  const found = PATTERN.exec(name);
  if (found === null) return undefined;
  const doc = SPATIAL[found[1]];
  return { ...doc, title: `${doc.title} (${SPACES[found[2]] ?? found[2]})` };
}

/** The name of a metric for people. */
export const metricTitle = (name: string): string => metricDoc(name)?.title ?? name;

/** Where a metric stands in a report; those that nobody described come last. */
export function metricPlace(name: string): number {
  const spatial = Object.keys(SPATIAL);
  const named = Object.keys(NAMED);
  const found = named.includes(name) ? null : PATTERN.exec(name);
  if (found !== null) {
    const space = Object.keys(SPACES).indexOf(found[2]);
    return 100 + 20 * (space < 0 ? Object.keys(SPACES).length : space) + spatial.indexOf(found[1]);
  }
  const at = named.indexOf(name);
  // Two sets as wholes first, then features, then variation and bone.
  return at < 0 ? 1000 : at < named.indexOf('msSsim') ? at : 500 + at;
}

/** A doc as lines of name and text, for tooltips and for print. */
export function docLines({
  formula,
  range,
  good,
  bias,
  blind,
  source,
  least,
  below,
}: MetricDoc): [string, string][] {
  return [
    ['formula', formula],
    ['range', range],
    ['good', good],
    ['number of cases', `${bias}; below ${least}, ${below}`],
    ['cannot see', blind],
    ['source', source],
  ];
}

/** All metrics that are described, in the order of a report; those by features once, for all spaces. */
export function allMetricDocs(): { name: string; doc: MetricDoc }[] {
  return [
    ...Object.entries(NAMED).map(([name, doc]) => ({ name, doc })),
    ...Object.entries(SPATIAL).map(([name, doc]) => ({ name: `${name}<Space>`, doc })),
  ];
}
