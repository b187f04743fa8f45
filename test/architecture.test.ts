/**
 * The house rules, enforced: an import only goes down the floors of the architecture, and each heavy library has one door.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Floor of each folder of src; files directly in src are on the floor given by their name. */
const FLOORS: Record<string, number> = {
  'errors.ts': 0,
  random: 1,
  files: 1,
  config: 1,
  flow: 1.5,
  diffusion: 1.5,
  graph: 2,
  volume: 2,
  mesh: 3,
  nn: 3,
  runtime: 3,
  skull: 4,
  report: 4,
  models: 4,
  aligner: 4.5,
  dataset: 5,
  sampling: 5.5,
  evaluation: 6.5,
  training: 6.6,
  privacy: 6.7,
  downstream: 6.72,
  cards: 6.75,
  study: 6.8,
  server: 6.9,
  cli: 7,
  'index.ts': 8,
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

const files = sources('src').map((path) => {
  const text = readFileSync(path, 'utf8');
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1]);
  return { path, imports };
});

const room = (path: string) => relative('src', path).split('/')[0];

test('every folder has a floor', () => {
  const unknown = new Set(files.map((f) => room(f.path)).filter((r) => FLOORS[r] === undefined));
  expect([...unknown]).toEqual([]);
});

test('imports only go down', () => {
  const wrong: string[] = [];
  for (const { path, imports } of files)
    for (const target of imports.filter((i) => i.startsWith('.'))) {
      const from = room(path);
      const to = room(join(dirname(path), target));
      if (from !== to && FLOORS[to] >= FLOORS[from]) wrong.push(`${path} -> ${target}`);
    }
  expect(wrong).toEqual([]);
});

test('one door for each heavy library', () => {
  const doors: Record<string, string[]> = {
    onnxruntime: ['src/runtime/'],
    '@itk-wasm': ['src/volume/io/', 'src/downstream/align/elastix.ts'],
    '@observablehq': ['src/report/'],
    '@gltf-transform': ['src/mesh/'],
    commander: ['src/cli/'],
    hono: ['src/server/'],
    '@hono/': ['src/server/'],
  };
  const wrong: string[] = [];
  for (const { path, imports } of files)
    for (const [library, door] of Object.entries(doors))
      if (imports.some((i) => i.startsWith(library)) && !door.some((d) => path.startsWith(d)))
        wrong.push(`${path} imports ${library}`);
  expect(wrong).toEqual([]);
});
