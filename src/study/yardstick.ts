/** What sets are measured against. */
import type { StudySettings } from '../config/study.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type Features, frameOf } from '../evaluation/featureSet.ts';
import { setFeatures } from '../evaluation/features.ts';
import { RandomStream } from '../random/stream.ts';
import type { Mask } from '../volume/volume.ts';

/** Held-out and training masks that sets are measured against, of all classes or of one; loaded when first asked for. */
export class Yardstick {
  readonly #dataset: Dataset;
  readonly #settings: StudySettings;
  readonly #loaded = new Map<number, Side>();

  constructor({ dataset, settings }: { dataset: Dataset; settings: StudySettings }) {
    this.#dataset = dataset;
    this.#settings = settings;
  }

  /** `quality` 0: all classes. */
  of(quality = 0): Side {
    const known = this.#loaded.get(quality);
    if (known !== undefined) return known;
    const { seed, measure } = this.#settings;
    const cases = (side: 'train' | 'test') =>
      this.#dataset.split(side).filter((c) => quality === 0 || c.quality === quality);
    const training = cases('train');
    const drawn = new RandomStream(seed, 'study/train', quality).permutation(training.length);
    const train = Array.from(drawn.subarray(0, measure.train), (i) => this.#dataset.loadMask(training[i]));
    const side: Side = {
      real: cases('test').map((c) => this.#dataset.loadMask(c)),
      train,
      frame: frameOf(setFeatures(train)),
    };
    this.#loaded.set(quality, side);
    return side;
  }
}

export interface Side {
  real: Mask[];
  train: Mask[];
  frame(features: Features): Features;
}
