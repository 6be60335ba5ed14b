/** postgresSchema: the tables of one index in PostgreSQL, made once per workspace and version. */

// Each index has a schema of its own, whose name holds the version of its layout: indexes of several
// workspaces and versions stand side by side in one database, clearing one is a TRUNCATE, and dropping
// one is `DROP SCHEMA … CASCADE`. docs/search-backends.md says how to tune what is made here.

import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { EngineError } from '../../engine/base/error.ts';

/** Raise it when a table changes; indexes of other versions are left alone, for they belong to others. */
const layoutVersion = 1;

/** The schema's name for an index called `name`: safe in SQL without quotes. */
export function schemaName(name: string): string {
  return `stet${layoutVersion}_${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

/** Makes what is missing; two windows that do this at the same time wait for each other. */
export async function createSchema(client: PoolClient, schema: string, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [schema]);
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS exists', [`${schema}.meta`]);
  if (rows[0].exists) return;
  await createExtension(client);
  await client.query(`
    CREATE SCHEMA ${schema};
    COMMENT ON SCHEMA ${schema} IS '${`Stet: ${name}`.replace(/'/g, "''")}';

    -- Snowball's English stems as FTS5's porter does, and no stop words: in code every word counts.
    CREATE TEXT SEARCH DICTIONARY ${schema}.stem (TEMPLATE = snowball, LANGUAGE = english);
    CREATE TEXT SEARCH CONFIGURATION ${schema}.code (COPY = pg_catalog.simple);
    ALTER TEXT SEARCH CONFIGURATION ${schema}.code
      ALTER MAPPING FOR asciiword, word WITH ${schema}.stem;

    -- One row. Writers lock it, so that two of them never wait for each other in a circle.
    CREATE TABLE ${schema}.meta (n_chunks bigint NOT NULL, n_dims int);
    INSERT INTO ${schema}.meta VALUES (0, NULL);

    CREATE TABLE ${schema}.files (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      path text NOT NULL UNIQUE, language_id text NOT NULL,
      mtime_ms double precision NOT NULL, size_bytes bigint NOT NULL, hash text NOT NULL
    );

    CREATE TABLE ${schema}.chunks (
      key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      file_id bigint NOT NULL REFERENCES ${schema}.files ON DELETE CASCADE,
      id text NOT NULL, start_offset int NOT NULL, end_offset int NOT NULL,
      start_line int NOT NULL, end_line int NOT NULL,
      kind text NOT NULL, name text NOT NULL, header text NOT NULL, doc text NOT NULL,
      body text NOT NULL, n_words int NOT NULL, words tsvector NOT NULL
    );
    CREATE INDEX chunks_file ON ${schema}.chunks (file_id);
    CREATE INDEX chunks_words ON ${schema}.chunks USING gin (words);
  `);
}

/** Makes the table of vectors anew for `nDims` when it holds others: those of another encoder are of no use. */
export async function ensureVectors(client: PoolClient, schema: string, nDims: number): Promise<void> {
  const { rows } = await client.query(`SELECT n_dims FROM ${schema}.meta`);
  if (rows[0].n_dims === nDims) return;
  await client.query(`
    DROP TABLE IF EXISTS ${schema}.vectors;
    CREATE TABLE ${schema}.vectors (
      key bigint PRIMARY KEY REFERENCES ${schema}.chunks ON DELETE CASCADE,
      vector halfvec(${nDims}) NOT NULL
    );
    UPDATE ${schema}.meta SET n_dims = ${nDims};
  `);
}

async function createExtension(client: PoolClient): Promise<void> {
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS vector');
  } catch (error) {
    throw new EngineError(
      'index-unavailable',
      'The search database has no pgvector, and it could not be added. Have its owner run ' +
        '“CREATE EXTENSION vector” (0.7 or later), or set stet.search.backend to sqlite.',
      true,
      { cause: error },
    );
  }
}
