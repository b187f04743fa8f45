/**
 * cranioflow for programs: what the commands do, as typed functions, in the order of the pipeline. What is not exported
 * here may change at any time.
 */

// The two clinical tasks: methods behind one door each, their trainings, tests and use, and the study of what bones are worth.
export { type Aligner, openAligner } from './aligner/aligner.ts';
export { ALIGNER_PRESETS, type AlignerConfig, alignerSchema } from './config/aligner.ts';
export { COMPLETER_PRESETS, type CompleterConfig, completerSchema } from './config/completer.ts';
export { ENCODER_PRESETS, type EncoderConfig, encoderSchema } from './config/encoder.ts';
export {
  DISTIL_PRESETS,
  type DistilConfig,
  distilSchema,
  REFLOW_PRESETS,
  type ReflowConfig,
  reflowSchema,
} from './config/fewStep.ts';
// Configurations: defaults < preset < file < overrides.
export { type ConfigSources, loadConfig } from './config/load.ts';
export {
  AUTOENCODER_PRESETS,
  type AutoencoderConfig,
  autoencoderSchema,
  DECODER_PRESETS,
  type DecoderConfig,
  decoderSchema,
  GENERATOR_PRESETS,
  type GeneratorConfig,
  generatorSchema,
  type PresetName,
} from './config/schemas.ts';
export { STUDY_PRESETS, type StudySettings, studySchema } from './config/study.ts';
export { TASK_STUDY_PRESETS, type TaskStudySettings, taskStudySchema } from './config/taskStudy.ts';
// Datasets: folders of masks on one grid, split by subject.
export { type Dataset, openDataset } from './dataset/dataset.ts';
export { type IngestOptions, type IngestProgress, type IngestResult, ingest } from './dataset/ingest.ts';
export { type CaseFacts, type InputFile, subjectsByPattern, subjectsByTable } from './dataset/inputs.ts';
export type { DatasetCase, DatasetManifest } from './dataset/manifest.ts';
export { makePhantomDataset, type PhantomSetOptions } from './dataset/phantoms.ts';
export type { Split } from './dataset/split.ts';
export { type DatasetHeader, DatasetWriter, type NewCase, writeDataset } from './dataset/writer.ts';
export { applyAligner } from './downstream/align/apply.ts';
export type { AlignEstimate, AlignMethod } from './downstream/align/method.ts';
export { makeBaselines } from './downstream/align/methods.ts';
export { type AlignTest, type AlignTestOptions, testAlignment } from './downstream/align/test.ts';
export { type TrainAlignerOptions, trainAligner } from './downstream/align/train.ts';
export { applyCompletion } from './downstream/complete/apply.ts';
export type { CompleteOptions, Completion, CompletionMethod } from './downstream/complete/method.ts';
export { mirrorMethod } from './downstream/complete/mirror.ts';
export {
  openPrior,
  PRIOR_DEFAULTS,
  PriorCompletion,
  type PriorOptions,
} from './downstream/complete/prior.ts';
export { type CompletionTestOptions, testCompletion } from './downstream/complete/test.ts';
export { type CompleterTraining, trainCompleter } from './downstream/complete/train.ts';
export { openUnet } from './downstream/complete/unet.ts';
export {
  applyDefect,
  type Defect,
  DefectError,
  type DefectOptions,
  drawDefect,
} from './downstream/defects/defect.ts';
export {
  cutImplant,
  type Implant,
  ImplantError,
  type ImplantOptions,
} from './downstream/implant/cutImplant.ts';
export { implantMesh } from './downstream/implant/implantMesh.ts';
// Errors: `error.explanation` says what was found, what was expected and what to do.
export {
  CheckpointError,
  ConfigError,
  CranioflowError,
  DatasetError,
  DiskError,
  type Explanation,
  FileError,
  GridError,
  InterruptedError,
  NumericsError,
  RunFolderError,
  ScanError,
  ShapeError,
  UsageError,
  VolumeError,
} from './errors.ts';
// Evaluation and reports.
export {
  EVALUATE_DEFAULTS,
  type EvaluateOptions,
  evaluateSets,
  type MaskSets,
} from './evaluation/evaluateSets.ts';
export { diceOf, iouOf, type Overlap, overlap } from './evaluation/overlap.ts';
export {
  type GeneratorReportOptions,
  type RunReportOptions,
  type WrittenReport,
  writeAutoencoderReport,
  writeEncoderReport,
  writeGeneratorReport,
  writeRunReport,
} from './evaluation/runReport.ts';
export type { SetEvaluation, SetMetric } from './evaluation/setReport.ts';
// Feature spaces: what `spaces` of `evaluateSets` are described in.
export { type DescribedSpace, describeSets } from './evaluation/spaces/describedSpace.ts';
export { openEncoderSpace } from './evaluation/spaces/encoder.ts';
export { type ExtractorOptions, openExtractorSpace } from './evaluation/spaces/extractor.ts';
export { openLatentSpace } from './evaluation/spaces/latent.ts';
export { plainSpace } from './evaluation/spaces/plain.ts';
export type { FeatureSpace } from './evaluation/spaces/space.ts';
export { type SurfaceDistances, surfaceDistances } from './evaluation/surfaceDistance.ts';
// Scans, meshes and the bone in them: the steps of `ingest`, each by itself.
export type { Mesh } from './mesh/mesh.ts';
export { type ReadMesh, type ReadMeshOptions, readMesh } from './mesh/readMesh.ts';
export { gridAround, type Solid, solidOf, voxelise } from './mesh/voxelise.ts';
// Running the exported models.
export {
  type Device,
  RuntimeError,
  Session,
  type SessionOptions,
  type Value,
  value,
} from './runtime/session.ts';
// Generation, and the study of its two objectives.
export type { AutoencoderWeights } from './sampling/autoencoder.ts';
export { type GeneratedSet, type GenerateSetOptions, generateSet } from './sampling/generateSet.ts';
export { Generator, type GeneratorWeights } from './sampling/generator.ts';
export type { SampleOptions, SampleSettings } from './sampling/latentSampler.ts';
export { readAutoencoder } from './sampling/readAutoencoder.ts';
export { readGenerator } from './sampling/readGenerator.ts';
export { type SolverName, sampleDefaults } from './sampling/solverNames.ts';
export type { Solver, Velocity } from './sampling/solvers/solver.ts';
export { SOLVERS } from './sampling/solvers.ts';
export { withDecoder } from './sampling/withDecoder.ts';
export { type Markups, readMarkups } from './skull/landmarks.ts';
export { type Quality, type QualityFacts, qualityScore } from './skull/quality.ts';
export { frameFromLandmarks } from './skull/register/frame.ts';
export { type RegisterOptions, type Registration, registerRigid } from './skull/register/registerRigid.ts';
export { skullTemplate, type Template, templateOf } from './skull/register/template.ts';
export {
  applyTransform,
  composeTransforms,
  invertTransform,
  type Transform,
  transformFromMatrix,
  transformToMatrix,
} from './skull/register/transform.ts';
export {
  cleanMask,
  type Segmentation,
  type SegmentOptions,
  segmentBone,
} from './skull/segment/segmentBone.ts';
export { runStudy, type StudyOptions, type StudyResult } from './study/study.ts';
export { runTaskStudy, type TaskStudyOptions, type TaskStudyResult } from './study/task/taskStudy.ts';
// Training, in the order of the pipeline.
export { trainAutoencoder } from './training/autoencoder.ts';
export { type DecoderTrainOptions, trainDecoder } from './training/decoder.ts';
export { trainDistil } from './training/distil.ts';
export { trainEncoder } from './training/encoder.ts';
export type { FewStepOptions } from './training/fewStep.ts';
export { type GeneratorTrainOptions, trainGenerator } from './training/generator.ts';
export type { TrainOptions } from './training/opening.ts';
export { trainReflow } from './training/reflow.ts';
export { readSource } from './training/source.ts';
export {
  findScans,
  readScan,
  type Scan,
  type ScanFacts,
  type ScanOptions,
  type ScanSource,
} from './volume/scan/index.ts';
