/** middleware: hands the server the settings with what was chosen by command laid over them. */

import { InlineCompletionTriggerKind } from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
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
}

export function createMiddleware({ toggles, models, overlay, requests }: MiddlewareParts): Middleware {
  return {
    provideInlineCompletionItems: (document, position, context, token, next) => {
      const isAutomatic = context.triggerKind === InlineCompletionTriggerKind.Automatic;
      const question = { document, position, isAutomatic, token };
      return requests.watch(question, () => next(document, position, context, token));
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
