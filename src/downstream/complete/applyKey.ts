/**
 * What decides an implant, as one key: the bone and where it lies, the settings, the networks and files by what they hold. A
 * folder that holds an implant of another key is not written into.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { packageVersion } from '../../files/version.ts';
import type { Mask } from '../../volume/volume.ts';
import type { ApplyOptions } from './apply.ts';
import type { OpenedMethod } from './methods.ts';

/** SHA-256 over a bone, where it lies, and `settings`. */
export function keyOf(bone: Mask, settings: object): string {
  const { size, spacing, origin, direction } = bone;
  return createHash('sha256')
    .update(JSON.stringify({ size, spacing, origin, direction, settings }))
    .update(bone.data)
    .digest('hex');
}

/** A file by what it holds, not by its name; a folder, or what is no file, by its name. */
function contentOf(path: string | undefined): string | undefined {
  if (path === undefined || !existsSync(path) || !statSync(path).isFile()) return path;
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** What decides the implant beside the bone. */
export function settingsOf(
  o: ApplyOptions,
  { network, template }: OpenedMethod,
  hashOf: (aligner: string) => string,
): object {
  const onto = template && createHash('sha256').update(template.data).digest('hex');
  const { method, frame, alignTo, aligner, aligned, region, gapMm, pieces, answers, seed } = o;
  return {
    version: packageVersion(),
    method,
    frame,
    alignTo: contentOf(alignTo),
    aligner: aligner && hashOf(aligner),
    aligned,
    region: contentOf(region),
    gapMm,
    pieces,
    answers,
    seed,
    network: network?.hash,
    onto,
  };
}
