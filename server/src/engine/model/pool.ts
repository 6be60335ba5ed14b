/** SequencePool: one Sequence per document, the least recently used one recycled when arenas run out. */

import { defined } from '../base/assert.ts';
import { arenaBytes, KvArena, type KvShape } from './arena.ts';
import type { ModelConfig } from './contract.ts';
import { Sequence } from './sequence.ts';

/** Documents whose keys and values are held at once: more than anyone types in at once. */
const maxSequences = 8;

/** How many documents' keys and values `memoryMb` holds; one at least. */
export function sequencesThatFit(config: KvShape, contextTokens: number, memoryMb: number): number {
  const nFitting = Math.floor((memoryMb * 1e6) / arenaBytes(config, contextTokens));
  return Math.max(1, Math.min(maxSequences, nFitting));
}

/** Allocates arenas as documents first need one, never more than `capacity`, and never frees one. */
export class SequencePool {
  private readonly sequences = new Map<string, Sequence>(); // oldest use first

  constructor(
    private readonly config: ModelConfig,
    private readonly nRow: number,
    private readonly capacity: number,
  ) {}

  /** The document's sequence; an empty or recycled one (whose rows `align` will judge) at first. */
  of(uri: string): Sequence {
    const known = this.sequences.get(uri);
    const sequence = known ?? this.next();
    this.sequences.delete(uri);
    this.sequences.set(uri, sequence);
    return sequence;
  }

  /** The other documents' sequences, most recently used first. */
  othersOf(uri: string): Sequence[] {
    return [...this.sequences]
      .filter(([other]) => other !== uri)
      .map(([, sequence]) => sequence)
      .reverse();
  }

  private next(): Sequence {
    if (this.sequences.size < this.capacity) return new Sequence(new KvArena(this.config, this.nRow));
    const oldest = defined(this.sequences.keys().next().value, 'a pool holds at least one sequence');
    const sequence = defined(this.sequences.get(oldest), 'the key was just read');
    this.sequences.delete(oldest);
    return sequence;
  }
}
