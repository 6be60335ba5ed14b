/** lexicalHits: BM25-like ranking on PostgreSQL's inverted index. */

// PostgreSQL has no BM25: its ts_rank knows how often a word is in a text, but not how rare the word is.
// So each word's rank is multiplied by its inverse document frequency and divided by BM25's length norm
// here. ts_rank of one word with n occurrences of weight w is w (1 + 1/4 + … + 1/n²) / 1.64, which grows
// fast and is bounded by w, as BM25's term frequency with k1 near 0.6 is (Robertson and Zaragoza 2009,
// "The Probabilistic Relevance Framework", section 3.4). Deviation: the length norm divides the whole
// rank, not only its frequency part.

import type { StoreFilter, StoreHit } from '../../engine/search/store.ts';
import { filterSql } from './postgres-filter.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows are as the statement makes them
type Query = (sql: string, values: readonly unknown[]) => Promise<any[]>;

/** More words than this say nothing more; the rarest are kept. */
const maxWords = 32;

/** The most words of a query that are looked at; beyond are only texts that were pasted in. */
const maxAskedWords = 256;

/**
 * Words in more chunks than this choose no candidates where a rarer one does: they cost most and tell
 * least. At 1M chunks 5,000 is 0.5 %.
 */
const maxCandidatesPerWord = 5000;

/** BM25's b: how much of a chunk's length is held against it; 0 to 1, 0.75 is the literature's. */
const lengthWeight = 0.75;

/** Words of a usual chunk: chunks are cut to one size, so their mean need not be counted. */
const usualWords = 120;

/** Weights of body (D), unused (B), path (C) and name (A), in ts_rank's order D, C, B, A; the name counts threefold. */
const columnWeights = '{0.33, 0.33, 0.33, 1.0}';

export async function lexicalHits(
  query: Query,
  schema: string,
  words: readonly string[],
  limit: number,
  filter: StoreFilter | undefined,
): Promise<StoreHit[]> {
  const asked = await countedWords(query, schema, words);
  if (asked.length === 0) return [];
  const rare = asked.filter(({ nChunks }) => nChunks < maxCandidatesPerWord);
  const candidates = (rare.length > 0 ? rare : asked.slice(0, 1)).map(({ lexeme }) => lexeme).join(' | ');
  const where = filterSql(filter, 3 + 2 * asked.length);
  const terms = asked.map(
    (_, i) => `$${3 + 2 * i}::float8 * ts_rank('${columnWeights}', c.words, $${4 + 2 * i}::tsquery)`,
  );
  const rows = await query(
    `SELECT c.key, (${terms.join(' + ')}) / (${1 - lengthWeight} + ${lengthWeight} * c.n_words / ${usualWords}.0) AS score
     FROM ${schema}.chunks c ${where.sql && `JOIN ${schema}.files f ON f.id = c.file_id`}
     WHERE c.words @@ $1::tsquery ${where.sql && `AND ${where.sql}`}
     ORDER BY score DESC, c.key LIMIT $2`,
    [candidates, limit, ...asked.flatMap(({ idf, lexeme }) => [idf, lexeme]), ...where.values],
  );
  return rows.map((row) => ({ key: Number(row.key), score: row.score }));
}

interface CountedWord {
  /** As tsquery writes it, stemmed and quoted. */
  readonly lexeme: string;
  readonly nChunks: number;
  readonly idf: number;
}

/** The words that occur at all, rarest first, each once. Counting stops at a bound: common is common. */
async function countedWords(query: Query, schema: string, words: readonly string[]): Promise<CountedWord[]> {
  const distinct = [...new Set(words)].slice(0, maxAskedWords);
  if (distinct.length === 0) return [];
  const rows = await query(
    `WITH asked AS (
       SELECT DISTINCT plainto_tsquery('${schema}.code', word)::text AS lexeme FROM unnest($1::text[]) AS word
     )
     SELECT lexeme, (SELECT n_chunks FROM ${schema}.meta) AS n_total,
       (SELECT count(*) FROM (
         SELECT 1 FROM ${schema}.chunks WHERE words @@ lexeme::tsquery LIMIT ${maxCandidatesPerWord}) AS counted) AS n
     FROM asked WHERE lexeme <> ''`,
    [distinct],
  );
  return rows
    .map((row) => ({ lexeme: row.lexeme as string, nChunks: Number(row.n), nTotal: Number(row.n_total) }))
    .filter(({ nChunks }) => nChunks > 0)
    .map(({ lexeme, nChunks, nTotal }) => ({
      lexeme,
      nChunks,
      idf: Math.log(1 + (Math.max(nTotal, nChunks) - nChunks + 0.5) / (nChunks + 0.5)),
    }))
    .sort((a, b) => b.idf - a.idf || (a.lexeme < b.lexeme ? -1 : 1))
    .slice(0, maxWords);
}
