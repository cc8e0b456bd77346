// What every kind of program does around a run of an ONNX Runtime session.
import { GondolaError, sentence } from '../../base/errors.ts';

export function runFailed(runtime: string, error: unknown): GondolaError {
  return new GondolaError(
    'runtime-run',
    `A program failed on ${runtime}: ${reason(error)}`,
    'If memory ran out, use a smaller batch.',
    { cause: error },
  );
}

/** ONNX Runtime refuses memory that threads share, so that is copied. */
export function unshared(values: Float32Array): Float32Array<ArrayBuffer> {
  return values.buffer instanceof SharedArrayBuffer ? Float32Array.from(values) : (values as Float32Array<ArrayBuffer>);
}

/** ONNX Runtime's sentence without the places in its sources that it begins with. */
export function reason(error: unknown): string {
  return sentence(error)
    .replace(/^\S*\/onnxruntime\S* .* was false\. /s, '')
    .trim();
}
