/** openPostgresStore: the search index in a PostgreSQL database with pgvector, for when one machine is too small. */

// The same contract as the embedded store. What differs: text cannot hold NUL (it becomes U+FFFD), a
// vector is kept as 16-bit floats, and lexical scores are PostgreSQL's own (see postgres-lexical.ts).

import pg from 'pg';
import { EngineError } from '../../engine/base/error.ts';
import type {
  FileEntry,
  SearchStore,
  StoredChunk,
  StoreFilter,
  StoreHit,
  StoreStats,
} from '../../engine/search/store.ts';
import { filterSql } from './postgres-filter.ts';
import { lexicalHits } from './postgres-lexical.ts';
import { createSchema, schemaName } from './postgres-schema.ts';
import { type FileChunks, removeFiles, replaceFiles } from './postgres-write.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. It is a secret: it enters no log and no message. */
  readonly connectionString: string;
  /** Names the index within the database: one per workspace. */
  readonly name: string;
  /** Of what made its content (cutting, encoder): an index of another identity stands beside it, untouched. */
  readonly identity: string;
}

/** One window asks for little at a time, and a database has few connections to give. */
const maxConnections = 4;
const connectTimeoutMs = 10_000;
/** No statement of ours takes a minute; a database that does is as good as gone. */
const queryTimeoutMs = 60_000;

/**
 * Connects and makes what is missing. Rejects with EngineError when the database cannot be reached or
 * has no pgvector; so does every call when the connection is lost, and the next one connects again.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<SearchStore> {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    application_name: 'stet',
    allowExitOnIdle: true,
  });
  pool.on('error', () => {}); // an idle connection was cut: the next call opens another
  const store = new PostgresStore(pool, schemaName(`${options.name}\n${options.identity}`));
  try {
    await store.create(`${options.name} (${options.identity})`);
  } catch (error) {
    await pool.end().catch(() => {});
    throw error;
  }
  return store;
}

class PostgresStore implements SearchStore {
  constructor(
    private readonly pool: pg.Pool,
    private readonly schema: string,
  ) {}

  create(name: string): Promise<void> {
    return this.transaction((client) => createSchema(client, this.schema, name));
  }

  async files(): Promise<ReadonlyMap<string, FileEntry>> {
    const rows = await this.rows(
      `SELECT path, language_id, mtime_ms, size_bytes, hash FROM ${this.schema}.files`,
    );
    return new Map(
      rows.map((row) => [
        row.path,
        {
          path: row.path,
          languageId: row.language_id,
          mtimeMs: row.mtime_ms,
          sizeBytes: Number(row.size_bytes),
          hash: row.hash,
        },
      ]),
    );
  }

  replace(files: readonly FileChunks[]): Promise<void> {
    if (files.length === 0) return Promise.resolve();
    return this.transaction(async (client) => {
      await this.lock(client);
      await this.grow(client, await replaceFiles(client, this.schema, files));
    });
  }

  remove(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return Promise.resolve();
    return this.transaction(async (client) => {
      await this.lock(client);
      await this.grow(client, -(await removeFiles(client, this.schema, paths)));
    });
  }

  lexical(words: readonly string[], limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const query = (sql: string, values: readonly unknown[]) => this.rows(sql, values);
    return lexicalHits(query, this.schema, words, limit, filter);
  }

  async nearest(vector: Float32Array, limit: number, filter?: StoreFilter): Promise<StoreHit[]> {
    const [meta] = await this.rows(`SELECT n_dims FROM ${this.schema}.meta`);
    if (meta?.n_dims !== vector.length) return []; // nothing is embedded, or by another encoder
    const where = filterSql(filter, 3);
    const rows = await this.rows(
      `SELECT v.key, 1 - (v.vector <=> $1::halfvec) AS score FROM ${this.schema}.vectors v
       ${where.sql && `JOIN ${this.schema}.chunks c ON c.key = v.key JOIN ${this.schema}.files f ON f.id = c.file_id`}
       ${where.sql && `WHERE ${where.sql}`}
       ORDER BY v.vector <=> $1::halfvec, v.key LIMIT $2`,
      [vectorText(vector), limit, ...where.values],
    );
    return rows.map((row) => ({ key: Number(row.key), score: row.score }));
  }

  async chunks(keys: readonly number[]): Promise<StoredChunk[]> {
    if (keys.length === 0) return [];
    const found = await this.select('c.key = ANY($1)', [keys]);
    const byKey = new Map(found.map((chunk) => [chunk.key, chunk]));
    return keys.flatMap((key) => byKey.get(key) ?? []);
  }

  chunksOf(path: string): Promise<StoredChunk[]> {
    return this.select('f.path = $1', [path]);
  }

  async stats(): Promise<StoreStats> {
    const { schema } = this;
    const hasVectors = await this.hasVectors();
    const [row] = await this.rows(
      `SELECT (SELECT count(*) FROM ${schema}.files) AS n_files,
              (SELECT count(*) FROM ${schema}.chunks) AS n_chunks,
              ${hasVectors ? `(SELECT count(*) FROM ${schema}.vectors)` : '0'} AS n_vectors,
              (SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
                WHERE relnamespace = $1::regnamespace AND relkind = 'r') AS size_bytes`,
      [schema],
    );
    return {
      nFiles: Number(row.n_files),
      nChunks: Number(row.n_chunks),
      nVectors: Number(row.n_vectors),
      sizeBytes: Number(row.size_bytes),
    };
  }

  clear(): Promise<void> {
    return this.transaction(async (client) => {
      await this.lock(client);
      await client.query(`DROP TABLE IF EXISTS ${this.schema}.vectors`);
      await client.query(`TRUNCATE ${this.schema}.chunks, ${this.schema}.files`);
      await client.query(`UPDATE ${this.schema}.meta SET n_chunks = 0, n_dims = NULL`);
    });
  }

  async close(): Promise<void> {
    if (!this.pool.ending) await this.pool.end();
  }

  private async select(where: string, values: readonly unknown[]): Promise<StoredChunk[]> {
    const { schema } = this;
    const hasVectors = await this.hasVectors();
    const rows = await this.rows(
      `SELECT c.*, f.path, f.language_id, f.mtime_ms${hasVectors ? ', v.vector::text AS vector' : ''}
       FROM ${schema}.chunks c JOIN ${schema}.files f ON f.id = c.file_id
       ${hasVectors ? `LEFT JOIN ${schema}.vectors v ON v.key = c.key` : ''}
       WHERE ${where} ORDER BY f.path, c.start_offset`,
      values,
    );
    return rows.map(storedChunk);
  }

  private async hasVectors(): Promise<boolean> {
    const [meta] = await this.rows(`SELECT n_dims IS NOT NULL AS has FROM ${this.schema}.meta`);
    return meta?.has === true;
  }

  /** Until the transaction ends, this window alone writes. */
  private async lock(client: pg.PoolClient): Promise<void> {
    await client.query(`SELECT 1 FROM ${this.schema}.meta FOR UPDATE`);
  }

  private async grow(client: pg.PoolClient, nChunks: number): Promise<void> {
    await client.query(`UPDATE ${this.schema}.meta SET n_chunks = n_chunks + $1`, [nChunks]);
  }

  private async transaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect().catch(fail);
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      // A connection whose transaction cannot be taken back is thrown away with it.
      await client.query('ROLLBACK').then(
        () => client.release(),
        () => client.release(true),
      );
      fail(error);
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: rows are as the statement makes them
  private async rows(sql: string, values: readonly unknown[] = []): Promise<any[]> {
    const { rows } = await this.pool.query(sql, [...values]).catch(fail);
    return rows;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a row as `select` asks for it
function storedChunk(row: any): StoredChunk {
  return {
    key: Number(row.key),
    path: row.path,
    languageId: row.language_id,
    mtimeMs: row.mtime_ms,
    id: row.id,
    start: row.start_offset,
    endExclusive: row.end_offset,
    startLine: row.start_line,
    endLine: row.end_line,
    kind: row.kind,
    name: row.name,
    header: row.header,
    doc: row.doc,
    text: row.body,
    ...(row.vector && { vector: unitVector(JSON.parse(row.vector)) }),
  };
}

/** [dims] of unit length again: 16-bit floats have moved it by up to a thousandth. */
function unitVector(numbers: number[]): Float32Array {
  const norm = Math.hypot(...numbers) || 1;
  return Float32Array.from(numbers, (number) => number / norm);
}

/** As pgvector reads it. */
export function vectorText(vector: Float32Array): string {
  return `[${vector.join(',')}]`;
}

/** What the driver says may name host and user, never the password; it is kept as the cause. */
function fail(error: unknown): never {
  if (error instanceof EngineError) throw error;
  const reason = error instanceof Error ? error.message || (error as { code?: string }).code : String(error);
  throw new EngineError(
    'index-unavailable',
    `The search database failed: ${reason}. Check that it runs and that “Stet: Set Search Database…” ` +
      'or the environment variable names it, or set stet.search.backend to sqlite.',
    true,
    { cause: error },
  );
}
