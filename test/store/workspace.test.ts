import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { count, findDamage, openDatabase, run } from '../../src-main/store/database.ts';
import { startJob, unfinishedJobs } from '../../src-main/store/jobs.ts';
import { migrations } from '../../src-main/store/migrations/all.ts';
import { insertPhoto, photos } from '../../src-main/store/photos.ts';
import { createRun, runs } from '../../src-main/store/runs.ts';
import { Workspace } from '../../src-main/store/workspace.ts';
import { aPhoto } from './rows.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gondola-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);

describe('making and opening', () => {
  test('a workspace is made in a folder that does not exist yet, and opens again with what was stored', () => {
    const made = Workspace.create(at('new', 'shelves'));
    insertPhoto(made.database, aPhoto(1));
    made.close();
    const opened = Workspace.open(at('new', 'shelves'));
    expect(photos(opened.database)).toHaveLength(1);
    opened.close();
  });

  test('a folder with nothing but a file manager’s traces counts as empty', () => {
    writeFileSync(at('.DS_Store'), '');
    Workspace.create(folder).close();
    expect(existsSync(at('gondola.db'))).toBe(true);
  });

  test.each([
    ['a folder that is not empty', () => writeFileSync(at('thesis.doc'), ''), 'folder-not-empty', 'thesis.doc'],
    ['a workspace', () => Workspace.create(folder).close(), 'workspace-exists', 'already'],
  ])('making one in %s is refused with a sentence, and nothing is touched', (_, prepare, code, told) => {
    prepare();
    expect(() => Workspace.create(folder)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(told) }),
    );
  });

  test('making one where a file is, is refused', () => {
    writeFileSync(at('file'), '');
    expect(() => Workspace.create(at('file'))).toThrow(expect.objectContaining({ code: 'folder-unusable' }));
  });

  test('opening a folder that is none says how to make one', () => {
    const error = expect.objectContaining({ code: 'not-a-workspace', hint: expect.stringContaining('gondola init') });
    expect(() => Workspace.open(folder)).toThrow(error);
    expect(() => Workspace.open(at('nowhere'))).toThrow(expect.objectContaining({ code: 'workspace-missing' }));
  });

  test('the cache may be deleted at any time', () => {
    Workspace.create(at('w')).close();
    rmSync(at('w', 'cache'), { recursive: true });
    Workspace.open(at('w')).close();
    expect(existsSync(at('w', 'cache'))).toBe(true);
  });
});

describe('several processes', () => {
  test('two processes write to the same workspace at once and lose nothing', async () => {
    const workspace = Workspace.create(at('w'));
    const source = join(import.meta.dirname, '../../src-main/store');
    const program = `
      const { Workspace } = await import(${JSON.stringify(`file://${source}/workspace.ts`)});
      const { writeSetting } = await import(${JSON.stringify(`file://${source}/settings.ts`)});
      const workspace = Workspace.open(${JSON.stringify(at('w'))});
      for (let i = 0; i < 200; i++) writeSetting(workspace.database, process.pid + ' ' + i, i);
      workspace.close();`;
    const children = [1, 2].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0]);
    expect(count(workspace.database, 'SELECT count(*) AS n FROM setting')).toBe(400);
    workspace.close();
  }, 20_000); // two real processes

  test('work of a process that was killed is shown as stopped when the workspace is opened next', async () => {
    const workspace = Workspace.create(at('w'));
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const mine = startJob(workspace.database, 'import', { paths: ['here'] });
    startJob(workspace.database, 'index', {});
    createRun(workspace.database, 'first', {});
    for (const table of ['job', 'run'])
      run(workspace.database, `UPDATE ${table} SET pid = ? WHERE id <> ?`, child.pid, table === 'job' ? mine : 0);
    workspace.close();
    const again = Workspace.open(at('w'));
    expect(unfinishedJobs(again.database).map((job) => [job.kind, job.state])).toEqual([
      ['import', 'running'],
      ['index', 'stopped'],
    ]);
    expect(runs(again.database)).toMatchObject([
      { name: 'first', state: 'stopped', message: expect.stringContaining('ended') },
    ]);
    again.close();
  });
});

describe('the schema', () => {
  test('an older file is brought up to date with everything in it kept', () => {
    const older = openDatabase(at('a.db'), migrations);
    insertPhoto(older, aPhoto(1));
    older.close();
    const newer = openDatabase(at('a.db'), [
      ...migrations,
      `ALTER TABLE photo ADD COLUMN stars INTEGER NOT NULL DEFAULT 3`,
      `UPDATE photo SET stars = stars + 1`,
    ]);
    expect(count(newer, 'SELECT stars AS n FROM photo')).toBe(4);
    expect(newer.pragma('user_version', { simple: true })).toBe(migrations.length + 2);
    newer.close();
  });

  test('a step that fails leaves the file as it was before that step', () => {
    openDatabase(at('a.db'), migrations).close();
    const broken = [...migrations, 'CREATE TABLE extra (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1)'];
    expect(() => openDatabase(at('a.db'), broken)).toThrow('nowhere');
    const database = openDatabase(at('a.db'), migrations);
    expect(count(database, `SELECT count(*) AS n FROM sqlite_schema WHERE name = 'extra'`)).toBe(0);
    database.close();
  });

  test('a file from a newer Gondola is refused with a sentence and not changed', () => {
    openDatabase(at('a.db'), [...migrations, 'CREATE TABLE later (id INTEGER) STRICT']).close();
    const before = readFileSync(at('a.db'));
    const error = expect.objectContaining({ code: 'database-newer', hint: expect.stringContaining('Update') });
    expect(() => openDatabase(at('a.db'), migrations)).toThrow(error);
    expect(readFileSync(at('a.db')).equals(before)).toBe(true);
  });

  test('rows that speak of nothing are refused', () => {
    const database = openDatabase(at('a.db'));
    const orphan = () => run(database, `INSERT INTO photo_file VALUES ('/a', 99, 1, 1, '')`);
    expect(orphan).toThrow('FOREIGN KEY');
    database.close();
  });
});

describe('a file that cannot be used', () => {
  test.each([
    ['no database at all', Buffer.alloc(5000, 'x'), 'database-damaged'],
    ['cut short', null, 'database-damaged'],
  ])('%s: the sentence names it', (_, content, code) => {
    Workspace.create(at('w')).close();
    const file = at('w', 'gondola.db');
    writeFileSync(file, content ?? readFileSync(file).subarray(0, 6000));
    expect(() => Workspace.open(at('w'))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(file) }),
    );
  });

  test("somebody else's database is refused", () => {
    mkdirSync(at('w'));
    const other = openDatabase(at('w', 'gondola.db'));
    other.pragma('application_id = 1');
    other.close();
    expect(() => Workspace.open(at('w'))).toThrow(expect.objectContaining({ code: 'database-foreign' }));
  });

  test('damage inside is found when asked for', () => {
    const workspace = Workspace.create(at('w'));
    for (let i = 0; i < 500; i++) insertPhoto(workspace.database, aPhoto(i));
    expect(findDamage(workspace.database)).toEqual([]);
    workspace.close();
    const file = at('w', 'gondola.db');
    const bytes = readFileSync(file);
    bytes.fill(0xa5, bytes.length - 20_000, bytes.length - 4000);
    writeFileSync(file, bytes);
    const damaged = Workspace.open(at('w'));
    expect(findDamage(damaged.database).length).toBeGreaterThan(0);
    damaged.close();
  });
});
