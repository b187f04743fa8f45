/**
 * One small page of each kind, made by its own function of data that are quickly had: phantoms, spheres, and results kept in
 * docs/. Every name that comes from outside holds markup.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDataset } from '../../src/dataset/writer.ts';
import { makeBaselines } from '../../src/downstream/align/methods.ts';
import { alignPage } from '../../src/downstream/align/page.ts';
import { testAlignment } from '../../src/downstream/align/test.ts';
import { completionPage } from '../../src/downstream/complete/page.ts';
import { compareSets } from '../../src/evaluation/compareSets.ts';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { autoencoderCurves } from '../../src/evaluation/report/curves.ts';
import { comparisonPage, evaluationPage } from '../../src/evaluation/report/evaluationPage.ts';
import { galleryPart } from '../../src/evaluation/report/gallery.ts';
import { limitsSection } from '../../src/evaluation/report/limits.ts';
import { nearestPart } from '../../src/evaluation/report/nearestCases.ts';
import { blankImage, encodePng } from '../../src/mesh/png.ts';
import type { AuditRecord } from '../../src/privacy/auditRecord.ts';
import { RECORD_HEAD } from '../../src/privacy/auditRecord.ts';
import { auditPage } from '../../src/privacy/page.ts';
import { judge, LIMITS } from '../../src/privacy/verdict.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { writeCaseRecord, writeCasesPage } from '../../src/report/cases.ts';
import { buildReport } from '../../src/report/report.ts';
import { makePhantom, phantomGrid } from '../../src/skull/phantom/phantom.ts';
import { pathsOf } from '../../src/study/folder.ts';
import { studyPage } from '../../src/study/page.ts';
import { studyPlan } from '../../src/study/plan.ts';
import { taskStudyPage } from '../../src/study/task/page.ts';
import { boneSet } from '../downstream/align/bones.ts';
import { ellipsoid } from '../evaluation/helpers.ts';

export const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&=1+1`;
/** As a shell takes it, which a page must show to the letter. */
const COMMAND = `cranioflow evaluate --real 'a<b>"c' --fake 'it'\\''s' --out ${'x'.repeat(90)}`;

export const KINDS = [
  'report',
  'cases',
  'compare',
  'audit',
  'evaluation',
  'comparison',
  'align',
  'complete',
  'task-study',
] as const;
export type Kind = (typeof KINDS)[number];

const docs = (path: string) => JSON.parse(readFileSync(`docs/results/${path}`, 'utf8'));
const image = blankImage(700, 90, [200, 205, 210]);

/** The log of a training of a few hundred steps, some of whose losses are no numbers. */
function writeLog(run: string, steps = 300): void {
  mkdirSync(run, { recursive: true });
  const random = new RandomStream(1, 'test/log');
  const lines = Array.from({ length: steps }, (_, step) =>
    JSON.stringify({
      step: step + 1,
      loss: step === 40 ? null : Math.exp(-step / 100 + 0.2 * random.normal()),
      ...(step % 50 === 0 && {
        heldOutDice: step / steps,
        heldOutLoss: 1 / (step + 1),
        trainLoss: 0.9 / (step + 1),
      }),
    }),
  );
  writeFileSync(join(run, 'metrics.jsonl'), `${lines.join('\n')}\n`);
}

function dataOf(root: string) {
  const grid = phantomGrid(16);
  const cases = Array.from({ length: 8 }, (_, index) => {
    const { mask, quality } = makePhantom({ seed: 5, index, grid });
    const meta = {
      id: `case-${index}`,
      subject: `${index}`,
      source: '',
      attribution: EVIL,
      licence: 'CC0',
      quality,
    };
    return { mask, meta };
  });
  return writeDataset(
    join(root, 'data'),
    { name: EVIL, bone: 'skull', phantom: true, size: [16, 16, 16], spacing: 15, frame: 'as made' },
    cases,
    { testShare: 0.4 },
  );
}

function reportOf(root: string): string {
  const dataset = dataOf(root);
  writeLog(join(root, 'run'));
  const made = dataset.cases
    .slice(0, 4)
    .map((c) => ({ name: c.id, quality: c.quality, mask: dataset.loadMask(c) }));
  const naming = { bone: 'skull', phantom: true };
  return buildReport({
    title: EVIL,
    lead: EVIL,
    phantom: true,
    facts: [[EVIL, EVIL]],
    sections: [
      galleryPart(made, made, naming, {
        total: 4,
        heldOut: true,
        settings: EVIL,
        command: 'cranioflow generate',
      }).section,
      nearestPart(made, dataset).section,
      autoencoderCurves(join(root, 'run')),
      limitsSection(dataset),
    ],
    command: COMMAND,
  });
}

function casesOf(root: string): string {
  const png = Buffer.from(encodePng(blankImage(60, 40, [9, 90, 200]))).toString('base64');
  const picture = (title: string) => ({ title, png, width: 60, height: 40, alt: EVIL });
  const common = {
    numbers: [{ label: 'bone', value: 61.5, unit: 'cm^3' }],
    warnings: [],
    steps: [],
    slices: [],
    views: [],
  };
  writeCaseRecord(root, {
    ...common,
    id: 'S001',
    label: EVIL,
    status: 'accepted',
    quality: { score: 3, reasons: [EVIL] },
    steps: [{ title: EVIL, picture: picture('bone'), note: EVIL }],
    slices: [picture('axial')],
    views: [picture('front')],
  });
  writeCaseRecord(root, {
    ...common,
    id: 'S002',
    status: 'kept',
    warnings: [EVIL],
    quality: { score: 6, reasons: [] },
  });
  writeCaseRecord(root, { ...common, id: 'S003', status: 'refused', reason: EVIL, numbers: [] });
  return readFileSync(
    writeCasesPage(root, { title: EVIL, lead: EVIL, command: COMMAND, phantom: true }),
    'utf8',
  );
}

const shapes = (index: number, count: number) => {
  const random = new RandomStream(4, 'test/page', index);
  const half = [6, 6, 5];
  return Array.from({ length: count }, () =>
    ellipsoid([20, 18, 16], [2, 2, 2], [9.5, 8.5, 7.5], half.map((a) => a + random.between(-2, 2)) as never),
  );
};
const sets = () => ({ real: shapes(0, 12), train: shapes(1, 30) });
const figuresOf = { points: 64, chamferCases: 4, allowOverlap: true };

function auditOf(): string {
  const q = { min: 0.05, q05: 0.06, q25: 0.07, median: 0.08, q75: 0.09, q95: 0.1, max: 0.11 };
  const share = { value: 0.06, low: 0.02, high: 0.12, reference: 0.05, p: 0.4 };
  const figures = {
    counts: { fake: 100, heldOut: 40, train: 160 },
    nearCopies: { flagged: 1, leastP: 0.0001 },
    planted: [{ kind: 'exact', planted: 8, found: 8 }],
    spaces: [
      {
        space: EVIL,
        words: EVIL,
        distance: { fake: q, real: q },
        ct: { z: -0.3, p: 0.4, tested: 1, cells: 1 },
        copyRate: share,
        authenticity: share,
        isolation: { ...share, fake: q, real: q },
      },
    ],
  };
  const shape = { surface_mm: 0.6, why: null, mirrored: false, p: 0.2 };
  const record: AuditRecord = {
    ...RECORD_HEAD,
    cranioflow: '0.1.0',
    use: 'research',
    ...judge(figures, LIMITS),
    run: { hash: 'a'.repeat(64), objective: 'otfm', step: 7 },
    fake: { hash: 'b'.repeat(64), shapes: 30, empty: 1 },
    data: { name: EVIL, phantom: true, trainHash: '', heldOutHash: '' },
    seed: 0,
    limits: LIMITS,
    figures,
    shapes: Array.from({ length: 30 }, (_, i) => ({
      ...shape,
      id: i === 0 ? EVIL : `s${i}`,
      distance: 0.1 + i / 300,
      isolation: 0.4 + i / 60,
      flagged: i === 0,
    })),
    notes: [EVIL],
  };
  const distance = Array.from({ length: 20 }, (_, i) => 0.11 + i / 250);
  return auditPage(record, [{ image, shape: 0, nearest: EVIL }], { distance, isolation: distance }, COMMAND);
}

async function compareOf(root: string): Promise<string> {
  const result = docs('compare/mandibles/compare.json');
  const plan = studyPlan(result.settings, []);
  const paths = pathsOf(join(root, 'study'));
  for (const { name } of plan.trainings) writeLog(paths.run(name), 60);
  const named = {
    ...result,
    data: { ...result.data, name: EVIL },
    notes: [EVIL],
    phantom: true,
    command: COMMAND,
  };
  return studyPage(named, { plan, paths, dataset: dataOf(root) });
}

async function alignOf(): Promise<string> {
  const dataset = boneSet(9, 4);
  const test = await testAlignment({
    dataset,
    methods: makeBaselines(['pca'], dataset),
    posesPerCase: 1,
    seed: 3,
  });
  const methods = test.methods.map((m) => ({ ...m, words: EVIL, warning: EVIL }));
  return alignPage({ ...test, methods, data: { ...test.data, name: EVIL, phantom: true }, command: COMMAND });
}

function completeOf(): string {
  const record = docs('tasks/complete-mandibles.json');
  const data = { ...record.data, name: EVIL, phantom: true };
  return completionPage(
    { ...record, data, warnings: [EVIL] },
    [{ image, caption: EVIL, alt: EVIL }],
    COMMAND,
  );
}

function taskStudyOf(): string {
  const result = docs('tasks/study-phantoms.json');
  return taskStudyPage({ ...result, data: { ...result.data, name: EVIL }, notes: [EVIL], command: COMMAND });
}

/** The page of a kind; what it needs on disk goes to `root`, a folder of its own. */
export async function pageOf(kind: Kind, root: string): Promise<string> {
  const naming = { bone: EVIL, phantom: true };
  switch (kind) {
    case 'report':
      return reportOf(root);
    case 'cases':
      return casesOf(root);
    case 'compare':
      return compareOf(root);
    case 'audit':
      return auditOf();
    case 'evaluation':
      return evaluationPage(evaluateSets({ ...sets(), fake: shapes(2, 12) }, figuresOf), naming, COMMAND);
    case 'comparison':
      return comparisonPage(
        compareSets({ ...sets(), a: shapes(2, 12), b: shapes(3, 12) }, figuresOf),
        naming,
        COMMAND,
      );
    case 'align':
      return alignOf();
    case 'complete':
      return completeOf();
    case 'task-study':
      return taskStudyOf();
  }
}

/** The command that all of them are made by. */
export { COMMAND };
