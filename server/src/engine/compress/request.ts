/** What compression is asked and what it answers: plain values, so that they cross processes. */

import type { ChunkKind } from '../syntax/chunk.ts';
import type { Form } from './render.ts';

export interface CompressFile {
  /** As it is shown in the answer; paths name files, so no two may be equal. */
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
  /** What a search index found here for the query; of an older text perhaps, which does no harm. */
  readonly hits?: readonly CompressHit[];
}

/** Lines of a file, from 0, both inclusive. */
export interface CompressHit {
  readonly startLine: number;
  readonly endLine: number;
  /** Higher is better; comparable within one request. */
  readonly score: number;
}

export interface CompressRequest {
  /** An instruction, a question, or code that goes on: what the context is for. */
  readonly query: string;
  /** In the order of the answer. */
  readonly files: readonly CompressFile[];
  /** The most tokens of the answer, by the model's tokenizer; ≥ 1. */
  readonly budgetTokens: number;
  /** Ask the model; without it words alone decide, which takes milliseconds. When absent, large models are asked. */
  readonly usesModel?: boolean;
  /** Ids of parts of an earlier answer: they stay unless others are clearly better. */
  readonly previous?: readonly string[];
}

/** A part of a file, kept or not. */
export interface CompressedPart {
  readonly id: string;
  readonly path: string;
  readonly kind: ChunkKind;
  /** Qualified; '' where there is none. */
  readonly name: string;
  /** [start, endExclusive) of the file's text, in UTF-16 units: whole lines. */
  readonly start: number;
  readonly endExclusive: number;
  readonly form: Form;
  /** Higher is better; comparable within one answer. */
  readonly score: number;
}

export interface CompressResult {
  /** The kept code of all files, each under a comment with its path. */
  readonly text: string;
  /** At most `budgetTokens`. */
  readonly nTokens: number;
  /** What all files take whole, laid out likewise. */
  readonly nTokensBefore: number;
  /** Of the files of which something was kept, in the order given. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Of all files, in order; those whose text is read but carries nothing are left out. */
  readonly parts: readonly CompressedPart[];
  /** What of this answer is not as asked, for people. */
  readonly note?: string;
  readonly ms: number;
}
