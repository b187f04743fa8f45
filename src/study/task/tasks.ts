/**
 * The two tasks behind one door: train a network on some cases, test it on the held-out ones. A test gives figures that are
 * errors, above 0 and less for better, one list of tests for each; the first figure is the one that is judged.
 */
import type { TaskName, TaskStudySettings } from '../../config/taskStudy.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { networkMethod } from '../../downstream/align/methods.ts';
import { testAlignment } from '../../downstream/align/test.ts';
import { trainAligner } from '../../downstream/align/train.ts';
import type { CompletionFigures } from '../../downstream/complete/measure.ts';
import { testCompletion } from '../../downstream/complete/test.ts';
import { trainCompleter } from '../../downstream/complete/train.ts';
import { openUnet } from '../../downstream/complete/unet.ts';
import type { TestError } from './effect.ts';

export interface Figure {
  name: string;
  /** In sentences: `rotation error`. */
  title: string;
  unit: string;
  /** Errors below this count as this. */
  floor: number;
}

/** The figure that sentences go by. */
export interface Judged extends Figure {
  /** A network with so large a typical error has learnt nothing. */
  useless: number;
}

export interface LearnOptions {
  out: string;
  seed: number;
  dataset: Dataset;
  /** Real cases; none where synthetic ones stand alone. */
  cases: readonly DatasetCase[];
  synthetic: readonly { dataset: Dataset; cases: readonly DatasetCase[] }[];
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
}

export interface TestOptions {
  run: string;
  dataset: Dataset;
  seed: number;
  signal?: AbortSignal;
  threads?: number;
  onProgress?: (done: number, total: number) => void;
}

export interface Task {
  name: TaskName;
  title: string;
  /** The first is judged. */
  figures: readonly [Judged, ...Figure[]];
  /** What its networks are trained and tested with: part of their keys. */
  training: object;
  testing: object;
  learn(options: LearnOptions): Promise<unknown>;
  /** Errors of the network of a run, a list a figure. */
  test(options: TestOptions): Promise<Record<string, TestError[]>>;
}

/** The error of a test, or the worst there is where it gave no answer. */
const tested = (subject: string, test: string, error: number | undefined, worst: number): TestError =>
  error === undefined ? { subject, test, error: worst, failed: true } : { subject, test, error };

/** mm across the grid: no bone on it can be farther off. */
const acrossMm = ({ grid }: Dataset): number => Math.hypot(...grid.size.map((n, a) => n * grid.spacing[a]));

const align = ({ aligner, test }: TaskStudySettings): Task => ({
  name: 'align',
  title: 'Alignment',
  figures: [
    { name: 'rotationDeg', title: 'rotation error', unit: 'degrees', floor: 0.05, useless: 60 },
    { name: 'treMm', title: 'target registration error', unit: 'mm', floor: 0.01 },
  ],
  training: aligner,
  testing: { poses: test.poses },
  learn: ({ seed, ...o }) => trainAligner({ ...o, config: { ...aligner, seed }, resume: true }),
  async test({ run, dataset, seed, signal, threads, onProgress }) {
    const method = await networkMethod(run, dataset, threads);
    try {
      const { rows } = await testAlignment({
        dataset,
        methods: [method],
        poses: ['any'],
        posesPerCase: test.poses,
        seed,
        signal,
        onProgress,
      });
      const list = (of: 'rotationDeg' | 'treMm', worst: number): TestError[] =>
        rows.map((r) => tested(r.subject, `${r.case} ${r.condition} ${r.draw}`, r.error?.[of], worst));
      return { rotationDeg: list('rotationDeg', 180), treMm: list('treMm', acrossMm(dataset)) };
    } finally {
      await method.release?.();
    }
  },
});

const complete = ({ completer, test }: TaskStudySettings): Task => ({
  name: 'complete',
  title: 'Completion',
  figures: [
    { name: 'implant', title: 'implant error (1 - Dice)', unit: '', floor: 1e-3, useless: 0.9 },
    {
      name: 'assdMm',
      title: 'mean surface distance of the implant',
      unit: 'mm',
      floor: 1e-3,
    },
  ],
  training: completer,
  testing: { defects: test.defects },
  learn: ({ seed, ...o }) => trainCompleter({ ...o, config: { ...completer, seed }, resume: true }),
  async test({ run, dataset, seed, signal, threads, onProgress }) {
    const method = await openUnet(run, { threads });
    try {
      const { rows } = await testCompletion({
        dataset,
        methods: [method],
        defectsPerCase: test.defects,
        seed,
        signal,
        onProgress,
      });
      const list = (of: (f: CompletionFigures) => number, worst: number): TestError[] =>
        rows.map((r) => tested(r.subject, `${r.case} ${r.defect}`, r.figures && of(r.figures), worst));
      return {
        implant: list((f) => 1 - f.implant.dice, 1),
        assdMm: list((f) => f.implant.assdMm, acrossMm(dataset)),
      };
    } finally {
      await method.release?.();
    }
  },
});

/** The tasks of a study, in its order. */
export const tasksOf = (settings: TaskStudySettings): Task[] =>
  settings.tasks.map((name) => ({ align, complete })[name](settings));
