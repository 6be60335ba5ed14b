/** WordCounts: about how many chunks each word is in, so that a query knows what looking at a word costs. */

// Counts are kept by hash in a table of fixed size (a count-min sketch of one row: Cormode and
// Muthukrishnan 2005, "An improved data stream summary"). Words are counted by their stems, since it is
// stems that FTS5 finds: `returned` costs what `return` does. Words that share a place look commoner than
// they are, and so do those of files that were removed; what is lost when the process is killed makes
// them look rarer. Nothing but speed and the tail of a ranking depends on it.

import { stemOf } from '../../engine/search/stem.ts';

/** Places of the table, 4 bytes each. A large repository has some 100k distinct words. */
const nPlaces = 1 << 17;

/** Words whose places are remembered, since finding a stem takes microseconds; some megabytes when full. */
const maxRemembered = 50_000;

export class WordCounts {
  private readonly places = new Map<string, number>();

  constructor(private readonly counts = new Uint32Array(nPlaces)) {}

  /** From {@link bytes}; empty when they are of another size. */
  static from(bytes: Uint8Array): WordCounts {
    if (bytes.length !== 4 * nPlaces) return new WordCounts();
    return new WordCounts(new Uint32Array(bytes.slice().buffer));
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.counts.buffer, this.counts.byteOffset, this.counts.byteLength);
  }

  /** The words of one chunk that is added, or goes (`change` -1). */
  add(words: readonly string[], change: 1 | -1 = 1): void {
    for (const place of new Set(words.map((word) => this.placeOf(word)))) {
      this.counts[place] = Math.max(0, (this.counts[place] as number) + change);
    }
  }

  countOf(word: string): number {
    return this.counts[this.placeOf(word)] as number;
  }

  private placeOf(word: string): number {
    const known = this.places.get(word);
    if (known !== undefined) return known;
    const place = hashOf(stemOf(word)) & (nPlaces - 1);
    if (this.places.size >= maxRemembered) this.places.clear();
    this.places.set(word, place);
    return place;
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
