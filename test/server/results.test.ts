/** Pages of results and completed bones, as commands left them and as somebody else might have. */
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ApplyFacts, ImplantFacts } from '../../src/downstream/complete/applyFacts.ts';
import { writeImplants } from '../../src/downstream/complete/applyFiles.ts';
import { maskSurface } from '../../src/mesh/surface.ts';
import type { CompletionDetail } from '../../src/server/api.ts';
import { centredGrid, type Mask } from '../../src/volume/volume.ts';
import { put, refusal, serve, temporaryFolder } from './helpers.ts';

describe('pages', () => {
  test('come as they were written, in a sandbox that runs nothing and asks for nothing', async () => {
    const root = temporaryFolder();
    const text = '<!doctype html><title>t</title><script>alert(1)</script><img src="https://evil.example/x">';
    put(join(root, 'report.html'), text);
    const { ask, items } = serve(root);
    const [page] = await items('page');
    const response = await ask(`/api/pages/${page.id}`);
    expect([response.status, await response.text()]).toEqual([200, text]);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/sandbox (?!.*allow-(scripts|same-origin|top-navigation|forms))/);
    expect(policy).toContain("frame-ancestors 'self'");
    // A page that embeds it must be kept apart from others, and so must what is embedded.
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  });

  test('that are not there', async () => {
    const root = temporaryFolder();
    put(join(root, 'report.html'), 'x');
    const { ask, items } = serve(root);
    const [page] = await items('page');
    for (const id of ['000000000000', '..%2freport.html', 'report.html', '%00'])
      expect((await refusal(await ask(`/api/pages/${id}`)))[0], id).toBe(404);
    rmSync(join(root, 'report.html'));
    expect((await refusal(await ask(`/api/pages/${page.id}`)))[0]).toBe(404);
  });
});

/** A ball and what is left around it, as `task complete apply` writes them. */
async function putCompletion(
  dir: string,
  {
    answers = 1,
    rest = true,
    warnings = [] as string[],
    network = undefined as ApplyFacts['method']['network'],
  } = {},
) {
  const grid = centredGrid([12, 12, 12], [2, 2, 2]);
  const ball = (radius: number): Mask => ({
    ...grid,
    data: Uint8Array.from({ length: 12 ** 3 }, (_, p) => {
      const at = [p % 12, Math.floor(p / 12) % 12, Math.floor(p / 144)];
      return Math.hypot(...at.map((i) => i - 5.5)) < radius ? 1 : 0;
    }),
  });
  const implants = Array.from({ length: answers }, (_, i): ImplantFacts => {
    const name = answers === 1 ? 'implant' : `implant-${i + 1}`;
    return {
      stl: `${name}.stl`,
      nrrd: `${name}.nrrd`,
      volumeCm3: { stl: 12.345, nrrd: 12 },
      shareOfBone: 0.123,
      sizeMm: [10, 20, 30],
      centroid: [0, 0, 0],
      gapMm: { asked: 0.5, surface: 0.45, voxels: { least: 0, median: 1, p95: 2 } },
      thicknessMm: { least: 1.5, median: 4 },
      pieces: i + 1,
      notes: ['a speck was left out'],
    };
  });
  const facts: ApplyFacts = {
    statement: 'Research use',
    units: 'mm',
    key: 'k',
    method: { name: 'unet', words: 'a network of 3 steps', network },
    bone: 'skull',
    input: { kind: 'mask', format: 'NRRD', spacing: [0.5, 0.5, 1], size: [12, 12, 12] },
    pose: { matrix: [], words: 'as it lies' },
    gridOfMethod: { size: [12, 12, 12], spacingMm: 2 },
    implants,
    warnings,
  };
  const mask = ball(3);
  const pieces = implants.map(() => ({ mesh: maskSurface(mask), mask }));
  await writeImplants(dir, facts, pieces, rest ? { rest: maskSurface(ball(5)) } : {});
  return facts;
}

describe('completions', () => {
  test('facts in words, and the surfaces of bone and implant', async () => {
    const root = temporaryFolder();
    await putCompletion(join(root, 'out'), { warnings: ['look at it'] });
    const { json, ask, items } = serve(root);
    const [item] = await items('completion');
    expect(item).toMatchObject({ path: 'out', method: 'unet', answers: 1 });
    const detail = await json<CompletionDetail>(`/api/completions/${item.id}`);
    expect(detail.meshes).toEqual([
      { name: 'bone.stl', role: 'rest', answer: 0, label: 'the bone that is there' },
      { name: 'implant.stl', role: 'implant', answer: 0, label: 'implant' },
    ]);
    expect([detail.gap_mm, detail.warnings]).toEqual([0.5, ['look at it']]);
    const facts = Object.fromEntries(detail.facts.map(({ label, value }) => [label, value]));
    expect(facts).toEqual({
      method: 'a network of 3 steps',
      bone: 'skull',
      input: 'mask, NRRD, 12x12x12 voxels of 0.5x0.5x1 mm',
      'patient or phantom': 'the input does not say',
      pose: 'as it lies',
      volume: '12.35 cm³, 12.3 % of the bone',
      size: '10.0 mm x 20.0 mm x 30.0 mm',
      gap: 'at least 0.45 mm (asked for 0.5 mm)',
      thickness: '4.0 mm, 1.5 mm where it is thin',
      note: 'a speck was left out',
    });
    for (const { name } of detail.meshes) {
      const mesh = await ask(`/api/completions/${item.id}/meshes/${name}`);
      expect([mesh.status, mesh.headers.get('content-type')]).toEqual([200, 'model/stl']);
      const bytes = Buffer.from(await mesh.arrayBuffer());
      expect(bytes.length).toBe(84 + 50 * bytes.readUInt32LE(80));
    }
  });

  test('what is known of phantoms: said, and only that', async () => {
    const root = temporaryFolder();
    const network = { dataset: 'd', step: 3, sha256: 'h' };
    await putCompletion(join(root, 'a-mirror'));
    await putCompletion(join(root, 'b-before'), { network });
    await putCompletion(join(root, 'c-phantoms'), { network: { ...network, phantom: true } });
    await putCompletion(join(root, 'd-patients'), { network: { ...network, phantom: false } });
    const { items } = serve(root);
    const found = await items('completion');
    expect(found.map((i) => [i.path, i.phantom])).toEqual([
      ['a-mirror', undefined],
      ['b-before', undefined],
      ['c-phantoms', true],
      ['d-patients', false],
    ]);
  });

  test('several answers; a folder of before there was a surface of the bone', async () => {
    const root = temporaryFolder();
    await putCompletion(join(root, 'out'), { answers: 3, rest: false });
    const { json, items } = serve(root);
    const [item] = await items('completion');
    expect(item.answers).toBe(3);
    const { meshes, facts } = await json<CompletionDetail>(`/api/completions/${item.id}`);
    expect(meshes.map((m) => [m.name, m.role, m.answer])).toEqual(
      [0, 1, 2].map((i) => [`implant-${i + 1}.stl`, 'implant', i]),
    );
    expect(facts.map((f) => f.label)).toContain('answer 2: pieces');
  });

  test('what implant.json may not name', async () => {
    const [root, out] = [temporaryFolder(), temporaryFolder()];
    const facts = await putCompletion(join(root, 'out'));
    const { ask, items } = serve(root);
    const [{ id }] = await items('completion');
    for (const name of ['implant.json', 'implant.nrrd', 'implant-2.stl', '..%2fout%2fimplant.stl', '%2e%2e'])
      expect((await refusal(await ask(`/api/completions/${id}/meshes/${name}`)))[0], name).toBe(404);
    const secret = put(join(out, 'secret.stl'), 'secret');
    rmSync(join(root, 'out', 'implant.stl'));
    symlinkSync(secret, join(root, 'out', 'implant.stl'));
    expect((await refusal(await ask(`/api/completions/${id}/meshes/implant.stl`)))[0]).toBe(404);
    const other = { ...facts, implants: [{ ...facts.implants[0], stl: '../../secret.stl' }] };
    writeFileSync(join(root, 'out', 'implant.json'), JSON.stringify(other));
    const [broken] = await items('broken');
    expect(broken.error.found).toMatch(/implant\.json in .* cannot be used/);
  });
});
