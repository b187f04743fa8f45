/**
 * What the viewer's page and the local server say to each other: types alone, shared by both sides. Every item below the
 * folder that is viewed has an id made from its relative path, so that no request ever names a path.
 *
 *   GET  /api/project                                    Project
 *   GET  /api/datasets/ID                                DatasetDetail       (datasets and generated sets)
 *   GET  /api/datasets/ID/cases/CASE/bits                packed bits (dataset/pack.ts), verified
 *   GET  /api/datasets/ID/cases/CASE/picture.png?size=N  a shaded picture
 *   POST /api/datasets/ID/decisions  Decision            -> DatasetDetail     noted in decisions.csv
 *   POST /api/datasets/ID/decisions/apply                -> DatasetDetail     carried out: dropped cases leave the dataset
 *   GET  /api/datasets/ID/cases/CASE/nearest?in=ID       Nearest
 *   GET  /api/runs/ID                                    RunDetail
 *   GET  /api/runs/ID/events                             server-sent events `metrics` (MetricsEvent), `state` (RunState), `fault` (Explanation), the last
 *   POST /api/runs/ID/stop | /resume                     -> RunState
 *   GET  /api/runs/ID/weights                            WeightsList; /weights/NAME: the safetensors file
 *   GET  /api/completions/ID                             CompletionDetail; /meshes/NAME: STL (LPS mm)
 *   GET  /api/pages/ID                                   the HTML page itself
 *
 * Errors are `{error: Explanation}` with status 400 (bad request), 404 (not there), 409 (cannot be done now) or 500.
 */
import type { Explanation } from '../errors.ts';
import type { Vec3 } from '../volume/volume.ts';

export interface Project {
  /** The base name of the folder. */
  name: string;
  version: string;
  items: Item[];
}

export type Item = DatasetItem | RunItem | PageItem | CompletionItem | BrokenItem;

interface Placed {
  /** 12 hex digits of SHA-256 of the relative path. */
  id: string;
  /** Relative to the folder viewed; '.' for itself. */
  path: string;
}

/** A dataset, or a set of generated bones. */
export interface DatasetItem extends Placed {
  kind: 'dataset' | 'set';
  name: string;
  bone: string;
  phantom: boolean;
  cases: number;
  /** The case to show for all. */
  first: string;
  size: Vec3;
  /** mm */
  spacing: number;
  /** Of a set: SHA-256 of its generator, what that learnt by, and how it was sampled. */
  made?: { generator: string; objective: string; seed: number; settings: string };
}

export interface RunItem extends Placed {
  kind: 'run';
  network: 'autoencoder' | 'encoder' | 'generator' | 'aligner' | 'completer' | 'unknown';
  /** Of a generator: otfm, ddpm or consistency. */
  objective?: string;
  step: number;
  running: boolean;
}

/** A self-contained page of results: report, cases, evaluation, audit, comparison, study or test of a task. */
export interface PageItem extends Placed {
  kind: 'page';
  topic: 'report' | 'cases' | 'evaluation' | 'audit' | 'comparison' | 'study' | 'task';
  title: string;
}

/** What `task complete apply` left: a bone and its implants. */
export interface CompletionItem extends Placed {
  kind: 'completion';
  method: string;
  answers: number;
  /** Whether its network learnt from phantoms; absent where there is no network, or it is not known. */
  phantom?: boolean;
}

/** A folder that names itself a dataset or a run and cannot be read as one. */
export interface BrokenItem extends Placed {
  kind: 'broken';
  error: Explanation;
}

export interface DatasetDetail {
  item: DatasetItem;
  /** How the masks were brought into the common frame, in words. */
  frame: string;
  /** Whether decisions can be carried out here. */
  editable: boolean;
  /** Why decisions.csv cannot be read; the cases are shown without it. */
  undecided?: Explanation;
  cases: CaseRow[];
}

export interface CaseRow {
  id: string;
  subject: string;
  source: string;
  attribution: string;
  licence: string;
  quality: number;
  voxels: number;
  split: 'train' | 'test';
  /** Why the quality is not 6, notes of reading; plain text. */
  reasons: string[];
  notes: string[];
  /** What a person decided and was not yet carried out, or accepted for good. */
  decision?: Decision['decision'];
  /** Of a generated bone. */
  index?: number;
}

export interface Decision {
  case: string;
  decision: 'accept' | 'drop' | 'undecided';
}

export interface Nearest {
  /** Most alike first, by Dice; at most six. */
  cases: NearCase[];
  compared: number;
  /** Ids of cases that were not compared: their volumes are missing or damaged. */
  unreadable?: string[];
}

export interface NearCase {
  id: string;
  dice: number;
  /** Mean distance of the surfaces, mm. */
  assd_mm: number;
}

export interface RunState {
  running: boolean;
  /** A process of this machine writes the run, so that it can be stopped from here. */
  canStop: boolean;
  /** The run stopped before its end and the command that began it is known. */
  canResume: boolean;
  step: number;
  steps: number | null;
  /** Steps a second, measured since the page watches. */
  rate: number | null;
  /** What a resumed training that failed said. */
  failed?: string;
}

export interface MetricsEvent {
  /** True where these are the first lines: what came before on the page is to be forgotten. */
  first: boolean;
  lines: ({ step: number } & Record<string, number>)[];
}

export interface RunDetail {
  item: RunItem;
  state: RunState;
  /** config.yaml as text. */
  config: string;
  /** Learning rate at steps along the way. */
  learningRate: { step: number; rate: number }[];
  /** Checkpoints on disk. */
  checkpoints: number[];
}

export interface WeightsList {
  /** `model.safetensors`, and `autoencoder.safetensors` of a generator. */
  files: { name: string; bytes: number }[];
}

export interface CompletionDetail {
  item: CompletionItem;
  /** STL files: the bone that is there and each answer's implant. */
  meshes: { name: string; role: 'rest' | 'implant'; answer: number; label: string }[];
  /** What implant.json says, in pairs of label and value. */
  facts: { label: string; value: string }[];
  warnings: string[];
  gap_mm: number;
}
