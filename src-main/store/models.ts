/** What turns regions into vectors: trained encoders and fixed descriptors; and which encoder the workspace works with. */
import { GondolaError } from '../base/errors.ts';
import { all, type Database, insert, now, one, run } from './database.ts';
import { readSetting, removeSetting, writeSetting } from './settings.ts';

export type ModelKind = 'encoder' | 'descriptor';

export interface Model {
  id: number;
  name: string;
  kind: ModelKind;
  dimensions: number;
  /** How it works (architecture, input size, preprocessing), as JSON. */
  configJson: string;
  /** The weights, relative to the workspace; null for a descriptor. */
  path: string | null;
  /** SHA-256 of the weights: tells whether the file is still the one that made the embeddings. */
  sha256: string | null;
  runId: number | null;
  createdAt: string;
}

export interface NewModel {
  name: string;
  kind: ModelKind;
  dimensions: number;
  config: unknown;
  path?: string | null;
  sha256?: string | null;
  runId?: number | null;
}

const activeKey = 'model.active';
const columns = `id, name, kind, dimensions, config_json AS configJson, path, sha256, run_id AS runId, created_at AS createdAt`;

/** @throws GondolaError `model-exists` */
export function insertModel(database: Database, model: NewModel): Model {
  if (modelByName(database, model.name) !== undefined) {
    throw new GondolaError('model-exists', `There is a model named ${model.name} already.`, 'Give another name.');
  }
  const id = insert(
    database,
    `INSERT INTO model (name, kind, dimensions, config_json, path, sha256, run_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    model.name,
    model.kind,
    model.dimensions,
    JSON.stringify(model.config),
    model.path ?? null,
    model.sha256 ?? null,
    model.runId ?? null,
    now(),
  );
  return modelById(database, id) as Model;
}

/**
 * Changes a model's weights in place, e.g. when its run is resumed and trains on: the embeddings that the old weights made
 * are deleted, since they belong to a space that no longer exists.
 */
export function replaceModelWeights(database: Database, id: number, sha256: string): void {
  const changed = run(
    database,
    'UPDATE model SET sha256 = ? WHERE id = ? AND sha256 IS NOT ?',
    sha256,
    id,
    sha256,
  ).changes;
  if (changed > 0) run(database, 'DELETE FROM embedding WHERE model_id = ?', id);
}

/** Every model, oldest first. */
export function models(database: Database): Model[] {
  return all<Model>(database, `SELECT ${columns} FROM model ORDER BY id`);
}

export function modelById(database: Database, id: number): Model | undefined {
  return one<Model>(database, `SELECT ${columns} FROM model WHERE id = ?`, id);
}

export function modelByName(database: Database, name: string): Model | undefined {
  return one<Model>(database, `SELECT ${columns} FROM model WHERE name = ?`, name);
}

/** Deletes a model with its embeddings; its weight file is the caller's. If it was the active one, none is until another is chosen. */
export function deleteModel(database: Database, id: number): void {
  if (readSetting(database, activeKey) === id) removeSetting(database, activeKey);
  run(database, 'DELETE FROM model WHERE id = ?', id);
}

/** The encoder that index, classify and search use; undefined before the first training or import of weights. */
export function activeModel(database: Database): Model | undefined {
  const id = readSetting(database, activeKey);
  return typeof id === 'number' ? modelById(database, id) : undefined;
}

export function setActiveModel(database: Database, id: number): void {
  writeSetting(database, activeKey, id);
}
