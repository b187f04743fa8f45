/**
 * ONNX Runtime as Node has it. In a browser `backend.web.ts` stands in this module's place (web/vite.config.ts): the only
 * difference between a skull made there and one made here.
 */
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import type { Device } from './session.ts';

/** The runtime's own module. */
export const runtime = (): Pick<typeof ort, 'InferenceSession' | 'Tensor'> => ort;

/** Threads inside an operator unless told otherwise: all cores. */
export const defaultThreads = (): number => availableParallelism();

/** What the runtime calls a device. */
export const providerOf = (device: Device): string => device;
