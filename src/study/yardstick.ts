/** What sets are measured against. */
import type { StudySettings } from '../config/study.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { type Features, frameOf } from '../evaluation/featureSet.ts';
import { setFeatures } from '../evaluation/features.ts';
import { RandomStream } from '../random/stream.ts';
import type { Mask } from '../volume/volume.ts';

/**
 * Held-out and training masks that sets are measured against, of all classes or of one; each is loaded when first asked for,
 * and once, though its class and all classes both hold it.
 */
export class Yardstick {
  readonly #dataset: Dataset;
  readonly #settings: StudySettings;
  readonly #sides = new Map<number, Side>();
  readonly #masks = new Map<string, Mask>();

  constructor({ dataset, settings }: { dataset: Dataset; settings: StudySettings }) {
    this.#dataset = dataset;
    this.#settings = settings;
  }

  /** `quality` 0: all classes. */
  of(quality = 0): Side {
    const known = this.#sides.get(quality);
    if (known !== undefined) return known;
    const { seed, measure } = this.#settings;
    const cases = (side: 'train' | 'test') =>
      this.#dataset.split(side).filter((c) => quality === 0 || c.quality === quality);
    const training = cases('train');
    const drawn = new RandomStream(seed, 'study/train', quality).permutation(training.length);
    const train = Array.from(drawn.subarray(0, measure.train), (i) => this.#mask(training[i]));
    const side: Side = {
      real: cases('test').map((c) => this.#mask(c)),
      train,
      frame: frameOf(setFeatures(train)),
    };
    this.#sides.set(quality, side);
    return side;
  }

  #mask(found: DatasetCase): Mask {
    const mask = this.#masks.get(found.id) ?? this.#dataset.loadMask(found);
    this.#masks.set(found.id, mask);
    return mask;
  }
}

export interface Side {
  real: Mask[];
  train: Mask[];
  frame(features: Features): Features;
}
