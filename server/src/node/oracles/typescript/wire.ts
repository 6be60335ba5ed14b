/** wire: what the engine and the TypeScript process say to each other. */

import { NotificationType, RequestType } from 'vscode-jsonrpc/node';
import type {
  Diagnostic,
  SymbolSet,
  TriggerKind,
} from '../../../engine/decoding/constraints/symbol-oracle.ts';

/** A replacement in the text of this document that was sent last, by `edit`; offsets in UTF-16 units. */
export interface TextChange {
  readonly start: number;
  readonly endExclusive: number;
  readonly text: string;
}

/** Opens a document, or changes it; order is kept, so both sides know the same text. */
export interface EditParams {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  /** Undefined: it was closed. */
  readonly change?: TextChange;
}
export const editNotification = new NotificationType<EditParams>('types/edit');

interface AboutText {
  readonly uri: string;
  /** From the document's text to the speculative one; not kept. */
  readonly change: TextChange;
}

export interface SymbolsParams extends AboutText {
  readonly kind: TriggerKind;
  readonly offset: number;
}
export const symbolsRequest = new RequestType<SymbolsParams, SymbolSet | null, void>('types/symbols');

export interface DiagnosticsParams extends AboutText {
  readonly start: number;
  readonly endExclusive: number;
}
export const diagnosticsRequest = new RequestType<DiagnosticsParams, readonly Diagnostic[] | null, void>(
  'types/diagnostics',
);

/** A stretch of a text, UTF-16 units, that was accepted and may lack imports. */
export interface ImportsQuery {
  readonly uri: string;
  readonly languageId: string;
  readonly text: string;
  readonly start: number;
  readonly endExclusive: number;
}

/** What an accepted text lacks: the names of [start, endExclusive) that one module alone exports. */
export interface ImportsParams extends AboutText {
  readonly start: number;
  readonly endExclusive: number;
}
export const importsRequest = new RequestType<ImportsParams, readonly TextChange[] | null, void>(
  'types/imports',
);

/**
 * The process has answered a question about this document to itself: from now on answers are quick.
 * `isPartial`: not all that the document depends on is read yet.
 */
export const warmNotification = new NotificationType<{ uri: string; isPartial: boolean }>('types/warm');

/** The process is going to read a large project: it is no use to ask until it is warm again. */
export const coldNotification = new NotificationType<{ uri: string }>('types/cold');
