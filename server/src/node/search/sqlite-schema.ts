/** openIndexFile: opens or makes the SQLite file of an index; one that is of another version or damaged is made anew. */

import { statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError } from '../../engine/base/error.ts';
import type { Tracer } from '../../engine/base/ports.ts';
import { openSqlite, type Sqlite, type SqliteEngine } from './sqlite.ts';

export interface IndexFileOptions {
  readonly file: string;
  /** Names everything that the content depends on beside the files: chunker, words, encoder. */
  readonly identity: string;
  readonly tracer: Tracer;
  /** The best one at hand when absent. */
  readonly engine?: SqliteEngine;
}

/** Grows with every change of the tables below. */
const schemaVersion = 3;

// Big columns stand in tables of their own, so that reading the list of files reads nothing else.
// `words` keeps no text: what is shown comes from `contents`. detail=full, because with detail=column
// bm25 ranks at random. `kind` has a weight of 0: it is there to filter by.
const schema = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files(
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, language_id TEXT NOT NULL,
  mtime_ms REAL NOT NULL, size_bytes INTEGER NOT NULL, hash TEXT NOT NULL,
  n_chunks INTEGER NOT NULL, n_vectors INTEGER NOT NULL);
CREATE TABLE contents(file_id INTEGER PRIMARY KEY, chunks BLOB NOT NULL);
CREATE TABLE vectors(file_id INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
  name, path, code, kind, content='', contentless_delete=1, detail=full, tokenize='porter unicode61');`;

/** Rejects with EngineError('index-unavailable') when the folder or disk does not let us. */
export async function openIndexFile(options: IndexFileOptions): Promise<Sqlite> {
  const { file, tracer } = options;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 }); // it holds the user's code
    const found = await openUsable(options);
    if (found) return found;
    await deleteIndexFile(file);
    const database = await open(options);
    database.exec('BEGIN');
    database.exec(schema);
    database
      .prepare('INSERT INTO meta VALUES (?, ?), (?, ?)')
      .run('schema', schemaVersion, 'identity', options.identity);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    tracer({ kind: 'log', level: 'error', message: `The index ${file} does not open: ${error}` });
    throw toEngineError(error, file);
  }
}

/** The index file and what SQLite keeps beside it. */
export async function deleteIndexFile(file: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm', '-journal', '.lock']) {
    await rm(`${file}${suffix}`, { recursive: true, force: true });
  }
}

/** Of the file and of its log of what was written lately. */
export function indexFileSize(file: string): number {
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return sizeOf(file) + sizeOf(`${file}-wal`);
}

/** The index as it is, unless it is new, of another version, or no database. */
async function openUsable(options: IndexFileOptions): Promise<Sqlite | undefined> {
  const log = (message: string) => options.tracer({ kind: 'log', level: 'info', message });
  let database: Sqlite | undefined;
  try {
    database = await open(options);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'meta'").all();
    if (tables.length === 0) {
      database.close();
      return undefined;
    }
    const meta = new Map(
      database
        .prepare('SELECT key, value FROM meta')
        .all()
        .map(({ key, value }) => [key, value]),
    );
    if (meta.get('schema') === schemaVersion && meta.get('identity') === options.identity) return database;
    log('The index was made by another version of Stet; it is built anew.');
  } catch (error) {
    if (!isDamage(error)) {
      database?.close();
      throw error;
    }
    log(`The index is damaged (${error}); it is built anew.`);
  }
  closeQuietly(database);
  return undefined;
}

export function closeQuietly(database: Sqlite | undefined): void {
  try {
    database?.close();
  } catch {
    // A damaged database may not close in good order; it is deleted next.
  }
}

/** Megabytes of pages that SQLite keeps in memory: enough for the upper levels of every tree at a million chunks. */
const cacheMb = 32;

async function open({ file, engine }: IndexFileOptions): Promise<Sqlite> {
  const database = await openSqlite(file, engine);
  try {
    database.exec(
      `PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
       PRAGMA temp_store=MEMORY; PRAGMA cache_size=-${cacheMb * 1024};`,
    );
    return database;
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

/** Whether SQLite says that the content of the file is wrong, not that it cannot be reached. */
export function isDamage(error: unknown): boolean {
  return /malformed|not a database|corrupt|no such (table|column)|disk image/i.test(String(error));
}

/** What SQLite and the file system throw, with the way out. */
export function toEngineError(error: unknown, file: string): Error {
  if (error instanceof EngineError) return error;
  const text = String(error);
  if (isDamage(error)) {
    const message = 'The search index is damaged. Run “Stet: Rebuild Search Index”.';
    return new EngineError('index-unavailable', message, true, { cause: error });
  }
  const isFull = /full|ENOSPC|EDQUOT|disk I\/O error/i.test(text); // the WebAssembly build says only the latter
  const reason = isFull
    ? 'the disk is full, or fails. Free some space, or set stet.search.indexFolder to a folder on another disk'
    : `${firstLine(text)}. Set stet.search.indexFolder to a folder that can be written`;
  const message = `The search index cannot be kept in ${dirname(file)}: ${reason}.`;
  return new EngineError('index-unavailable', message, true, { cause: error });
}

function firstLine(text: string): string {
  return (text.split('\n')[0] as string).replace(/^(\w*Error): /, '').replace(/\.$/, '');
}
