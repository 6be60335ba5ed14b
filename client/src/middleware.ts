/** middleware: hands the server the settings as the toggles have them, so that it alone decides what is off. */

import type { Middleware } from 'vscode-languageclient/node';
import type { Toggles } from './toggles.ts';

export function createMiddleware(toggles: Toggles): Middleware {
  return {
    workspace: {
      configuration: async (params, token, next) => {
        const values = await next(params, token);
        if (!Array.isArray(values)) return values;
        return values.map((value, i) =>
          params.items[i]?.section === 'stet' ? { ...value, ...toggles.effective } : value,
        );
      },
    },
  };
}
