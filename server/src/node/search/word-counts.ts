/** WordCounts: about how many chunks each word is in, so that a query need not look at the commonest ones. */

// FTS5 scores every chunk that holds any word of an OR query; at a million chunks one common word costs
// more than all rare ones together and decides least. Counts are kept by hash in a table of fixed size
// (a count-min sketch of one row: Cormode and Muthukrishnan 2005, "An improved data stream summary").
// Deviation: they are not lowered when a file goes, so words that share a place, or were deleted, look
// commoner than they are, never rarer. Nothing but speed and the tail of a ranking depends on them.

/** Places of the table, 4 bytes each. A large repository has some 100k distinct words. */
const nPlaces = 1 << 17;

/**
 * In how many chunks the words of one query may be together; rarer words come first, and what does not
 * fit is left out. Fewer is faster and cuts more from long queries in large indexes. A guess: with it a
 * query took some 60 ms of CPU at 100,000 chunks; what it costs in quality there is not measured.
 */
const maxPostings = 40_000;

export class WordCounts {
  constructor(private readonly counts = new Uint32Array(nPlaces)) {}

  /** From {@link bytes}; empty when they are of another size. */
  static from(bytes: Uint8Array): WordCounts {
    if (bytes.length !== 4 * nPlaces) return new WordCounts();
    return new WordCounts(new Uint32Array(bytes.slice().buffer));
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.counts.buffer, this.counts.byteOffset, this.counts.byteLength);
  }

  /** The words of one chunk. */
  add(words: readonly string[]): void {
    for (const word of new Set(words)) {
      const place = placeOf(word);
      this.counts[place] = (this.counts[place] as number) + 1;
    }
  }

  /** The distinct words of a query, rarest first, as many as may be looked at; at least one of some. */
  mostTelling(words: readonly string[], maxWords: number): string[] {
    const counted = [...new Set(words)].map((word) => ({
      word,
      count: this.counts[placeOf(word)] as number,
    }));
    counted.sort((a, b) => a.count - b.count);
    let nPostings = 0;
    const chosen = counted.slice(0, maxWords).filter(({ count }, index) => {
      nPostings += count;
      return index === 0 || nPostings <= maxPostings;
    });
    return chosen.map(({ word }) => word);
  }
}

/** FNV-1a. */
function placeOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) & (nPlaces - 1);
}
