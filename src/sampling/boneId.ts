/** How generated bones are called, in sets and as files. */

/** `Mouse skull!` -> `mouse-skull`: a bone's name as part of a file name. */
export function boneSlug(bone: string): string {
  const slug = bone
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return slug === '' ? 'bone' : slug;
}

/** `skull-s7-00017`. */
export function boneId(bone: string, seed: number, index: number): string {
  return `${boneSlug(bone)}-s${seed}-${String(index).padStart(5, '0')}`;
}
