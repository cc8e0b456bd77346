/** A run's record as a person reads it. */
import type { Reproduction, RunRecord } from '../../../src-main/contract/record.ts';
import { counted } from '../../lib/format.ts';

export interface Fact {
  readonly what: string;
  readonly value: string;
}

type Told = Omit<RunRecord, 'photos' | 'series'>;

export function factsOf(record: Told, reproduction: Reproduction | null): Fact[] {
  const { config, parts, weights, notes, outcome, repeats } = record;
  const { recipe, plan, data } = config;
  const { globalSize, localSize, locals } = recipe.crops;
  const facts: Fact[] = [
    {
      what: 'Learnt from',
      value: `${counted(data.pictures, 'product')}, fingerprint ${data.fingerprint.slice(0, 16)}`,
    },
    { what: 'Network', value: `${recipe.model}, ${recipe.objective ?? 'dino'}, start: ${recipe.initialisation.kind}` },
    { what: 'Crops', value: `2 × ${globalSize} px and ${locals} × ${localSize} px` },
    {
      what: 'Steps',
      value: `${typeof plan.until === 'number' ? `${plan.until} of a plan of ${plan.steps}, each` : plan.steps} of ${recipe.batch} pictures, ${config.microBatch} at once; seed ${recipe.seed}`,
    },
    ...parts.map((part, i) => ({
      what: parts.length > 1 ? `Part ${i + 1}` : 'Trained with',
      value: `${revisionOf(part)}, ONNX Runtime ${part.onnxRuntime}, Node ${part.node}; ${recipe.device} of ${part.processor}, ${counted(part.cores, 'core')}, from step ${part.step}`,
    })),
    ...weights.map(({ use, file, sha256 }) => ({
      what: 'Began with',
      value: `${use}: ${file} (${sha256.slice(0, 16)})`,
    })),
    ...notes.map(({ step, message }) => ({ what: `Step ${step}`, value: message })),
  ];
  if (outcome) {
    const { state, message, step, encoder } = outcome;
    facts.push({
      what: 'Outcome',
      value: `${state}${message ? `: ${message}` : ''}; ${encoder ? `encoder of step ${step}, ${encoder.sha256.slice(0, 16)}` : 'no encoder'}`,
    });
  }
  if (repeats) facts.push({ what: 'Repeats', value: repeats.run });
  if (reproduction) facts.push({ what: 'Reproduction', value: verdict(reproduction) });
  return facts;
}

function revisionOf({ gondola, revision, dirty }: RunRecord['parts'][number]): string {
  const commit = revision === 'unknown' ? 'commit unknown' : `commit ${revision.slice(0, 12)}`;
  return `Gondola ${gondola}, ${commit}${dirty ? ' with changes' : ''}`;
}

function verdict({ of, same, differences }: Reproduction): string {
  if (same === null) return `${of} left no encoder to compare with.`;
  if (same) return `The same encoder as that of ${of}, byte for byte.`;
  return [`Another encoder than that of ${of}.`, ...differences].join(' ');
}
