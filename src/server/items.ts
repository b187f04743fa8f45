/**
 * What a folder is, told from the names in it and a look at its smallest files:
 *
 *   dataset.json                                      a dataset; with provenance.json a generated set
 *   config.yaml and metrics.jsonl, checkpoints or a   a run
 *     lock; or model.safetensors with our metadata
 *   implant.json                                      what `task complete apply` left
 *   report.html, cases.html, ..                       a page each
 *
 * What names itself one of these and cannot be read becomes a broken item with its explanation.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST, readManifest } from '../dataset/manifest.ts';
import { FACTS } from '../downstream/complete/applyFacts.ts';
import { solverText } from '../sampling/generateCard.ts';
import { PROVENANCE, readProvenance } from '../sampling/generateProvenance.ts';
import type { CompletionItem, DatasetItem, Item, PageItem } from './api.ts';
import { readCompletion } from './completion.ts';
import { explanationOf } from './errors.ts';
import { Kept, type Place } from './files.ts';
import { looksLikeRun, runItem } from './run.ts';

/** A folder found on the way. */
export interface Folder extends Place {
  /** Relative to what is viewed, with '/'; '.' for itself. */
  path: string;
  /** Names of the files in it, and of its folders. */
  files: ReadonlySet<string>;
  folders: ReadonlySet<string>;
}

/** An item and where it lies. */
export interface Found<I extends Item = Item> extends Place {
  item: I;
  /** Of a page: its name in the folder. */
  file?: string;
}

type At = { id: string; path: string };
type Facts<I extends Item> = Omit<I, keyof At>;

const PAGES: Record<string, PageItem['topic']> = {
  'report.html': 'report',
  'cases.html': 'cases',
  'evaluation.html': 'evaluation',
  'audit.html': 'audit',
  'compare.html': 'comparison',
  'task-study.html': 'study',
  'align.html': 'task',
  'complete.html': 'task',
};

/** The id of an item: 12 hex digits of SHA-256 of its path. */
export const idOf = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 12);

// By folder, whatever the folder is viewed from: without id and path.
const sets = new Kept<Facts<DatasetItem>>();
const titles = new Kept<string>();
const completions = new Kept<Facts<CompletionItem>>();

/** The items of a folder: at most one of itself, and its pages. */
export function itemsOf(folder: Folder): Found[] {
  const { root, dir, path, files } = folder;
  const at = { id: idOf(path), path };
  const own = ownItem(folder);
  const found: Found[] = [];
  if (own !== undefined) {
    let item: Item;
    try {
      item = own(at);
    } catch (error) {
      // Whatever a file holds, the others are shown.
      item = { ...at, kind: 'broken', error: explanationOf(error) };
    }
    found.push({ item, root, dir });
  }
  for (const [file, topic] of Object.entries(PAGES)) {
    if (!files.has(file)) continue;
    const page = path === '.' ? file : `${path}/${file}`;
    const title = titles.get(join(dir, file), [join(dir, file)], () => titleOf(join(dir, file)) ?? file);
    found.push({ item: { id: idOf(page), path: page, kind: 'page', topic, title }, root, dir, file });
  }
  return found;
}

/** How the folder's own item is made, where it has one. */
function ownItem({ root, dir, files, folders }: Folder): ((at: At) => Item) | undefined {
  const key = (name: string) => join(dir, name);
  if (files.has(MANIFEST))
    return (at) => ({
      ...at,
      ...sets.get(dir, [key(MANIFEST), key(PROVENANCE)], () => datasetFacts(dir, files.has(PROVENANCE))),
    });
  if (looksLikeRun({ root, dir }, files, folders)) return (at) => runItem({ root, dir }, at);
  if (files.has(FACTS))
    return (at) => ({
      ...at,
      ...completions.get(dir, [key(FACTS)], () => {
        const { method, implants } = readCompletion({ root, dir });
        const { name, network } = method;
        return { kind: 'completion', method: name, answers: implants.length, phantom: network?.phantom };
      }),
    });
  return undefined;
}

function datasetFacts(dir: string, generated: boolean): Facts<DatasetItem> {
  const { name, bone, phantom, size, spacing, cases } = readManifest(dir);
  const best = cases.reduce((a, b) => (b.quality > a.quality ? b : a));
  const facts = { name, bone, phantom, cases: cases.length, first: best.id, size, spacing };
  const made = generated ? readProvenance(dir) : undefined;
  if (made === undefined) return { kind: 'dataset', ...facts };
  const { generator, settings } = made;
  const words = `${solverText(settings)}, guidance ${generator.guidance ?? settings.guidance}`;
  return {
    kind: 'set',
    ...facts,
    made: {
      generator: generator.hash,
      objective: generator.objective,
      seed: settings.seed,
      settings: words,
    },
  };
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** What stands between <title> and </title>, as plain text. */
function titleOf(path: string): string | undefined {
  const head = Buffer.alloc(4096);
  let bytes = 0;
  try {
    const fd = openSync(path, 'r');
    try {
      bytes = readSync(fd, head, 0, head.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
  const title = /<title>([^<]*)<\/title>/.exec(head.toString('utf8', 0, bytes))?.[1].trim();
  return title === '' ? undefined : title?.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name]);
}
