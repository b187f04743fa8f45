/** Routes of datasets and generated sets: their cases, bits, pictures, decisions, and the nearest of another set. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { type Dataset, openDataset } from '../dataset/dataset.ts';
import { type DatasetCase, MANIFEST } from '../dataset/manifest.ts';
import type { Explanation } from '../errors.ts';
import { PROVENANCE, readProvenance } from '../sampling/generateProvenance.ts';
import type { CaseRow, DatasetDetail, DatasetItem, Decision } from './api.ts';
import type { Shop } from './app.ts';
import { badRequest, cannotNow, explanationOf, notThere } from './errors.ts';
import { DECISIONS, Kept, requireInside } from './files.ts';
import type { Found } from './items.ts';
import { PIXELS, Pictures } from './picture.ts';

interface Opened {
  dataset: Dataset;
  cases: ReadonlyMap<string, DatasetCase>;
  /** Of generated bones, by id. */
  index: ReadonlyMap<string, number>;
}

const KINDS = ['dataset', 'set'] as const;
const DECIDED: readonly Decision['decision'][] = ['accept', 'drop', 'undecided'];

/** Loaded when it is needed: it brings the reading of scans with it, and a page should be there at once. */
const decisions = () => import('./decisions.ts');

export function datasetRoutes({ project, drawing, searching }: Shop): Hono {
  const kept = new Kept<Opened>();
  const pictures = new Pictures();
  const open = ({ root, dir }: Found): Opened =>
    kept.get(dir, [join(dir, MANIFEST), join(dir, PROVENANCE)], () => {
      requireInside({ root, dir }, PROVENANCE);
      const dataset = openDataset(dir);
      const bones = readProvenance(dir)?.bones ?? [];
      return {
        dataset,
        cases: new Map(dataset.cases.map((c) => [c.id, c])),
        index: new Map(bones.map((b) => [b.id, b.index])),
      };
    });
  const caseOf = (found: Found, id: string): { dataset: Dataset; row: DatasetCase } => {
    const { dataset, cases } = open(found);
    const row = cases.get(id);
    if (row === undefined) throw notThere(`the case ${id}`);
    requireInside(found, row.volume);
    return { dataset, row };
  };
  /** The item anew: what was decided changes how many cases there are. */
  const detail = (id: string): Promise<DatasetDetail> => {
    const found = project.find(id, ...KINDS);
    return detailOf(found, open(found));
  };

  const routes = new Hono();
  routes.get('/:id', async (c) => c.json(await detail(c.req.param('id'))));

  routes.get('/:id/cases/:case/bits', (c) => {
    const { dataset, row } = caseOf(project.find(c.req.param('id'), ...KINDS), c.req.param('case'));
    c.header('Content-Type', 'application/octet-stream');
    return c.body(dataset.loadBits(row) as Uint8Array<ArrayBuffer>);
  });

  routes.get('/:id/cases/:case/picture.png', async (c) => {
    const pixels = Number(c.req.query('size') ?? PIXELS.usual);
    if (!Number.isInteger(pixels) || pixels < PIXELS.least || pixels > PIXELS.most)
      throw badRequest('a size of the picture', `a whole number from ${PIXELS.least} to ${PIXELS.most}`);
    const { dataset, row } = caseOf(project.find(c.req.param('id'), ...KINDS), c.req.param('case'));
    const { dir, manifest } = dataset;
    const { volume, sha256 } = row;
    const ask = { dir, volume, sha256, size: manifest.size, spacing: manifest.spacing, pixels };
    const key = Pictures.key(ask);
    let png = pictures.get(key);
    if (png === undefined) {
      png = await drawing.run('picture', ask, c.req.raw.signal);
      pictures.set(key, png);
    }
    c.header('Content-Type', 'image/png');
    return c.body(png as Uint8Array<ArrayBuffer>);
  });

  routes.post('/:id/decisions', async (c) => {
    const found = editable(project.find(c.req.param('id'), ...KINDS));
    const { case: id, decision } = decisionOf(await c.req.json().catch(() => undefined));
    const { noteDecision } = await decisions();
    noteDecision(found, caseOf(found, id).row, decision);
    return c.json(await detail(c.req.param('id')));
  });

  routes.post('/:id/decisions/apply', async (c) => {
    const found = editable(project.find(c.req.param('id'), ...KINDS));
    await searching.run('apply', { root: found.root, dir: found.dir });
    return c.json(await detail(c.req.param('id')));
  });

  routes.get('/:id/cases/:case/nearest', async (c) => {
    const set = project.find(c.req.param('id'), ...KINDS);
    const data = project.find(c.req.query('in') ?? '', ...KINDS);
    const { row } = caseOf(set, c.req.param('case'));
    const ask = { root: set.root, set: set.dir, id: row.id, data: data.dir };
    return c.json(await searching.run('nearest', ask, c.req.raw.signal));
  });
  return routes;
}

function decisionOf(body: unknown): Decision {
  const { case: id, decision } = (body ?? {}) as Partial<Decision>;
  if (typeof id === 'string' && decision !== undefined && DECIDED.includes(decision))
    return { case: id, decision };
  throw badRequest('a decision that is none', `{case, decision: ${DECIDED.join(' | ')}}`);
}

const isWritable = (dir: string): boolean => {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

function editable(found: Found<DatasetItem>): Found<DatasetItem> {
  if (found.item.kind === 'dataset' && isWritable(found.dir)) return found;
  throw cannotNow(
    found.item.kind === 'set'
      ? 'a generated set: its bones are as its settings make them'
      : `${found.item.path} cannot be written`,
    'a dataset in a folder that can be written',
    found.item.kind === 'set' ? 'generate with other settings' : 'make the folder writable',
  );
}

/** What was decided; a table that cannot be read is told of, and the cases can be looked at all the same. */
async function decidedOf(
  found: Found<DatasetItem>,
  dataset: Dataset,
): Promise<{ decided: ReadonlyMap<string, 'accept' | 'drop'>; undecided?: Explanation }> {
  if (found.item.kind !== 'dataset' || !existsSync(join(found.dir, DECISIONS))) return { decided: new Map() };
  try {
    return { decided: (await decisions()).decisionsOn(found, dataset.cases) };
  } catch (error) {
    return { decided: new Map(), undecided: explanationOf(error) };
  }
}

async function detailOf(found: Found<DatasetItem>, { dataset, index }: Opened): Promise<DatasetDetail> {
  const { item, dir } = found;
  const isData = item.kind === 'dataset';
  const { decided, undecided } = await decidedOf(found, dataset);
  return {
    item: { ...item, cases: dataset.cases.length },
    frame: dataset.manifest.frame,
    editable: isData && undecided === undefined && isWritable(dir),
    ...(undecided && { undecided }),
    cases: dataset.cases.map((row): CaseRow => {
      const { id, subject, source, attribution, licence, quality, voxels, split, provenance } = row;
      const decision = decided.get(id);
      const number = index.get(id);
      return {
        id,
        subject,
        source,
        attribution,
        licence,
        quality,
        voxels,
        split,
        reasons: provenance?.qualityReasons ?? [],
        notes: provenance?.notes ?? [],
        ...(decision !== undefined && { decision }),
        ...(number !== undefined && { index: number }),
      };
    }),
  };
}
