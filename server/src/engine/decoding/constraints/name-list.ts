/** NameList: legal names as sorted byte strings, narrowed byte by byte as a name is written. */

// A trie in effect, without its nodes: a place in it is a range of the sorted list, so building one
// costs a sort (0.3 ms for 1,000 names) and a place is three numbers.

/** Where in the list a written beginning leads: names [lo, hi) share their first `depth` bytes. */
export interface NameRange {
  readonly lo: number;
  readonly hi: number;
  readonly depth: number;
}

const encoder = new TextEncoder();

/** The UTF-8 bytes of `text`, each as one character below U+0100: comparable and searchable as they are. */
export function byteString(text: string): string {
  return byteStringOf(encoder.encode(text));
}

export function byteStringOf(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) result += String.fromCharCode(byte);
  return result;
}

export class NameList {
  private readonly names: readonly string[];

  constructor(names: Iterable<string>) {
    const unique = new Set<string>();
    for (const name of names) if (name !== '') unique.add(byteString(name));
    this.names = [...unique].sort(); // by code unit, which here is by byte
  }

  get size(): number {
    return this.names.length;
  }

  /** Nothing written yet. */
  get all(): NameRange {
    return { lo: 0, hi: this.names.length, depth: 0 };
  }

  /** `range` after one more byte; undefined when no name goes on like that. */
  after(range: NameRange, byte: number): NameRange | undefined {
    const { depth } = range;
    const lo = this.firstAtLeast(range.lo, range.hi, depth, byte);
    const hi = this.firstAtLeast(lo, range.hi, depth, byte + 1);
    return lo < hi ? { lo, hi, depth: depth + 1 } : undefined;
  }

  /** `range` after all of `bytes` (a byte string). */
  afterAll(range: NameRange, bytes: string): NameRange | undefined {
    let current: NameRange | undefined = range;
    for (let i = 0; i < bytes.length && current; i++) current = this.after(current, bytes.charCodeAt(i));
    return current;
  }

  /** Whether what is written is a whole name; longer ones may begin like it. */
  isWhole({ lo, hi, depth }: NameRange): boolean {
    return lo < hi && (this.names[lo] as string).length === depth; // the shortest comes first
  }

  /** The bytes that all names of `range` go on with behind what is written; '' where they part at once. */
  rest({ lo, hi, depth }: NameRange): string {
    const first = this.names[lo] ?? '';
    const last = this.names[hi - 1] ?? ''; // sorted: what these two share, all share
    let end = depth;
    while (end < first.length && first[end] === last[end]) end++;
    return first.slice(depth, end);
  }

  private firstAtLeast(lo: number, hi: number, depth: number, byte: number): number {
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      // A name that ends here has NaN, which is not less than anything, so ask the other way round.
      if ((this.names[middle] as string).charCodeAt(depth) >= byte) hi = middle;
      else lo = middle + 1;
    }
    return lo;
  }
}
