/** problemsIn: a language server's diagnostics as problems in a range of a text; and those that it publishes by itself. */

import type { Diagnostic } from '../../engine/decoding/constraints/symbol-oracle.ts';
import { LineIndex } from '../../engine/text/line-index.ts';
import { abortable } from '../gate.ts';
import type { Position } from './overlay.ts';

/** As on the wire; nothing of it is believed without a look. */
export interface LspDiagnostic {
  readonly range?: { readonly start?: Position; readonly end?: Position };
  readonly severity?: number;
  readonly code?: number | string;
  readonly message?: unknown;
}

/** DiagnosticSeverity.Error; one without severity is the client's to judge, and taken for an error. */
const error = 1;

/** The errors among `found` that touch [start, endExclusive) of `text`; hints and style are no reason to drop code. */
export function problemsIn(
  found: readonly LspDiagnostic[],
  text: string,
  start: number,
  endExclusive: number,
): Diagnostic[] {
  const index = new LineIndex(text);
  const offsetOf = (position: Position | undefined) =>
    Math.min(index.startOf(position?.line ?? 0) + (position?.character ?? 0), text.length);
  return found
    .filter(({ severity }) => (severity ?? error) === error)
    .map(({ range, code, message }) => ({
      start: offsetOf(range?.start),
      endExclusive: offsetOf(range?.end),
      message: code === undefined ? String(message) : `${code}: ${String(message)}`,
    }))
    .filter(
      (problem) => problem.start < endExclusive && Math.max(problem.endExclusive, problem.start + 1) > start,
    );
}

interface Waiting {
  readonly version: number;
  readonly resolve: (found: LspDiagnostic[]) => void;
}

interface Published {
  readonly version: number;
  /** What it is about, where that is still known. */
  readonly text: string | undefined;
  readonly found: LspDiagnostic[];
}

/** Versions whose texts are remembered: a server publishes within a few of them. */
const nTexts = 12;

/** What a server publishes unasked, by document and version. */
export class PublishedDiagnostics {
  private readonly last = new Map<string, Published>();
  private readonly texts = new Map<string, { version: number; text: string }[]>();
  private readonly waiting = new Map<string, Waiting>();
  /** The server names versions, so that what comes without one is about an unknown text. */
  private hasVersions = false;

  /** The server was shown `text` as this version. */
  shown(uri: string, version: number, text: string): void {
    const key = keyOf(uri);
    const known = this.texts.get(key) ?? [];
    if (known.at(-1)?.version === version) return;
    this.texts.set(key, [...known.slice(1 - nTexts), { version, text }]);
  }

  /** `textDocument/publishDiagnostics` came in. */
  take(params: unknown): void {
    const { uri, version, diagnostics } = (params ?? {}) as {
      uri?: unknown;
      version?: unknown;
      diagnostics?: unknown;
    };
    if (typeof uri !== 'string' || !Array.isArray(diagnostics)) return;
    const key = keyOf(uri);
    if (typeof version === 'number') this.hasVersions = true;
    else if (this.hasVersions) return;
    const waiting = this.waiting.get(key);
    // Servers that name no version mean the newest text that they have been given.
    const about =
      typeof version === 'number' ? version : (waiting?.version ?? this.last.get(key)?.version ?? 0);
    const text = this.texts.get(key)?.find((shown) => shown.version === about)?.text;
    this.last.set(key, { version: about, text, found: diagnostics });
    if (waiting && about >= waiting.version) waiting.resolve(diagnostics);
  }

  /**
   * Those of this version, now or when they come; those of an older one with the same text are as good,
   * and clangd publishes no others. Rejects with the deadline's reason.
   */
  async of(uri: string, version: number, text: string, deadline: AbortSignal): Promise<LspDiagnostic[]> {
    const key = keyOf(uri);
    const last = this.last.get(key);
    if (last && (last.version >= version || last.text === text)) return last.found;
    try {
      const coming = new Promise<LspDiagnostic[]>((resolve) => this.waiting.set(key, { version, resolve }));
      return await abortable(coming, deadline);
    } finally {
      this.waiting.delete(key);
    }
  }

  forget(uri: string): void {
    this.last.delete(keyOf(uri));
    this.texts.delete(keyOf(uri));
  }

  clear(): void {
    this.hasVersions = false;
    this.last.clear();
    this.texts.clear();
  }
}

/** Servers write the same URI in ways of their own: `c%3A` and `C:`. */
function keyOf(uri: string): string {
  try {
    return decodeURIComponent(uri).replace(
      /^file:\/\/\/([a-z]):/i,
      (_, drive) => `file:///${drive.toLowerCase()}:`,
    );
  } catch {
    return uri;
  }
}
