/** Chunk: a piece of a file as its syntax tree cuts it; the unit of search, compression and context. */

export type ChunkKind =
  | 'function'
  | 'method'
  | 'class'
  | 'interface'
  | 'type'
  | 'enum'
  | 'module' // namespaces, and what stands at a file's top level between declarations
  | 'text'; // a file without a grammar, cut by lines

/** The chunks of a file are in order, do not overlap, and hold every character that is not white space. */
export interface Chunk {
  /** 16 hex digits: of the chunk's normalised text and its path in the tree, so an edit elsewhere keeps it. */
  readonly id: string;
  /** [start, endExclusive) of the file's text, in UTF-16 units; whole lines wherever a line is not too long. */
  readonly start: number;
  readonly endExclusive: number;
  readonly kind: ChunkKind;
  /** Of the symbol, qualified by what encloses it (`Store.replaceFile`); of small ones that share it: `a, b`; '' if none. */
  readonly name: string;
  /** The signatures that enclose the chunk, outermost first, a line each; '' at top level. */
  readonly header: string;
  /** The documentation comment of the symbol, without comment markers; '' where there is none. It lies in the chunk. */
  readonly doc: string;
}
