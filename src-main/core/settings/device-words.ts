import type { Device } from '../../engine/devices.ts';

/** What people call the devices, and what each is good for. */
export const deviceTitles: Record<Device, { readonly title: string; readonly gives: string }> = {
  cpu: { title: 'Processor', gives: 'Works on every machine and repeats a run bit for bit.' },
  webgpu: { title: 'Graphics card (WebGPU)', gives: 'Any graphics card with a current driver; experimental.' },
  dml: { title: 'Graphics card (DirectML)', gives: 'Any graphics card on Windows.' },
  cuda: { title: 'NVIDIA card (CUDA)', gives: 'ONNX Runtime on NVIDIA’s libraries.' },
  coreml: { title: 'Apple’s accelerator (Core ML)', gives: 'For indexing on a Mac; it does not train.' },
  tensorflow: {
    title: 'TensorFlow.js, whatever it finds',
    gives:
      'A second implementation to compare with: on CUDA where that is set up, else slower than the processor above.',
  },
  'tensorflow-gpu': {
    title: 'NVIDIA card (TensorFlow, CUDA)',
    gives: 'TensorFlow’s own library; training state stays on the card.',
  },
  'tensorflow-wasm': {
    title: 'TensorFlow.js in WebAssembly',
    gives: 'A second implementation to compare with; slower than the processor above.',
  },
  'tensorflow-cpu': {
    title: 'TensorFlow.js in plain JavaScript',
    gives: 'A second implementation to compare with, where nothing else starts; very slow.',
  },
};
