/**
 * What metrics by features mean: one text for every space, and the words of the spaces. Part of the table of metricDocs.ts,
 * whose terms it uses.
 */

export interface MetricDoc {
  /** In words, for people. */
  title: string;
  /** In one line. */
  formula: string;
  range: string;
  /** Which way is good. */
  good: string;
  /** What the number of cases does to it. */
  bias: string;
  /** What it cannot see. */
  blind: string;
  source: string;
  /** Cases (of each set) below which it says next to nothing: no verdict is given. */
  least: number;
  /** What happens below that, for the warning. */
  below: string;
}

const SHARE = '0 to 1';

const NEIGHBOURS = {
  least: 12,
  below:
    'the 3rd to 5th neighbour of so few lies at the other end of the set, so that radii cover all there is',
};

/** Metrics by features: one text for every space, in the order of the report. */
export const SPATIAL: Readonly<Record<string, MetricDoc>> = {
  kid: {
    title: 'KID',
    formula: "unbiased MMD^2: mean k(x, x') + mean k(y, y') - 2 mean k(x, y), k = (x.y / dim + 1)^3",
    range: 'about 0 and up; a little below 0 by chance',
    good: 'lower; 0 on average for equal distributions, at any size of sets',
    bias: 'none on average; the interval is too wide near 0',
    blind: 'what the features do not hold; differences beyond third moments',
    source: 'Binkowski et al. 2018',
    least: 8,
    below: 'chance outweighs all but gross differences',
  },
  fid: {
    title: 'FID',
    formula:
      '(|mu_X - mu_Y|^2 + Tr(S_X + S_Y - 2 (S_X^1/2 S_Y S_X^1/2)^1/2)) / dim, features at training variance 1',
    range: '0 and up',
    good: 'lower, down to what real shapes in the same numbers score',
    bias: 'upwards, strongly where n is not well above the number of features (covariances without full rank): lead with KID',
    blind: 'all but means and covariances: a mixture and a blur can look equal',
    source: 'Heusel et al. 2017',
    least: 8,
    below: 'it is mostly bias',
  },
  precision: {
    title: 'Precision',
    formula: "share of Y within the distance of some X to that X's 3rd nearest real neighbour",
    range: SHARE,
    good: 'higher, up to what real shapes score',
    bias: 'one outlying real shape has a wide radius and lets many in',
    blind: 'kinds that are missing; how densely they lie',
    source: 'Kynkaanniemi et al. 2019',
    ...NEIGHBOURS,
  },
  recall: {
    title: 'Recall',
    formula: "share of X within the distance of some Y to that Y's 3rd nearest generated neighbour",
    range: SHARE,
    good: 'higher, up to what real shapes score',
    bias: 'scattered generated shapes have wide radii and score well',
    blind: 'quality: noise around the data recalls it',
    source: 'Kynkaanniemi et al. 2019',
    ...NEIGHBOURS,
  },
  density: {
    title: 'Density',
    formula: '1 / (5 m) sum over Y of the number of X whose 5th-neighbour radius holds it',
    range: '0 and up',
    good: 'higher, up to what real shapes score (about 1); above: crowded where real shapes are common',
    bias: 'little with n; unbounded above',
    blind: 'kinds that are missing: one typical shape over and over scores above 1',
    source: 'Naeem et al. 2020',
    ...NEIGHBOURS,
  },
  coverage: {
    title: 'Coverage',
    formula: 'share of X with a Y nearer than their 5th nearest real neighbour',
    range: SHARE,
    good: 'higher, up to what real shapes score (about 0.97 for n = m)',
    bias: 'grows with m',
    blind: 'bad generated shapes beside good ones',
    source: 'Naeem et al. 2020',
    ...NEIGHBOURS,
  },
  pPrecision: {
    title: 'P-precision',
    formula:
      'mean over Y of 1 - prod over X of (1 - max(0, 1 - d / R)), R = 1.2 x mean 4th-neighbour distance of X',
    range: SHARE,
    good: 'higher, up to what real shapes score',
    bias: 'grows a little with n',
    blind: 'kinds that are missing',
    source: 'Park and Kim 2023',
    ...NEIGHBOURS,
  },
  pRecall: {
    title: 'P-recall',
    formula:
      'mean over X of 1 - prod over Y of (1 - max(0, 1 - d / R)), R = 1.2 x mean 4th-neighbour distance of Y',
    range: SHARE,
    good: 'higher, up to what real shapes score',
    bias: 'grows a little with m',
    blind: 'quality, though less than recall: R is shared by all',
    source: 'Park and Kim 2023',
    ...NEIGHBOURS,
  },
};

/** Spaces of features by the end of a metric's name. */
export const SPACES: Readonly<Record<string, string>> = {
  Features: 'shape features',
  Shape: 'shape space',
  Latent: "autoencoder's latents",
  Encoder: 'contrastive encoder',
  Extractor: 'your extractor',
};
