/** What a completion is asked with and answers: plain values, so that they cross a process boundary. */

import type { CompletionCost } from '../base/ports.ts';

/** Where and how to complete; offsets in UTF-16 code units. */
export interface CompletionRequest {
  readonly uri: string;
  /** The document version that `offset` refers to. */
  readonly version: number;
  readonly offset: number;
  /** `automatic` while typing, `invoked` when the user asked. */
  readonly trigger: 'automatic' | 'invoked';
  /** The entry selected in the editor's completion list, which a suggestion must begin with. */
  readonly selected?: { readonly start: number; readonly endExclusive: number; readonly text: string };
  readonly settings: CompletionSettings;
}

/** The part of the settings that a completion reads. */
export interface CompletionSettings {
  readonly maxLines: number;
  readonly maxTokens: number;
  /** 0: the model's own limit. */
  readonly contextTokens: number;
  readonly debounceMs: number;
  readonly maxFileSizeKb: number;
  /** False: rows behind an edit are computed anew, which is exact at once, and slower. */
  readonly editReuse: boolean;
}

/** A text that may replace a range of the document. */
export interface Suggestion {
  /** Grows by one per suggestion; names it in `accepted`. */
  readonly id: number;
  readonly text: string;
  /** [start, endExclusive) of the document that `text` replaces; holds the cursor. */
  readonly start: number;
  readonly endExclusive: number;
}

/** Why there is no suggestion, or where it came from. */
export type CompletionOutcome =
  | 'generated' // the model wrote it
  | 'reused' // the user typed along the suggestion on screen
  | 'empty' // the model had nothing to add, or trimming left nothing
  | 'memorised' // what it wrote stands word for word in the training corpus, so it is withheld
  | 'stale' // the document moved on while the request was under way
  | 'unknown-document' // never opened or closed meanwhile
  | 'secret' // a file that by its name holds passwords or keys
  | 'too-large' // over settings.maxFileSizeKb
  | 'binary' // holds NUL characters
  | 'bad-position' // inside a surrogate pair or past the end
  | 'mid-word'; // the cursor stands inside a word, where insertions are rarely wanted

/** The result and what it cost. */
export interface CompletionResult {
  readonly outcome: CompletionOutcome;
  readonly suggestion?: Suggestion;
  readonly cost: CompletionCost;
}

/** A cost of nothing, to be filled in. */
export function newCost(): CompletionCost {
  return {
    ms: 0,
    firstTokenMs: 0,
    nKept: 0,
    nShifted: 0,
    nNew: 0,
    nRepaired: 0,
    rows: 'exact',
    nTokens: 0,
    nPasses: 0,
    nGuessed: 0,
    nRight: 0,
  };
}
