/** replaceFiles: puts files with their chunks, words and vectors into an index, within a transaction. */

import type { PoolClient } from 'pg';
import type { FileEntry, IndexedChunk } from '../../engine/search/store.ts';
import { lexicalWords } from '../../engine/search/words.ts';
import { ensureVectors } from './postgres-schema.ts';

export interface FileChunks {
  readonly file: FileEntry;
  readonly chunks: readonly IndexedChunk[];
}

/** Rows of one statement: a few megabytes at most, well below what the protocol carries. */
const chunksPerStatement = 500;

/** A tsvector holds a megabyte; a chunk has some hundred words, unless its text is no code. */
const maxWordsPerChunk = 4000;

/** Gives back by how many chunks the index has grown. */
export async function replaceFiles(
  client: PoolClient,
  schema: string,
  files: readonly FileChunks[],
): Promise<number> {
  // Of a file that is named twice the last is meant.
  const latest = [...new Map(files.map((entry) => [entry.file.path, entry])).values()];
  const nRemoved = await removeFiles(
    client,
    schema,
    latest.map(({ file }) => file.path),
  );
  const { rows } = await client.query(
    `INSERT INTO ${schema}.files (path, language_id, mtime_ms, size_bytes, hash)
     SELECT * FROM unnest($1::text[], $2::text[], $3::double precision[], $4::bigint[], $5::text[])
     RETURNING id, path`,
    [
      latest.map(({ file }) => file.path),
      latest.map(({ file }) => file.languageId),
      latest.map(({ file }) => file.mtimeMs),
      latest.map(({ file }) => file.sizeBytes),
      latest.map(({ file }) => file.hash),
    ],
  );
  const idOf = new Map<string, string>(rows.map((row) => [row.path, row.id]));
  const chunks = latest.flatMap(({ file, chunks }) =>
    chunks.map((chunk) => ({ fileId: idOf.get(file.path), path: file.path, chunk })),
  );
  const nDims = chunks.find(({ chunk }) => chunk.vector)?.chunk.vector?.length;
  if (nDims !== undefined) await ensureVectors(client, schema, nDims);
  for (let from = 0; from < chunks.length; from += chunksPerStatement) {
    await insertChunks(client, schema, chunks.slice(from, from + chunksPerStatement));
  }
  return chunks.length - nRemoved;
}

/** Gives back how many chunks went with the files. */
export async function removeFiles(
  client: PoolClient,
  schema: string,
  paths: readonly string[],
): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM ${schema}.chunks c USING ${schema}.files f WHERE f.id = c.file_id AND f.path = ANY($1)`,
    [paths],
  );
  await client.query(`DELETE FROM ${schema}.files WHERE path = ANY($1)`, [paths]);
  return rowCount ?? 0;
}

interface PlacedChunk {
  readonly fileId: string | undefined;
  readonly path: string;
  readonly chunk: IndexedChunk;
}

async function insertChunks(client: PoolClient, schema: string, placed: readonly PlacedChunk[]) {
  // Keys are drawn first, so that vectors can be told which chunk is theirs whatever order rows come back in.
  const { rows } = await client.query(
    `SELECT nextval(pg_get_serial_sequence('${schema}.chunks', 'key')) AS key FROM generate_series(1, $1)`,
    [placed.length],
  );
  const keys: string[] = rows.map((row) => row.key);
  const column = (of: (placed: PlacedChunk) => unknown) => placed.map(of);
  const words = placed.map(({ chunk, path }) => wordsOf(chunk, path));
  await client.query(
    `INSERT INTO ${schema}.chunks (key, file_id, id, start_offset, end_offset, start_line, end_line,
       kind, name, header, doc, body, n_words, words)
     OVERRIDING SYSTEM VALUE
     SELECT key, file_id, id, start_offset, end_offset, start_line, end_line, kind, name, header, doc, body, n_words,
       setweight(to_tsvector('${schema}.code', name_words), 'A')
         || setweight(to_tsvector('${schema}.code', path_words), 'C')
         || setweight(to_tsvector('${schema}.code', body_words), 'D')
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[],
       $9::text[], $10::text[], $11::text[], $12::text[], $13::int[], $14::text[], $15::text[], $16::text[])
       AS t(key, file_id, id, start_offset, end_offset, start_line, end_line, kind, name, header, doc, body,
         n_words, name_words, path_words, body_words)`,
    [
      keys,
      column(({ fileId }) => fileId),
      column(({ chunk }) => chunk.id),
      column(({ chunk }) => chunk.start),
      column(({ chunk }) => chunk.endExclusive),
      column(({ chunk }) => chunk.startLine),
      column(({ chunk }) => chunk.endLine),
      column(({ chunk }) => chunk.kind),
      column(({ chunk }) => storable(chunk.name)),
      column(({ chunk }) => storable(chunk.header)),
      column(({ chunk }) => storable(chunk.doc)),
      column(({ chunk }) => storable(chunk.text)),
      words.map(({ nWords }) => nWords),
      words.map(({ name }) => name),
      words.map(({ path }) => path),
      words.map(({ body }) => body),
    ],
  );
  const embedded = placed.flatMap(({ chunk }, i) =>
    chunk.vector ? [{ key: keys[i], vector: chunk.vector }] : [],
  );
  if (embedded.length === 0) return;
  await client.query(
    `INSERT INTO ${schema}.vectors (key, vector)
     SELECT key, vector::halfvec FROM unnest($1::bigint[], $2::text[]) AS t(key, vector)`,
    [embedded.map(({ key }) => key), embedded.map(({ vector }) => `[${vector.join(',')}]`)],
  );
}

function wordsOf(chunk: IndexedChunk, path: string) {
  const cut = (text: string) => lexicalWords(text).slice(0, maxWordsPerChunk);
  const body = cut(chunk.text);
  return {
    name: cut(chunk.name).join(' '),
    path: cut(path).join(' '),
    body: body.join(' '),
    nWords: body.length,
  };
}

/** PostgreSQL's text holds everything but NUL; the replacement is one UTF-16 unit long too. */
function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}
