/** to-lsp: suggestions become inline completion items. */

import type { InlineCompletionItem } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { acceptedCommand } from '../../../protocol/messages.ts';
import type { Suggestion } from '../engine/engine.ts';

/**
 * The item for `suggestion` in the version of `document` that it was made for. It carries no
 * filterText: editors then filter by insertText, which begins with what the range holds.
 */
export function toInlineCompletionItem(suggestion: Suggestion, document: TextDocument): InlineCompletionItem {
  return {
    insertText: suggestion.text,
    range: {
      start: document.positionAt(suggestion.start),
      end: document.positionAt(suggestion.endExclusive),
    },
    // Run by the editor after accepting; the only signal of acceptance that all editors have.
    command: {
      title: 'Suggestion accepted',
      command: acceptedCommand,
      arguments: [suggestion.id, suggestion.text],
    },
  };
}
