/** CompressionMethods: ways of choosing a small context out of many files, ours and those it is measured against. */

import { readFile } from 'node:fs/promises';
import { Compressor } from '../src/engine/compress/compress.ts';
import { lexicalScores } from '../src/engine/compress/lexical.ts';
import { passageOf, Ranker } from '../src/engine/compress/rank.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { fimFormatOf } from '../src/engine/prompt/fim.ts';
import { nErrors } from '../src/engine/syntax/errors.ts';
import { Parsers } from '../src/engine/syntax/parsers.ts';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { SegmentTokenizer } from '../src/engine/tokens/retokenize.ts';
import { systemClock } from '../src/node/clock.ts';
import type { CompressionCase } from './compression-cases.ts';
import type { Setting, SourceFile } from './setting.ts';

export const methods = [
  'none',
  'full',
  'random functions',
  'BM25 windows of 20 lines',
  'BM25 functions',
  'LongCodeZip, coarse',
  'ours, words only',
  'ours',
] as const;
export type Method = (typeof methods)[number];

/** What was chosen, and what it cost. */
export interface Context {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly nTokens: number;
  readonly nTokensBefore: number;
  readonly ms: number;
  /** Share of the files that parse as well as they did; undefined where it is not promised. */
  readonly parses: number | undefined;
}

interface Piece {
  readonly file: number;
  readonly at: number;
  readonly text: string;
}

const live = new AbortController().signal;

export class CompressionMethods {
  private readonly segments: SegmentTokenizer;

  private constructor(
    private readonly setting: Setting,
    private readonly parsers: Parsers,
  ) {
    this.segments = new SegmentTokenizer(setting.tokenizer);
  }

  static async open(setting: Setting): Promise<CompressionMethods> {
    const modules = new URL('../node_modules/', import.meta.url);
    const source = (name: string) =>
      readFile(new URL(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`, modules));
    const runtime = await readFile(new URL('web-tree-sitter/web-tree-sitter.wasm', modules));
    return new CompressionMethods(setting, await Parsers.load(source, runtime));
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
      case 'ours':
      case 'ours, words only':
        return this.ours(one, budget, method === 'ours', made);
      case 'BM25 windows of 20 lines':
        return made(await this.best(one, budget, windowsOf(one.background), 'words'));
      case 'BM25 functions':
        return made(await this.best(one, budget, functionsOf(one.background), 'words'));
      case 'random functions':
        return made(await this.best(one, budget, functionsOf(one.background), 'random'));
      case 'LongCodeZip, coarse':
        return made(await this.best(one, budget, functionsOf(one.background), 'model'));
    }
  }

  private async ours(
    one: CompressionCase,
    budget: number,
    usesModel: boolean,
    made: (files: Context['files'], parses?: number) => Context,
  ): Promise<Context> {
    const { clock, segments, parsers } = {
      clock: systemClock,
      segments: this.segments,
      parsers: this.parsers,
    };
    const ranker = this.rankerFor(one, 'ours');
    const compressor = new Compressor({ segments, clock, parsers, ranker });
    const files = one.background.map(({ name, languageId, text }) => ({ path: name, languageId, text }));
    const result = await compressor.compress(
      { query: one.query, files, budgetTokens: budget, usesModel },
      live,
    );
    const context = made(result.files);
    const verdicts = await Promise.all(
      result.files.map(async ({ path, text }) => {
        const file = files.find((other) => other.path === path) as (typeof files)[number];
        return (await this.errors(file.languageId, text)) <= (await this.errors(file.languageId, file.text));
      }),
    );
    return { ...context, parses: verdicts.filter(Boolean).length / Math.max(1, verdicts.length) };
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
  private async best(
    one: CompressionCase,
    budget: number,
    pieces: readonly Piece[],
    by: 'words' | 'random' | 'model',
  ) {
    const scores = await this.scores(one, pieces, by);
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
    return one.background.flatMap(({ name }, file) => {
      const own = kept.filter((piece) => piece.file === file).sort((a, b) => a.at - b.at);
      return own.length > 0 ? [{ path: name, text: own.map(({ text }) => text).join('\n') }] : [];
    });
  }

  private async scores(one: CompressionCase, pieces: readonly Piece[], by: 'words' | 'random' | 'model') {
    if (by === 'words')
      return lexicalScores(
        one.query,
        pieces.map(({ text }) => ({ text, name: '' })),
      );
    const random = seededRandom(one.query.length);
    if (by === 'random') return pieces.map(() => random());
    const ranker = this.rankerFor(one, 'LongCodeZip');
    const passage = (text: string) => passageOf(text, this.segments.encode(text));
    const scores: number[] = [];
    for (const { text } of pieces)
      scores.push((await ranker.look(passage(text), passage(one.query), live)).ami);
    return scores;
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
