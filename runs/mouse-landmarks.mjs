// Alignment of mouse skulls held to a truth of its own: 45 landmarks that experts set on each skull in its original micro-CT.
// The network (where a run is given) and its peers take the original volumes of held-out skulls, in the poses they were scanned
// in; 30 of the 51 skulls have landmarks in the space of their scan. Prints a table; writes landmarks.json and landmarks.md.
// Usage: node runs/mouse-landmarks.mjs [DATA] [OUT] [METHODS, comma-separated] [RUN]   (data as runs/compare.sh mouse-skulls makes)
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [
  data = 'runs/out/compare-mouse-skulls/data',
  out = 'runs/out/mouse-landmarks',
  names = 'pca,match,icp',
  run,
] = process.argv.slice(2);
const bones = join(root, '../shared/data/mouse_skull_microct_GPL-3');
const load = (path) => import(join(root, 'dist', path));
const { openDataset } = await load('dataset/dataset.js');
const { makeBaselines, networkMethod } = await load('downstream/align/methods.js');
const { readSpecimens } = await load('downstream/align/landmarkSpecimens.js');
const { testLandmarks } = await load('downstream/align/landmarkTruth.js');
const { landmarkTable } = await load('downstream/align/table.js');

const dataset = openDataset(data);
const specimens = await readSpecimens(dataset, {
  volumes: join(bones, 'targets'),
  landmarks: join(bones, 'target_LMs'),
  bone: { threshold: 'otsu' },
});
const { train, test, elsewhere, without } = specimens;
console.error(
  `${train.length} training and ${test.length} held-out skulls; left out: ${elsewhere} whose landmarks are of another space, ${without} without`,
);
const methods = makeBaselines(names.split(','), dataset);
if (run !== undefined) methods.unshift(await networkMethod(run, dataset));
const result = await testLandmarks({ data: dataset.manifest.name, train, test, methods });
for (const method of methods) await method.release?.();
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'landmarks.json'), `${JSON.stringify(result, null, 1)}\n`);
writeFileSync(join(out, 'landmarks.md'), landmarkTable(result));
process.stdout.write(landmarkTable(result));
