/** `site.json`: what an exported page knows of itself and of its generator. Read by the page (web/site). */

export const SITE_FORMAT = 'cranioflow-site';

export interface SiteRecord {
  format: typeof SITE_FORMAT;
  /** The program that exported it. */
  cranioflow: string;
  bone: string;
  phantom: boolean;
  /** What the generator learnt from, as its card says it, in plain text. */
  origin: string;
  /** A training with differential privacy promises something: the card says what. */
  private: boolean;
  /** Class that is chosen at first; absent: drawn as in the training set. */
  quality?: number;
  model: {
    /** Folder beside the page with the weights and their card, named by a hash of the weights files. */
    folder: string;
    /** Of the weights together. */
    bytes: number;
    /** SHA-256 of each weights file, by its name in the folder. */
    sums: Record<string, string>;
  };
  /** Every file of the page but this one, relative to it. */
  files: string[];
}
