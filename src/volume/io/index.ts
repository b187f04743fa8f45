/** The one door of volume files: NRRD, NIfTI and MetaImage in and out, VTK image data in. */
export { extensions, volumeExtension, writableExtensions } from './formats.ts';
export { readVolume } from './read.ts';
export { writeVolume } from './write.ts';
