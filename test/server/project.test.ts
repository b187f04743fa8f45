/** What is found below a folder, and what is not: links that lead out, damage, names with markup, too much. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeSafetensors } from '../../src/files/safetensors.ts';
import { makeProvenance, writeProvenance } from '../../src/sampling/generateProvenance.ts';
import type { Item } from '../../src/server/api.ts';
import { Project } from '../../src/server/project.ts';
import { logOf, put, putDataset, putRun, refusal, serve, temporaryFolder } from './helpers.ts';

const PAGES = [
  'report.html',
  'cases.html',
  'evaluation.html',
  'audit.html',
  'compare.html',
  'task-study.html',
  'align.html',
  'complete.html',
];

/** A generated set: a dataset with the record of how it was made. */
function putSet(dir: string): void {
  const { cases } = putDataset(dir, 3);
  const bones = cases.map(({ id, quality }, index) => ({ id, quality, index, empty: false }));
  const meta = { bone: 'skull', phantom: true, objective: 'otfm', step: 7, dataset: 'x', dataHash: 'y' };
  const settings = {
    seed: 5,
    steps: 16,
    solver: 'heun',
    guidance: 1.5,
    quality: null,
    clean: false,
  } as const;
  writeProvenance(dir, makeProvenance(meta as never, 'a'.repeat(64), settings, bones));
}

/** Weights that say what they are of. */
const weights = (meta: object): Uint8Array =>
  Buffer.concat(
    encodeSafetensors(new Map([['w', { dtype: 'F32', shape: [2], data: new Float32Array(2) }]]), {
      cranioflow: JSON.stringify(meta),
    }),
  );

const at = (items: readonly Item[], path: string) => items.find((i) => i.path === path);

describe('what is found', () => {
  test('datasets, generated sets, runs, weights, pages and the folder itself', async () => {
    const root = temporaryFolder();
    putDataset(join(root, 'data'));
    putSet(join(root, 'made', 'skulls'));
    putRun(join(root, 'runs', 'ae'));
    putRun(join(root, 'runs', 'gen'), 5, 'steps: 9\ncoupling: independent\nobjective: ddpm\n');
    put(
      join(root, 'runs', 'gen', 'checkpoints', 'step-000004', 'model.safetensors'),
      weights({ kind: 'generator', objective: 'otfm', step: 4 }),
    );
    put(join(root, 'exported', 'model.safetensors'), weights({ kind: 'completer', step: 12 }));
    put(join(root, 'other', 'model.safetensors'), Buffer.concat(encodeSafetensors(new Map())));
    for (const name of PAGES) put(join(root, 'results', name), `<title>T &amp; ${name}</title>`);
    const { json, items } = serve(root);
    const shown = await json<{ name: string; version: string; items: Item[] }>('/api/project');
    expect(shown.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(at(shown.items, 'data')).toMatchObject({
      kind: 'dataset',
      name: 'test set',
      bone: 'skull',
      phantom: true,
      cases: 4,
      first: 'case-3',
      size: [8, 4, 12],
      spacing: 2,
    });
    expect(at(shown.items, 'made/skulls')).toMatchObject({
      kind: 'set',
      made: {
        generator: 'a'.repeat(64),
        objective: 'otfm',
        seed: 5,
        settings: 'heun, 16 steps, guidance 1.5',
      },
    });
    expect(at(shown.items, 'runs/ae')).toMatchObject({
      kind: 'run',
      network: 'autoencoder',
      step: 3,
      running: false,
    });
    // The weights are believed before the settings.
    expect(at(shown.items, 'runs/gen')).toMatchObject({ network: 'generator', objective: 'otfm', step: 5 });
    expect(at(shown.items, 'exported')).toMatchObject({ kind: 'run', network: 'completer', step: 12 });
    expect(at(shown.items, 'other')).toBeUndefined();
    const pages = await items('page');
    expect(pages.map((p) => [p.path, p.title])).toEqual(PAGES.map((p) => [`results/${p}`, `T & ${p}`]));
    expect(new Set(pages.map((p) => p.topic)).size).toBe(7);
    for (const { id } of shown.items) expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set(shown.items.map((i) => i.id)).size).toBe(shown.items.length);

    // One of them by itself.
    expect(at(new Project(join(root, 'data')).shown().items, '.')).toMatchObject({ kind: 'dataset' });
    expect(new Project(join(root, 'runs', 'ae')).shown().items).toHaveLength(1);
  });

  test('what is new appears, what is gone goes, what stays keeps its id', async () => {
    const root = temporaryFolder();
    putDataset(join(root, 'data'));
    const { items, ask } = serve(root);
    const [{ id }] = await items('dataset');
    putRun(join(root, 'run'), 2);
    const [run] = await items('run');
    expect(run.step).toBe(2);
    writeFileSync(join(root, 'run', 'metrics.jsonl'), `${logOf(6)}{"step":7,"lo`);
    expect((await items('run'))[0]).toEqual({ ...run, step: 6 });
    // A run that nobody asked the whole for yet.
    putRun(join(root, 'later'));
    renameSync(join(root, 'data'), join(root, 'moved'));
    expect((await items('dataset')).map((d) => d.path)).toEqual(['moved']);
    expect((await refusal(await ask(`/api/datasets/${id}`)))[0]).toBe(404);
    rmSync(join(root, 'moved'), { recursive: true });
    expect(await items('dataset')).toEqual([]);
  });

  test('a request for an item that was made since the last look finds it', async () => {
    const root = temporaryFolder();
    putRun(join(root, 'a'));
    const { items, ask } = serve(root);
    putRun(join(root, 'b'));
    const other = new Project(root).shown().items.find((i) => i.path === 'b')!;
    expect((await ask(`/api/runs/${other.id}`)).status).toBe(200);
    expect(await items('run')).toHaveLength(2);
  });
});

describe('what is not', () => {
  test('folders and files that a link leads out to', async () => {
    const [root, out] = [temporaryFolder(), temporaryFolder()];
    putRun(join(root, 'run'));
    putDataset(join(out, 'data'));
    put(join(out, 'secret.html'), '<title>secret</title>');
    symlinkSync(join(out, 'data'), join(root, 'linked'));
    mkdirSync(join(root, 'page'));
    symlinkSync(join(out, 'secret.html'), join(root, 'page', 'report.html'));
    mkdirSync(join(root, 'manifest'));
    symlinkSync(join(out, 'data', 'dataset.json'), join(root, 'manifest', 'dataset.json'));
    symlinkSync('..', join(root, 'run', 'round'));
    // One that stays inside is a file like any other.
    put(join(root, 'real', 'x.html'), '<title>mine</title>');
    symlinkSync('x.html', join(root, 'real', 'audit.html'));
    const { json } = serve(root);
    const { items } = await json<{ items: Item[] }>('/api/project');
    expect(items.map((i) => i.path)).toEqual(['real/audit.html', 'run']);
  });

  test('a file that became a link after it was found', async () => {
    const [root, out] = [temporaryFolder(), temporaryFolder()];
    putRun(join(root, 'run'));
    put(join(root, 'run', 'report.html'), '<title>mine</title>');
    put(join(out, 'secret'), 'secret: true\nsteps: 3\n');
    const { items, ask } = serve(root);
    const [[run], [page]] = [await items('run'), await items('page')];
    for (const name of ['config.yaml', 'report.html', 'metrics.jsonl']) {
      rmSync(join(root, 'run', name));
      symlinkSync(join(out, 'secret'), join(root, 'run', name));
    }
    const detail = await (await ask(`/api/runs/${run.id}`)).json();
    expect(detail).toMatchObject({ config: '', learningRate: [], state: { step: 0, steps: null } });
    expect((await refusal(await ask(`/api/pages/${page.id}`)))[0]).toBe(404);
  });

  test('hidden folders, checkpoints, volumes, what lies too deep', async () => {
    const root = temporaryFolder();
    putRun(join(root, 'run'));
    for (const name of ['.hidden', 'checkpoints', 'volumes', 'node_modules', 'a/b/c/d/e/f'])
      put(join(root, name, 'report.html'));
    put(join(root, 'a/b/c/d/e', 'audit.html'));
    putDataset(join(root, 'data'));
    put(join(root, 'data', 'cases', 'report.html'));
    const { items } = serve(root);
    expect((await items('page')).map((p) => p.path)).toEqual(['a/b/c/d/e/audit.html']);
  });

  test('a folder that is none, that is empty, or a file', () => {
    const root = temporaryFolder();
    expect(() => new Project(join(root, 'absent'))).toThrow(/absent cannot be viewed \(ENOENT\)/);
    expect(() => new Project(put(join(root, 'file.txt')))).toThrow(/ENOTDIR/);
    expect(() => new Project(root)).toThrow(/holds nothing to be seen/);
  });
});

describe('hostile folders', () => {
  test('damage is told, and what lies beside it is shown', async () => {
    const root = temporaryFolder();
    putRun(join(root, 'fine'));
    put(join(root, 'cut', 'dataset.json'), '{"format": ');
    put(join(root, 'odd', 'dataset.json'), '{"format": "x"}');
    putSet(join(root, 'set'));
    writeFileSync(join(root, 'set', 'provenance.json'), '[]');
    putSet(join(root, 'set2'));
    writeFileSync(
      join(root, 'set2', 'provenance.json'),
      '{"format":"cranioflow-generated","bones":[],"settings":null}',
    );
    putRun(join(root, 'yaml'), 1, 'a: [1\n');
    putRun(join(root, 'list'), 1, 'text');
    putRun(join(root, 'weights'));
    put(join(root, 'weights', 'checkpoints', 'step-000001', 'model.safetensors'), 'damaged');
    put(join(root, 'bare', 'model.safetensors'), 'damaged too');
    put(join(root, 'implant', 'implant.json'), '{"implants": []}');
    put(join(root, 'implant2', 'implant.json'), 'null');
    const { items, ask } = serve(root);
    const broken = await items('broken');
    expect(broken.map((b) => b.path)).toEqual([
      'bare',
      'cut',
      'implant',
      'implant2',
      'list',
      'odd',
      'set',
      'set2',
      'weights',
      'yaml',
    ]);
    for (const { error, path } of broken) {
      expect(Object.values(error).every((text) => typeof text === 'string' && text !== '')).toBe(true);
      if (path !== 'set2') expect(error.found).toContain(join(root, path));
    }
    expect((await items('run')).map((r) => r.path)).toEqual(['fine']);
    // A broken item is no dataset.
    expect((await ask(`/api/datasets/${broken[0].id}`)).status).toBe(404);
  });

  test('names with markup are data, whole in JSON and nowhere else', async () => {
    const root = temporaryFolder();
    const name = `<img src=x onerror=alert(1)>"'&`;
    putDataset(join(root, name));
    put(join(root, name, 'report.html'), '<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>');
    put(join(root, `${name}2`, 'audit.html'), '<p>no title');
    const { items, ask } = serve(root);
    const [set] = await items('dataset');
    expect(set.path).toBe(name);
    const pages = await items('page');
    expect(pages.map((p) => p.title)).toEqual(['<script>alert(1)</script>', 'audit.html']);
    const missing = await ask(`/api/datasets/${encodeURIComponent(name)}`);
    expect(missing.headers.get('content-type')).toMatch(/^application\/json/);
    const nothing = await ask(`/${encodeURIComponent('<b>x')}`);
    expect(nothing.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  test('more files than can be looked through end with a word about it', async () => {
    const root = temporaryFolder();
    for (const n of [1, 2, 3, 4]) putRun(join(root, `run${n}`));
    const { items } = serve(root, { names: 8 });
    expect((await items('run')).map((r) => r.path)).toEqual(['run1', 'run2', 'run3']);
    const [{ error }] = await items('broken');
    expect(error.found).toContain('more than 8 files');
  });

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be read is passed over', async () => {
    const root = temporaryFolder();
    putRun(join(root, 'run'));
    mkdirSync(join(root, 'closed'));
    chmodSync(join(root, 'closed'), 0);
    const { items } = serve(root);
    expect(await items('run')).toHaveLength(1);
  });

  test('settings that are no text of settings, and a page that is no file', async () => {
    const root = temporaryFolder();
    putRun(join(root, 'run'));
    mkdirSync(join(root, 'run', 'report.html'));
    const { items, json } = serve(root);
    expect(await items('page')).toEqual([]);
    const [{ id }] = await items('run');
    const { config } = await json<{ config: string }>(`/api/runs/${id}`);
    expect(config).toBe(readFileSync(join(root, 'run', 'config.yaml'), 'utf8'));
  });
});
