/** From noise to bone: the latents of some samples on their way, decoded as they are. */
import { contactSheet } from '../../mesh/contactSheet.ts';
import { renderMask } from '../../mesh/views.ts';
import type { Generator } from '../../sampling/generator.ts';
import type { SampleOptions } from '../../sampling/latentSampler.ts';
import { SOLVERS_OF } from '../../sampling/solverNames.ts';
import type { Mask } from '../../volume/volume.ts';
import type { Naming, Part } from './part.ts';

/** Times on the way; all multiples of 1/20, the step of the solver here. */
export const TRAJECTORY_TIMES: readonly number[] = [0, 0.25, 0.5, 0.75, 0.9, 1];
const STEPS = 20;

/** The decoded state of one sample at each of `TRAJECTORY_TIMES`, with 20 steps of Euler, or of its like. */
export async function trajectory(
  generator: Generator,
  sample: Omit<SampleOptions, 'solver' | 'steps' | 'onStep'>,
): Promise<Mask[]> {
  const states = new Map<number, Float32Array>([[0, generator.noise(sample)]]);
  const solversOf = SOLVERS_OF[generator.meta.objective];
  await generator.sampleLatent({
    ...sample,
    solver: solversOf.includes('euler') ? 'euler' : solversOf[0],
    steps: STEPS,
    onStep: (done, _t, x) => void states.set(done, x.slice()),
  });
  const masks: Mask[] = [];
  for (const t of TRAJECTORY_TIMES) masks.push(await generator.decode(states.get(Math.round(t * STEPS))!));
  return masks;
}

/** The section, and the sheet `trajectory`, of samples given as rows of `trajectory`. */
export function trajectoryPart(
  rows: readonly { quality: number; masks: readonly Mask[] }[],
  { bone, phantom }: Naming,
  command?: string,
): Part {
  const sheet = contactSheet(
    rows.map(({ quality, masks }) => ({
      title: `class ${quality}`,
      cells: masks.map((mask, i) => ({
        image: renderMask(mask, { size: 190 }),
        caption: `t = ${TRAJECTORY_TIMES[i]}`,
      })),
    })),
    { title: `From noise to ${bone}`, columns: TRAJECTORY_TIMES.length, phantom },
  );
  return {
    pictures: { trajectory: sheet },
    section: {
      heading: `From noise to ${bone}`,
      prose: `A sample starts as noise (t = 0) and follows the learnt velocity to a latent of a ${bone} (t = 1). Each state on the way was decoded as if it were finished.`,
      images: [
        {
          image: sheet,
          caption: `${rows.length === 1 ? 'One sample' : `${rows.length} samples`} at t = ${TRAJECTORY_TIMES.join(', ')}; ${STEPS} steps.`,
        },
      ],
      command,
    },
  };
}
