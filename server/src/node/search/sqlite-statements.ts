/** The SQL statements of SqliteStore, and what they and it must agree about. */

import type { Sqlite, SqliteStatement } from './sqlite.ts';

/** A file of the size limit has some 3,000 chunks; keys leave room for this many. */
export const maxChunksPerFile = 4096;

/**
 * BM25's weights of name, path, code and kind. The name's is between the 3 that was best by hand and
 * the 20 that was tuned for a BM25 with other constants than FTS5's fixed k1 = 1.2 and b = 0.75.
 */
const columnWeights = '5.0, 1.0, 1.0, 0.0';

export type Statements = Record<keyof typeof statementTexts, SqliteStatement>;

const statementTexts = {
  files: 'SELECT id, path, language_id, mtime_ms, size_bytes, hash FROM files',
  filesWith: `SELECT id FROM files
    WHERE (? IS NULL OR language_id IN (SELECT value FROM json_each(?))) AND mtime_ms >= ?`,
  fileByPath: 'SELECT id, path, language_id, mtime_ms, n_chunks, n_vectors FROM files WHERE path = ?',
  insertFile: `INSERT INTO files(path, language_id, mtime_ms, size_bytes, hash, n_chunks, n_vectors)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  updateFile: `UPDATE files SET language_id = ?, mtime_ms = ?, size_bytes = ?, hash = ?, n_chunks = ?, n_vectors = ?
    WHERE id = ?`,
  deleteFile: 'DELETE FROM files WHERE id = ?',
  insertContents: 'INSERT INTO contents VALUES (?, ?)',
  deleteContents: 'DELETE FROM contents WHERE file_id = ?',
  insertVectors: 'INSERT INTO vectors VALUES (?, ?)',
  deleteVectors: 'DELETE FROM vectors WHERE file_id = ?',
  contents: `SELECT path, language_id, mtime_ms, n_chunks, chunks FROM files JOIN contents ON file_id = id
    WHERE id = ?`,
  vectorsOf: 'SELECT packed FROM vectors WHERE file_id = ?',
  loadVectors: `SELECT id, n_chunks, packed FROM files JOIN vectors ON file_id = id
    WHERE id > ? ORDER BY id LIMIT ?`,
  insertWords: 'INSERT INTO words(rowid, name, path, code, kind) VALUES (?, ?, ?, ?, ?)',
  deleteWords: 'DELETE FROM words WHERE rowid BETWEEN ? AND ?',
  lexical: `SELECT key, score FROM (
      SELECT rowid AS key, -bm25(words, ${columnWeights}) AS score FROM words WHERE words MATCH ? LIMIT ?)
    ORDER BY score DESC, key LIMIT ?`,
  lexicalIn: `SELECT key, score FROM (
      SELECT rowid AS key, -bm25(words, ${columnWeights}) AS score FROM words WHERE words MATCH ?
        AND rowid / ${maxChunksPerFile} IN (SELECT value FROM json_each(?)) LIMIT ?)
    ORDER BY score DESC, key LIMIT ?`,
  counts: 'SELECT count(*) AS files, sum(n_chunks) AS chunks, sum(n_vectors) AS vectors FROM files',
  getMeta: 'SELECT value FROM meta WHERE key = ?',
  setMeta: 'INSERT OR REPLACE INTO meta VALUES (?, ?)',
} as const;

export function prepareAll(database: Sqlite): Statements {
  return Object.fromEntries(
    Object.entries(statementTexts).map(([name, sql]) => [name, database.prepare(sql)]),
  ) as Statements;
}
