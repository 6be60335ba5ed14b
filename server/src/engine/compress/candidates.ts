/** candidatesOf: the parts of a file that are kept or left out, each with its text. */

import type { OutlinePart } from './outline.ts';
import type { CompressFile } from './request.ts';

/** A file with its outline. */
export interface Source {
  readonly file: CompressFile;
  readonly outline: readonly OutlinePart[];
  /** Of the whole file; undefined where there is no tree. */
  readonly nErrors: number | undefined;
}

export interface Candidate {
  readonly source: Source;
  readonly part: OutlinePart;
  readonly text: string;
}

/** Containers are not candidates, their members are; imports come with what is kept of their file. */
export function candidatesOf(source: Source): Candidate[] {
  const { text } = source.file;
  const within = (parts: readonly OutlinePart[]): Candidate[] =>
    parts.flatMap((part) => {
      if (part.role === 'container') return within(part.parts);
      if (part.role === 'imports') return [];
      return [{ source, part, text: text.slice(part.start, part.endExclusive) }];
    });
  return within(source.outline).filter((candidate) => candidate.text.trim() !== '');
}
