/** SymbolOracle: the port to static analysis: what may stand at a place of a text, and what is wrong in one. */

// The text is speculative: the document with what the model has written so far. The user's documents
// are never touched. Whoever implements this lives outside the engine's thread (`node/oracles`).

/** What kind of place is asked about; each can be switched off and has figures of its own. */
export type TriggerKind =
  | 'member' // after . ?. -> ::
  | 'import-name' // inside import { … } from
  | 'import-path' // inside the quotes of an import
  | 'object-key' // a key of an object literal, by its contextual type
  | 'string-literal' // inside quotes whose type is a union of literals
  | 'jsx-tag'
  | 'jsx-attribute'
  | 'type-name' // in an annotation
  | 'call-arity' // whether another argument may come, or the call may close
  | 'identifier'; // a bare name in scope

export interface SymbolQuery {
  readonly kind: TriggerKind;
  readonly uri: string;
  readonly languageId: string;
  /** The whole speculative text: before the cursor, what was written, after the cursor. */
  readonly text: string;
  /** UTF-16 offset in `text` where the name begins, or would: right behind the dot. */
  readonly offset: number;
}

export interface SymbolSet {
  /** Every name that may stand there, as it would be typed, the most fitting first. */
  readonly names: readonly string[];
  /**
   * True: nothing else is legal (types fully declared, list complete), so other names may be forbidden.
   * False: other names are less likely at most (plain JavaScript, members under construction).
   */
  readonly isClosed: boolean;
  /** The receiver as the oracle sees it, for the trace: `Map<string, number>`. */
  readonly receiver?: string;
  /** `call-arity` only: arguments that the call may have; `max` may be Infinity. */
  readonly arity?: { readonly min: number; readonly max: number };
}

/** One problem that static analysis has with a text. */
export interface Diagnostic {
  readonly start: number;
  readonly endExclusive: number;
  /** Stable among versions of a text: code and message, without positions. */
  readonly message: string;
}

export interface SymbolOracle {
  /** For people: `typescript`, `pyright`, `clangd`. */
  readonly name: string;
  /** Whether it serves documents of this language; decides nothing about being warm. */
  serves(languageId: string): boolean;
  /** Undefined: it does not know (cold, any, unresolved). Rejects only with the signal's reason. */
  symbols(query: SymbolQuery, signal: AbortSignal): Promise<SymbolSet | undefined>;
  /** The problems in [start, endExclusive) of `text`; undefined when it does not know. */
  diagnostics(
    query: { uri: string; languageId: string; text: string; start: number; endExclusive: number },
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[] | undefined>;
  /** A document was opened, changed (`text` is all of it) or closed (undefined). Cheap; may warm things up. */
  edit(document: { uri: string; languageId: string; version: number; text: string | undefined }): void;
  dispose(): Promise<void>;
}
