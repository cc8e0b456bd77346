import { env } from 'onnxruntime-node';

/** Of the runtime that is installed; another one may round otherwise. */
export const onnxRuntimeVersion: string = env.versions.node ?? 'unknown';
