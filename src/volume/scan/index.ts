/** The one door of scans: what a user typed becomes scans, and a scan becomes a volume with its facts, or a refusal. */
export { asScan } from './asScan.ts';
export { findScans, isScanFile } from './find.ts';
export { readScan, type Scan, type ScanFacts, type ScanOptions } from './read.ts';
export { placeOf, type ScanSource } from './source.ts';
export { STACK_DEFAULTS } from './stack.ts';
