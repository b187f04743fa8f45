/** The library's door: a name that comes or goes is a decision, not an accident. */
import { expect, test } from 'vitest';
import * as cranioflow from '../src/index.ts';

test('the exported names', () => {
  expect(Object.keys(cranioflow).sort()).toMatchInlineSnapshot(`
    [
      "AUTOENCODER_PRESETS",
      "CheckpointError",
      "ConfigError",
      "CranioflowError",
      "DatasetError",
      "DatasetWriter",
      "DiskError",
      "EVALUATE_DEFAULTS",
      "FileError",
      "GENERATOR_PRESETS",
      "GridError",
      "InterruptedError",
      "NumericsError",
      "RunFolderError",
      "RuntimeError",
      "Session",
      "ShapeError",
      "UsageError",
      "VolumeError",
      "autoencoderSchema",
      "diceOf",
      "evaluateSets",
      "generatorSchema",
      "ingest",
      "iouOf",
      "loadConfig",
      "makePhantomDataset",
      "openDataset",
      "overlap",
      "subjectsByPattern",
      "subjectsByTable",
      "surfaceDistances",
      "value",
      "writeAutoencoderReport",
      "writeDataset",
      "writeGeneratorReport",
      "writeRunReport",
    ]
  `);
});
