import type { Verb } from './verb.ts';

/**
 * Every verb, in the order of a first session: this is the order of the help. Loaded by name, because a verb brings its part of the
 * program along and a terminal should not wait for the others.
 */
const loaders: Readonly<Record<string, () => Promise<Verb>>> = {
  init: async () => (await import('./verbs/init.ts')).initVerb,
  import: async () => (await import('./verbs/import.ts')).importVerb,
  label: async () => (await import('./verbs/label.ts')).labelVerb,
  pretrain: async () => (await import('./verbs/pretrain.ts')).pretrainVerb,
  'find-rate': async () => (await import('./verbs/find-rate.ts')).findRateVerb,
  runs: async () => (await import('./verbs/runs.ts')).runsVerb,
  reproduce: async () => (await import('./verbs/reproduce.ts')).reproduceVerb,
  models: async () => (await import('./verbs/models.ts')).modelsVerb,
  'import-weights': async () => (await import('./verbs/import-weights.ts')).importWeightsVerb,
  'export-model': async () => (await import('./verbs/export-model.ts')).exportModelVerb,
  compare: async () => (await import('./verbs/compare.ts')).compareVerb,
  index: async () => (await import('./verbs/index.ts')).indexVerb,
  classify: async () => (await import('./verbs/classify.ts')).classifyVerb,
  adapt: async () => (await import('./verbs/adapt.ts')).adaptVerb,
  evaluate: async () => (await import('./verbs/evaluate.ts')).evaluateVerb,
  search: async () => (await import('./verbs/search.ts')).searchVerb,
  segment: async () => (await import('./verbs/segment.ts')).segmentVerb,
  export: async () => (await import('./verbs/export.ts')).exportVerb,
  status: async () => (await import('./verbs/status.ts')).statusVerb,
  serve: async () => (await import('./verbs/serve.ts')).serveVerb,
  sample: async () => (await import('./verbs/sample.ts')).sampleVerb,
  demo: async () => (await import('./verbs/demo.ts')).demoVerb,
  devices: async () => (await import('./verbs/devices.ts')).devicesVerb,
  'setup-cuda': async () => (await import('./verbs/setup-cuda.ts')).setupCudaVerb,
  verify: async () => (await import('./verbs/verify.ts')).verifyVerb,
  bench: async () => (await import('./verbs/bench.ts')).benchVerb,
};

/** The verb of that name alone, or all of them where there is none: for the help and for what to say of a slip. */
export function loadVerbs(name: string | undefined): Promise<Verb[]> {
  const wanted = name !== undefined && Object.hasOwn(loaders, name) ? [loaders[name]] : Object.values(loaders);
  return Promise.all(wanted.map((load) => load()));
}
