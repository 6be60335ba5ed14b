/** TextFacts: how many tokens and which words a text has, counted once for each text. */

// Another query asks for the same pieces, skeletons and statements again. Counting them was half of what a
// second compression of the same files took; the other half was parsing (`readings.ts`).

import { Lru } from '../base/lru.ts';
import type { SegmentTokenizer } from '../tokens/retokenize.ts';
import { countWords, type WordCounts } from './lexical.ts';

/** Characters of all texts that are remembered, some 500 kB of code in all its forms: about 20 MB. */
const maxChars = 2_000_000;

/** A longer text is the whole of many files and pushes out too much; it is counted each time. */
const maxTextChars = 200_000;

/** What an entry takes beside its text, in characters. */
const entryChars = 100;

interface Facts {
  nTokens?: number;
  words?: WordCounts;
}

export class TextFacts {
  private readonly known = new Lru<string, Facts>(maxChars, undefined, (_, text) => text.length + entryChars);

  constructor(private readonly segments: SegmentTokenizer) {}

  nTokens(text: string): number {
    const facts = this.of(text);
    facts.nTokens ??= this.segments.encode(text).length;
    return facts.nTokens;
  }

  words(text: string): WordCounts {
    const facts = this.of(text);
    facts.words ??= countWords(text);
    return facts.words;
  }

  private of(text: string): Facts {
    const known = this.known.get(text);
    if (known) return known;
    const facts: Facts = {};
    if (text.length <= maxTextChars) this.known.set(text, facts);
    return facts;
  }
}
