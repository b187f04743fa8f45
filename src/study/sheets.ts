/**
 * The same noise through both arms, side by side: bones at equal seeds from each arm's main set, under held-out ones of the
 * same classes; and one bone as the number of network evaluations falls. Nothing is picked: the first indices are shown.
 */
import type { Dataset } from '../dataset/dataset.ts';
import { matchClasses } from '../evaluation/report/gallery.ts';
import { kindOf, type Naming, sharedFramings } from '../evaluation/report/part.ts';
import { contactSheet, type SheetRow } from '../mesh/contactSheet.ts';
import type { Image } from '../mesh/png.ts';
import { renderMask } from '../mesh/views.ts';
import type { Picture } from '../report/figure.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import { samplingText } from './figures.ts';
import type { StudyPaths } from './folder.ts';
import { type MadeBone, madeBones } from './measures.ts';
import { NAME } from './outcome.ts';
import { ARMS, type Point, type SetUnit, type StudyPlan } from './plan.ts';

interface Cell {
  mask: Mask;
  caption: string;
}

/** One sheet of rows in one scale, `across` pictures side by side. */
function sheetOf(
  rows: { title: string; cells: Cell[] }[],
  across: number,
  phantom: boolean,
  title: string,
): Image {
  const masks = rows.flatMap((row) => row.cells.map((cell) => cell.mask));
  const [framing] = sharedFramings(masks, ['threeQuarter'], Math.floor(1120 / across), 200);
  const drawn: SheetRow[] = rows.map((row) => ({
    title: row.title,
    cells: row.cells.map(({ mask, caption }) => ({ image: renderMask(mask, framing), caption })),
  }));
  return contactSheet(drawn, { columns: across, gap: 8, phantom, title });
}

const settingOf = ({ sampling, nfe }: SetUnit): string =>
  samplingText({ solver: sampling.solver, nfe, guidance: sampling.guidance });

/** Both sheets; the second is left out where no solver was tried at several counts. */
export function studySheets(plan: StudyPlan, paths: StudyPaths, dataset: Dataset, count: number): Picture[] {
  const naming: Naming = { bone: dataset.manifest.bone, phantom: dataset.manifest.phantom };
  const nothing = (): Mask => ({ ...dataset.grid, data: new Uint8Array(voxelCount(dataset.grid.size)) });
  const cellOf = (bone: MadeBone, caption: string): Cell => ({
    mask: bone.mask ?? nothing(),
    caption: bone.mask === undefined ? `${caption} · empty` : caption,
  });
  const mains = ARMS.map(
    (arm) => plan.points.find((p) => p.axis === 'main' && p.arm === arm)!.measures[0].set,
  );
  const shown = mains.map((set) => madeBones(paths.set(set.name), count));
  const wanted = shown.find((bones) => bones.length > 0) ?? [];
  const held = matchClasses(wanted, dataset.split('test')).map((c) => ({
    mask: dataset.loadMask(c),
    caption: `class ${c.quality}`,
  }));
  const rows = [
    { title: `Held-out ${kindOf(naming)} ${naming.bone}s of the same classes`, cells: held },
    ...mains.map((set, a) => ({
      title: `${NAME[ARMS[a]]} · ${settingOf(set)}`,
      cells: shown[a].map((bone) => cellOf(bone, `class ${bone.quality} · noise ${bone.index}`)),
    })),
  ].filter((row) => row.cells.length > 0);
  const pictures: Picture[] = [];
  if (rows.length > 0)
    pictures.push({
      image: sheetOf(rows, Math.min(count, 6), naming.phantom, 'Equal seeds'),
      caption: `The first ${wanted.length} bones of training seed 0: those of one column start from the same noise and ask for the same class in both arms. Held-out ones are of the same classes and have no other relation to their column.`,
    });
  const way = fallingRows(plan, paths, cellOf);
  if (way.length > 0)
    pictures.push({
      image: sheetOf(
        way,
        Math.max(...way.map((row) => row.cells.length)),
        naming.phantom,
        'Fewer evaluations',
      ),
      caption:
        'The first bone of training seed 0 by the number of network evaluations, the same noise in every picture.',
    });
  return pictures;
}

/** A row a solver that was tried at two counts or more. */
function fallingRows(plan: StudyPlan, paths: StudyPaths, cellOf: (bone: MadeBone, caption: string) => Cell) {
  const bySolver = new Map<string, Point[]>();
  for (const point of plan.points.filter((p) => p.axis === 'evaluations')) {
    const name = `${NAME[point.arm]} · ${point.solver}`;
    bySolver.set(name, [...(bySolver.get(name) ?? []), point]);
  }
  return [...bySolver]
    .filter(([, points]) => points.length > 1)
    .map(([title, points]) => ({
      title,
      cells: points.flatMap((point) =>
        madeBones(paths.set(point.measures[0].set.name), 1).map((bone) => cellOf(bone, `${point.nfe}`)),
      ),
    }))
    .filter((row) => row.cells.length > 0);
}
