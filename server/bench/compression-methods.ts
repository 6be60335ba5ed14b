/** CompressionMethods: ways of choosing a small context out of many files, ours and those it is measured against. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Compressor } from '../src/engine/compress/compress.ts';
import { WordScores } from '../src/engine/compress/lexical.ts';
import { Ranker } from '../src/engine/compress/rank.ts';
import type { CompressFile } from '../src/engine/compress/request.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { fimFormatOf } from '../src/engine/prompt/fim.ts';
import { embedChunk } from '../src/engine/search/embed-chunk.ts';
import type { Encoder } from '../src/engine/search/encoder.ts';
import { fuse } from '../src/engine/search/fuse.ts';
import { poolSize } from '../src/engine/search/search.ts';
import { chunkText } from '../src/engine/syntax/chunker.ts';
import { nErrors } from '../src/engine/syntax/errors.ts';
import { Parsers } from '../src/engine/syntax/parsers.ts';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { LineIndex } from '../src/engine/text/line-index.ts';
import { SegmentTokenizer } from '../src/engine/tokens/retokenize.ts';
import { systemClock } from '../src/node/clock.ts';
import { openEncoder } from '../src/node/search/encoder-files.ts';
import type { CompressionCase } from './compression-cases.ts';
import { longCodeZip } from './longcodezip.ts';
import type { Setting, SourceFile } from './setting.ts';

/** Who chooses. `ours` is the product; each line below it lacks something of it, or has something more. */
export const methods = [
  'none',
  'full',
  'random functions',
  'BM25 windows of 20 lines',
  'BM25 functions',
  'functions by vectors',
  'LongCodeZip',
  'ours',
  'ours without vectors',
  'ours without blocks',
  'ours without skeletons',
  'ours asking the model',
] as const;
export type Method = (typeof methods)[number];

/** What was chosen, and what it cost. */
export interface Context {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly nTokens: number;
  readonly nTokensBefore: number;
  readonly ms: number;
  /** The same files again with another query: only of `ours`. */
  readonly warmMs?: number;
  /** Share of the files that parse as well as they did; undefined where it is not promised. */
  readonly parses: number | undefined;
}

interface Piece {
  readonly file: number;
  readonly at: number;
  readonly text: string;
}

type Ranking = 'words' | 'random' | 'vectors';

interface IndexedChunk {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly vector: Float32Array;
}

const live = new AbortController().signal;

/** The start of a file is another query than a function in it: by it a second compression is timed. */
const nOtherQueryChars = 1500;

export class CompressionMethods {
  private readonly segments: SegmentTokenizer;

  private constructor(
    private readonly setting: Setting,
    private readonly parsers: Parsers,
    private readonly encoder: Encoder,
  ) {
    this.segments = new SegmentTokenizer(setting.tokenizer);
  }

  static async open(setting: Setting): Promise<CompressionMethods> {
    const modules = new URL('../node_modules/', import.meta.url);
    const source = (name: string) =>
      readFile(new URL(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`, modules));
    const runtime = await readFile(new URL('web-tree-sitter/web-tree-sitter.wasm', modules));
    const encoder = await openEncoder(fileURLToPath(new URL('../model', import.meta.url)));
    return new CompressionMethods(setting, await Parsers.load(source, runtime), encoder);
  }

  close(): void {
    this.parsers.dispose();
  }

  async context(method: Method, one: CompressionCase, budget: number): Promise<Context> {
    const whole = one.background.map(({ name, text }) => ({ path: name, text }));
    const nTokensBefore = this.count(whole);
    const startMs = performance.now();
    const made = (files: Context['files'], parses?: number): Context => ({
      files,
      nTokens: this.count(files),
      nTokensBefore,
      ms: performance.now() - startMs,
      parses,
    });
    switch (method) {
      case 'none':
        return made([]);
      case 'full':
        return made(whole);
      case 'BM25 windows of 20 lines':
        return made(await this.best(one, budget, windowsOf(one.background), 'words'));
      case 'BM25 functions':
        return made(await this.best(one, budget, functionsOf(one.background), 'words'));
      case 'functions by vectors':
        return made(await this.best(one, budget, functionsOf(one.background), 'vectors'));
      case 'random functions':
        return made(await this.best(one, budget, functionsOf(one.background), 'random'));
      case 'LongCodeZip':
        return made(await this.zipped(one, budget));
      default:
        return this.ours(method, one, budget, made);
    }
  }

  private async ours(
    method: Method,
    one: CompressionCase,
    budget: number,
    made: (files: Context['files'], parses?: number) => Context,
  ): Promise<Context> {
    const without = (['skeletons', 'blocks'] as const).filter((part) => method === `ours without ${part}`);
    const usesModel = method === 'ours asking the model';
    const { segments, parsers } = this;
    const ranker = usesModel && { ranker: this.rankerFor(one, method) };
    const compressor = new Compressor({ segments, clock: systemClock, parsers, without, ...ranker });
    const hits = method === 'ours without vectors' ? undefined : await this.hitsFor(one);
    const files = one.background.map(({ name, languageId, text }): CompressFile => {
      const own = hits?.get(name);
      return { path: name, languageId, text, ...(own && { hits: own }) };
    });
    const request = { query: one.query, files, budgetTokens: budget, usesModel };
    const result = await compressor.compress(request, live);
    const context = { ...made(result.files), ms: result.ms }; // the index has its vectors
    const verdicts = await Promise.all(
      result.files.map(async ({ path, text }) => {
        const file = files.find((other) => other.path === path) as (typeof files)[number];
        return (await this.errors(file.languageId, text)) <= (await this.errors(file.languageId, file.text));
      }),
    );
    const again = method === 'ours' && { ...request, query: one.file.text.slice(0, nOtherQueryChars) };
    const warm = again && { warmMs: (await compressor.compress(again, live)).ms };
    return { ...context, ...warm, parses: verdicts.filter(Boolean).length / Math.max(1, verdicts.length) };
  }

  private readonly chunks = new Map<SourceFile, Promise<IndexedChunk[]>>();

  /** What an index of these files would find by meaning, scaled as search scales it. */
  private async hitsFor({ background, query }: CompressionCase) {
    if (this.chunks.size > 400) this.chunks.clear();
    const all: IndexedChunk[] = [];
    for (const file of background) {
      const own = this.chunks.get(file) ?? this.chunksOf(file);
      this.chunks.set(file, own);
      all.push(...(await own));
    }
    const asked = this.encoder.embedQuery(query);
    const near = all
      .map(({ vector }, key) => ({ key, score: dot(vector, asked) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, poolSize);
    const hits = new Map<string, { startLine: number; endLine: number; score: number }[]>();
    for (const [key, score] of fuse([], near)) {
      const { path, startLine, endLine } = all[key] as IndexedChunk;
      hits.set(path, [...(hits.get(path) ?? []), { startLine, endLine, score }]);
    }
    return hits;
  }

  private async chunksOf({ name, languageId, text }: SourceFile): Promise<IndexedChunk[]> {
    const tree = (await this.parsers.of(languageId))?.parse(text) ?? undefined;
    const lines = new LineIndex(text);
    const chunks = chunkText(text, languageId, tree).map((chunk) => ({
      path: name,
      startLine: lines.lineAt(chunk.start),
      endLine: lines.lineAt(Math.max(chunk.start, chunk.endExclusive - 1)),
      vector: embedChunk(
        this.encoder,
        { name: chunk.name, text: text.slice(chunk.start, chunk.endExclusive) },
        name,
      ),
    }));
    tree?.delete();
    return chunks;
  }

  private async zipped(one: CompressionCase, budget: number) {
    const pieces = functionsOf(one.background);
    const { segments } = this;
    const ranker = this.rankerFor(one, 'LongCodeZip');
    const texts = pieces.map(({ text }) => text);
    const left = await longCodeZip(texts, one.query, budget, { ranker, segments });
    return laidOut(
      one,
      pieces.flatMap((piece, i) => {
        const text = left.get(i);
        return text === undefined ? [] : [{ ...piece, text }];
      }),
    );
  }

  private readonly rankers = new Map<string, Ranker>();

  /** One for a case and a method: the second budget finds the scores of the first. */
  private rankerFor(one: CompressionCase, method: string): Ranker {
    if (this.rankers.size > 4) this.rankers.clear();
    const key = `${method} ${one.file.name} ${one.query}`;
    const ranker = this.rankers.get(key) ?? this.ranker();
    this.rankers.set(key, ranker);
    return ranker;
  }

  private ranker(): Ranker {
    const { forward, model, tokenizer } = this.setting;
    return new Ranker(new CausalLm(forward, systemClock), fimFormatOf(model.metadata, tokenizer).file);
  }

  /** Takes the best pieces while they fit, and lays them out in their order. */
  private async best(one: CompressionCase, budget: number, pieces: readonly Piece[], by: Ranking) {
    const scores = this.scores(one, pieces, by);
    const order = [...pieces.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
    const kept: Piece[] = [];
    let room = budget;
    for (const i of order) {
      const piece = pieces[i] as Piece;
      const nTokens = this.segments.encode(piece.text).length;
      if (nTokens > room) continue;
      room -= nTokens;
      kept.push(piece);
    }
    return laidOut(one, kept);
  }

  private scores(one: CompressionCase, pieces: readonly Piece[], by: Ranking): ArrayLike<number> {
    if (by === 'words') {
      return new WordScores(
        one.query,
        pieces.map(({ text }) => ({ text, name: '' })),
      ).all;
    }
    const random = seededRandom(one.query.length);
    if (by === 'random') return pieces.map(() => random());
    const asked = this.encoder.embedQuery(one.query);
    return pieces.map(({ text, file }) => {
      const path = one.background[file]?.name ?? '';
      return dot(this.encoder.embedDocument({ name: '', path, code: text }), asked);
    });
  }

  private async errors(languageId: string, text: string): Promise<number> {
    const tree = (await this.parsers.of(languageId))?.parse(text);
    const n = tree ? nErrors(tree) : 0;
    tree?.delete();
    return n;
  }

  private count(files: Context['files']): number {
    return files.reduce((sum, { text }) => sum + this.segments.encode(text).length, 0);
  }
}

/** Kept pieces in the order of their files. */
function laidOut({ background }: CompressionCase, kept: readonly Piece[]) {
  return background.flatMap(({ name }, file) => {
    const own = kept.filter((piece) => piece.file === file).sort((a, b) => a.at - b.at);
    return own.length > 0 ? [{ path: name, text: own.map(({ text }) => text).join('\n') }] : [];
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

/** The published chunks: every definition opens one, wherever it stands (regular expressions, not syntax). */
function functionsOf(files: readonly SourceFile[]): Piece[] {
  return files.flatMap(({ text, languageId }, file) => {
    const opens =
      languageId === 'python'
        ? /^[ \t]*(?:async\s+)?(?:def|class)\s/gm
        : /^(?:[ \t]*(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function|class|interface)\b|export\s+(?:const|type|enum)\b)/gm;
    const starts = [...new Set([0, ...[...text.matchAll(opens)].map(({ index }) => index)])];
    return starts.map((at, i) => ({ file, at, text: text.slice(at, starts[i + 1] ?? text.length) }));
  });
}

function windowsOf(files: readonly SourceFile[]): Piece[] {
  return files.flatMap(({ text }, file) => {
    const lines = text.split('\n');
    return Array.from({ length: Math.ceil(lines.length / 20) }, (_, i) => {
      return { file, at: i, text: `${lines.slice(20 * i, 20 * i + 20).join('\n')}\n` };
    });
  });
}
