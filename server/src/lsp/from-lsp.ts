/** from-lsp: LSP's lines, characters and trigger kinds become offsets and plain requests. */

import {
  type InlineCompletionParams,
  InlineCompletionTriggerKind,
  type Position,
  type Range,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Settings } from '../../../protocol/settings.ts';
import type { CompletionRequest, CompletionSettings } from '../engine/engine.ts';

/**
 * The request that `params` stands for. A position past its line's end means the line's end, one
 * past the text's end the text's end (LSP says so); inside a surrogate pair it is passed on as it is.
 */
export function toCompletionRequest(
  params: InlineCompletionParams,
  document: TextDocument,
  settings: Settings,
): CompletionRequest {
  const selected = params.context?.selectedCompletionInfo;
  return {
    uri: document.uri,
    version: document.version,
    offset: document.offsetAt(params.position),
    trigger: triggerOf(params),
    ...(selected && {
      selected: {
        start: document.offsetAt(selected.range.start),
        endExclusive: document.offsetAt(selected.range.end),
        text: selected.text,
      },
    }),
    settings: toCompletionSettings(settings),
  };
}

/** Clients that say nothing ask while typing. */
export function triggerOf(params: InlineCompletionParams): CompletionRequest['trigger'] {
  return params.context?.triggerKind === InlineCompletionTriggerKind.Invoked ? 'invoked' : 'automatic';
}

export function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null) return false;
  const { line, character } = value as Record<string, unknown>;
  return isCount(line) && isCount(character);
}

export function isRange(value: unknown): value is Range {
  if (typeof value !== 'object' || value === null) return false;
  const { start, end } = value as Record<string, unknown>;
  return isPosition(start) && isPosition(end);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function toCompletionSettings(settings: Settings): CompletionSettings {
  return {
    maxLines: settings['completion.maxLines'],
    maxTokens: settings['completion.maxTokens'],
    contextTokens: settings['completion.contextTokens'],
    debounceMs: settings['completion.debounceMs'],
    maxFileSizeKb: settings.maxFileSizeKb,
    editReuse: settings['completion.editReuse'],
    eagerness: settings['completion.eagerness'],
    alternatives: settings['completion.alternatives'],
    // A server elsewhere is asked for what is wanted now, and for nothing on the chance.
    lookAhead: settings['completion.lookAhead'] && settings['completion.backend'] === 'embedded',
    inComments: settings['completion.inComments'],
    inStrings: settings['completion.inStrings'],
    disabledPaths: settings.disabledPaths,
  };
}
