/** middleware: hands the server the settings with what was chosen by command laid over them. */

import { InlineCompletionTriggerKind } from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import type { AcceptedSuggestions } from './accepted/accepted-suggestions.ts';
import type { ModelChoice } from './models.ts';
import type { SettingsOverlay } from './settings-overlay.ts';
import type { Toggles } from './toggles.ts';
import type { RequestLog } from './trace/request-log.ts';

export interface MiddlewareParts {
  readonly toggles: Toggles;
  readonly models: ModelChoice;
  /** What a measurement lays over the settings. */
  readonly overlay: SettingsOverlay;
  /** Watches every request for a suggestion. */
  readonly requests: RequestLog;
  /** Hears of the commands that are run. */
  readonly accepted: AcceptedSuggestions;
}

export function createMiddleware(parts: MiddlewareParts): Middleware {
  const { toggles, models, overlay, requests, accepted } = parts;
  return {
    provideInlineCompletionItems: (document, position, context, token, next) => {
      const isAutomatic = context.triggerKind === InlineCompletionTriggerKind.Automatic;
      const question = { document, position, isAutomatic, token };
      return requests.watch(question, () => next(document, position, context, token));
    },
    executeCommand: (command, args, next) => {
      accepted.ran(command, args); // before the server is asked: now the cursor is where it was left
      return next(command, args);
    },
    workspace: {
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        if (!Array.isArray(values)) return values;
        return values.map((value, i) =>
          params.items[i]?.section === 'stet'
            ? { ...value, ...toggles.effective, ...chosenModel(value, models), ...overlay.take() }
            : value,
        );
      },
    },
  };
}

/** The model chosen by command, unless the user's setting names one. */
function chosenModel(settings: { model?: { folder?: string } } | undefined, { folder }: ModelChoice) {
  return settings?.model?.folder || !folder ? {} : { 'model.folder': folder };
}
