/** Reranker: the first hits of a search, ordered again by how probable they make the query to the language model. */

// AMI as compression has it (engine/compress/rank.ts). Within one query it orders like the query's mean
// log-probability behind the chunk, since what is taken off is the same for each.

import { Ranker } from '../src/engine/compress/rank.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { fimFormatOf } from '../src/engine/prompt/fim.ts';
import type { ScoredChunk } from '../src/engine/search/rank.ts';
import type { StoredChunk } from '../src/engine/search/store.ts';
import { hashOf } from '../src/engine/text/hash.ts';
import { systemClock } from '../src/node/clock.ts';
import type { Setting } from './setting.ts';

/**
 * What a nat of AMI counts beside the fused score, 0 to 1. The least bad of 0.02 to 3 on the development
 * repositories; none gained there (docs/search-encoder.md), so the product does not re-rank.
 */
const amiWeight = 0.02;

const live = new AbortController().signal;

export class Reranker {
  /** What each query cost beside the search. */
  readonly timesMs: number[] = [];
  private readonly ranker: Ranker;

  constructor(private readonly setting: Setting) {
    const { forward, model, tokenizer } = setting;
    this.ranker = new Ranker(new CausalLm(forward, systemClock), fimFormatOf(model.metadata, tokenizer).file);
  }

  /** Best first. */
  async order(query: string, hits: readonly ScoredChunk[]): Promise<StoredChunk[]> {
    const startMs = performance.now();
    const asked = this.passage(query);
    const scored: ScoredChunk[] = [];
    for (const { chunk, score } of hits) {
      const { ami } = await this.ranker.look(this.passage(`${chunk.path}\n${chunk.text}`), asked, live);
      scored.push({ chunk, score: score + amiWeight * ami });
    }
    this.timesMs.push(performance.now() - startMs);
    return scored.toSorted((a, b) => b.score - a.score).map(({ chunk }) => chunk);
  }

  private passage(text: string) {
    return { id: hashOf(text), tokens: this.setting.tokenizer.encode(text) };
  }
}
