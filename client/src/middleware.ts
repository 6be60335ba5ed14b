/** middleware: hands the server the settings with what was chosen by command laid over them. */

import type { Middleware } from 'vscode-languageclient/node';
import type { ModelChoice } from './models.ts';
import type { Toggles } from './toggles.ts';

export function createMiddleware(toggles: Toggles, models: ModelChoice): Middleware {
  return {
    workspace: {
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        if (!Array.isArray(values)) return values;
        return values.map((value, i) =>
          params.items[i]?.section === 'stet'
            ? { ...value, ...toggles.effective, ...chosenModel(value, models) }
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
