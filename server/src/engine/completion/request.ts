/** What a completion is asked with and answers: plain values, so that they cross a process boundary. */

import type { CompletionCost } from '../base/ports.ts';
import type { TriggerKind } from '../decoding/constraints/symbol-oracle.ts';
import type { SamplingOptions } from '../decoding/sampling.ts';
import type { QuietZone } from './quiet-zones.ts';

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
  /** Ask the model whatever is on screen, and say what it wrote: for measurements. */
  readonly explain?: boolean;
  /** Somebody looks at traces: what is typed here is compared with what other files promised, in idle time. */
  readonly isWatched?: boolean;
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
  /** How sure a suggestion must be while typing; absent: all of it is shown. */
  readonly eagerness?: Eagerness;
  /** Suggestions to choose from when `invoked`; 1 when absent. */
  readonly alternatives?: number;
  /** While a suggestion is on screen, the next one is looked for. */
  readonly lookAhead?: boolean;
  /** False: rows that an edit moved are not made exact in idle time; what was read from them stays. */
  readonly idleRepair?: boolean;
  /** False: nothing while typing there. */
  readonly inComments?: boolean;
  readonly inStrings?: boolean;
  /** Globs of files where nothing is suggested while typing. */
  readonly disabledPaths?: readonly string[];
  /** Absent: the likeliest token, always. */
  readonly sampling?: SamplingOptions;
  /** Kinds of place where only known names are written; absent: the usual ones. */
  readonly watchedKinds?: readonly TriggerKind[];
  /** False: a suggestion is shown even if it does not type-check. */
  readonly typeCheck?: boolean;
}

/** From sure and rare to unsure and often. */
export type Eagerness = 'quiet' | 'balanced' | 'eager';

/** A text that may replace a range of the document. */
export interface Suggestion {
  /** Grows by one per suggestion; names it in `accepted`. */
  readonly id: number;
  readonly text: string;
  /** [start, endExclusive) of the document that `text` replaces; holds the cursor. */
  readonly start: number;
  readonly endExclusive: number;
  /** How probable it is that the text stays as it is, in [0, 1], where the model's figures were calibrated. */
  readonly probability?: number;
}

/** Why there is no suggestion, or where it came from. */
export type CompletionOutcome =
  | 'generated' // the model wrote it
  | 'reused' // the user typed along the suggestion on screen
  | 'cached' // asked for at this place before
  | 'unsure' // not even the first word was sure enough for settings.eagerness
  | QuietZone
  | 'ill-typed' // all that it wrote would have been an error for the language
  | 'empty' // the model had nothing to add, or trimming left nothing
  | 'memorised' // what it wrote stands word for word in the training corpus, so it is withheld
  | 'stale' // the document moved on while the request was under way
  | 'unknown-document' // never opened or closed meanwhile
  | 'secret' // a file that by its name holds passwords or keys
  | 'too-large' // over settings.maxFileSizeKb
  | 'binary' // holds NUL characters
  | 'bad-position' // inside a surrogate pair or past the end
  | 'mid-word'; // the cursor stands inside a word, where insertions are rarely wanted

/** What the model wrote before any of it was judged. */
export interface Explanation {
  readonly generated: string;
  /** Every token: its probability, and the length of `generated` with it. */
  readonly tokens: readonly { readonly probability: number; readonly endExclusive: number }[];
  /** After trimming, before anything was cut for being unsure; undefined when nothing is left. */
  readonly trimmed: string | undefined;
}

/** The result and what it cost. */
export interface CompletionResult {
  readonly outcome: CompletionOutcome;
  /** Where the request asked for it and the model was asked. */
  readonly explanation?: Explanation;
  readonly suggestion?: Suggestion;
  /** Others, the likeliest first, where the user asked. */
  readonly alternatives?: readonly Suggestion[];
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
