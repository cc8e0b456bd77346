/** The last comparison as the workspace keeps it, what is in use now, and the step from a proposal to its use. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GondolaError } from '../../base/errors.ts';
import { type Adaptation, adaptation, type adaptCalls } from '../../contract/adapt.ts';
import type { OutputOf, ParsedInputOf } from '../../contract/call.ts';
import type { Database } from '../../store/database.ts';
import { givenLabels } from '../../store/labels.ts';
import { activeModel, type Model, modelByName, setActiveModel } from '../../store/models.ts';
import { regionsToEmbed } from '../../store/regions.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import { chooseMethod, chosenMethod, type NamingMethod } from '../recognise/naming.ts';
import { requireActiveModel } from '../recognise/spaces.ts';

type Use = (typeof adaptCalls)['adapt.use'];

const KEY = 'adapt.result';

const keptSchema = adaptation.omit({ inUse: true, current: true }).extend({
  /** Of labels and encoder, see `labelsMark`. */
  mark: z.string(),
  /** A tuned encoder of an earlier comparison, kept until another takes its place. */
  spare: z.string().nullable(),
});

export type KeptResult = z.infer<typeof keptSchema>;

export function keptResult(database: Database): KeptResult | undefined {
  return keptSchema.safeParse(readSetting(database, KEY)).data;
}

export function keepResult(database: Database, result: KeptResult): void {
  writeSetting(database, KEY, result);
}

export function lastComparison(database: Database): Adaptation | null {
  const kept = keptResult(database);
  return kept ? presented(database, kept) : null;
}

/** With what is true at this moment. */
export function presented(database: Database, { mark, spare, ...result }: KeptResult): Adaptation {
  const base = modelByName(database, result.model);
  const current = base !== undefined && mark === labelsMark(database, base);
  return { ...result, inUse: inUse(database, result), current };
}

/** Changes with the labels and with the encoder. */
export function labelsMark(database: Database, { id, sha256 }: Model): string {
  const labels = givenLabels(database).map(({ regionId, skuId }) => [regionId, skuId]);
  return createHash('sha256')
    .update(JSON.stringify([id, sha256, labels]))
    .digest('hex');
}

const madeFrom = z.object({ made: z.object({ objective: z.literal('fine-tuned'), from: z.string() }) });

/**
 * The encoder to compare with: the active one, or what it was fine-tuned from, since a tuned one has learnt the labels that it would be asked.
 * @throws GondolaError `no-model`
 */
export function baseModel(database: Database): Model {
  const active = requireActiveModel(database);
  const tuned = madeFrom.safeParse(JSON.parse(active.configJson)).data;
  return (tuned && modelByName(database, tuned.made.from)) ?? active;
}

function inUse(database: Database, { model, finetuned }: Pick<KeptResult, 'model' | 'finetuned'>) {
  const active = activeModel(database)?.name;
  const method = chosenMethod(database);
  if (active === model) return method;
  return active !== undefined && active === finetuned?.model && method === finetuned.reading ? 'finetuned' : null;
}

/**
 * @throws GondolaError `adapt-none` before a comparison, except for kNN, which is what there is without one; `adapt-left-out` for a method that it left
 *   out, `model-unknown` where its encoder has been deleted since; those of `baseModel`
 */
export function useMethod(database: Database, asked: ParsedInputOf<Use>): OutputOf<Use> {
  const result = keptResult(database);
  const method = asked.method === 'best' ? result?.best : asked.method;
  if (method === 'knn') {
    const compared = result && presented(database, result).current ? modelByName(database, result.model) : undefined;
    return use(database, compared ?? baseModel(database), 'knn', 'knn');
  }
  if (!result || !method) {
    throw new GondolaError(
      'adapt-none',
      'The ways of naming have not been compared yet.',
      'Compare them first: `gondola adapt WORKSPACE`.',
    );
  }
  if (!result.methods.some((each) => each.method === method)) {
    throw new GondolaError(
      'adapt-left-out',
      'Fine-tuning was left out of the last comparison, so there is no fine-tuned encoder.',
      'Compare again, with fine-tuning: `gondola adapt WORKSPACE`.',
    );
  }
  const name = method === 'finetuned' ? result.finetuned!.model : result.model;
  const model = modelByName(database, name);
  if (!model) {
    throw new GondolaError('model-unknown', `The encoder ${name} has been deleted since.`, 'Compare again.');
  }
  return use(database, model, method, method === 'finetuned' ? result.finetuned!.reading : method);
}

function use(
  database: Database,
  { id, name }: Model,
  method: Adaptation['best'],
  reading: NamingMethod,
): OutputOf<Use> {
  setActiveModel(database, id);
  chooseMethod(database, reading);
  return { method, model: name, toIndex: regionsToEmbed(database, id).length };
}
