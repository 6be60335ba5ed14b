/** SqliteWords: the words of every chunk in FTS5, and the search by them. */

import type { IndexedChunk, StoreFilter, StoreHit } from '../../engine/search/store.ts';
import { lexicalWords } from '../../engine/search/words.ts';
import { lexicalPlan } from './lexical-plan.ts';
import { maxChunksPerFile, type Statements } from './sqlite-statements.ts';
import { WordCounts } from './word-counts.ts';

/** Half a megabyte is written once in this many chunks; as many are not counted when the process is killed. */
const countsSaveInterval = 10_000;

export class SqliteWords {
  private readonly counts: WordCounts;
  /** Chunks whose words are counted in memory only. */
  private nUnsaved = 0;

  constructor(
    private readonly statements: Statements,
    /** Of a path, what people search for. */
    private readonly relativePath: (path: string) => string,
  ) {
    const saved = statements.getMeta.all('wordCounts')[0]?.value;
    this.counts = saved instanceof Uint8Array ? WordCounts.from(saved) : new WordCounts();
  }

  /** Within a transaction. */
  insert(fileId: number, path: string, chunks: readonly IndexedChunk[]): void {
    const pathWords = lexicalWords(this.relativePath(path));
    const joinedPath = pathWords.join(' ');
    chunks.forEach(({ name, text, kind }, place) => {
      const key = fileId * maxChunksPerFile + place;
      const [nameWords, code] = [lexicalWords(name), lexicalWords(text)];
      this.statements.insertWords.run(key, nameWords.join(' '), joinedPath, code.join(' '), kind);
      this.counts.add([...nameWords, ...pathWords, ...code]);
    });
    this.nUnsaved += chunks.length;
    if (this.nUnsaved >= countsSaveInterval) this.save();
  }

  /** Within a transaction. `chunks` are those of the file, as far as they are known: their words are rarer now. */
  remove(fileId: number, path: string, chunks: readonly IndexedChunk[]): void {
    this.statements.deleteWords.run(fileId * maxChunksPerFile, (fileId + 1) * maxChunksPerFile - 1);
    const pathWords = lexicalWords(this.relativePath(path));
    for (const { name, text } of chunks) {
      this.counts.add([...lexicalWords(name), ...pathWords, ...lexicalWords(text)], -1);
    }
  }

  /** Best first. `files`: the ids that are let through; undefined lets all. */
  search(
    words: readonly string[],
    limit: number,
    kinds: StoreFilter['kinds'],
    files: ReadonlySet<number> | undefined,
    total: { readonly nFiles: number; readonly nChunks: number },
  ): StoreHit[] {
    if (limit < 1 || kinds?.length === 0 || files?.size === 0) return [];
    const { matches, maxRows } = lexicalPlan({
      words,
      countOf: (word) => this.counts.countOf(word),
      nChunks: total.nChunks,
      share: files ? files.size / Math.max(1, total.nFiles) : 1,
    });
    const ids = files && JSON.stringify([...files]);
    const scores = new Map<number, number>();
    for (const match of matches) {
      const asked = kinds ? `{kind}: (${kinds.join(' OR ')}) AND {name path code}: (${match})` : match;
      const rows =
        ids === undefined
          ? this.statements.lexical.all(asked, maxRows, limit)
          : this.statements.lexicalIn.all(asked, ids, maxRows, limit);
      for (const { key, score } of rows) scores.set(key as number, score as number);
      if (scores.size >= limit) break;
    }
    return [...scores]
      .map(([key, score]) => ({ key, score }))
      .sort((a, b) => b.score - a.score || a.key - b.key)
      .slice(0, limit);
  }

  save(): void {
    this.statements.setMeta.run('wordCounts', this.counts.bytes());
    this.nUnsaved = 0;
  }
}
