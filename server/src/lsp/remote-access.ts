/** remoteOptionsOf: what the settings and the editor's secret storage say of a model on another machine. */

import type { Connection } from 'vscode-languageserver/node';
import {
  type InitializationOptions,
  type RemoteAccess,
  type RemoteAccessParams,
  remoteAccessRequest,
} from '../../../protocol/messages.ts';
import type { Settings } from '../../../protocol/settings.ts';

/** How a model on another machine is reached; the key is for nobody's log. */
export interface RemoteOptions extends RemoteAccess {
  readonly url: string;
  readonly model: string;
  readonly protocol: Settings['completion.remoteProtocol'];
  readonly template: string;
}

/** Undefined where the model on this machine writes; the client is asked for a key only where another does. */
export async function remoteOptionsOf(
  connection: Connection,
  settings: Settings,
  { hasRemoteAccess }: InitializationOptions,
): Promise<RemoteOptions | undefined> {
  if (settings['completion.backend'] !== 'remote') return undefined;
  const url = settings['completion.remoteUrl'];
  const options = {
    url,
    model: settings['completion.remoteModel'],
    protocol: settings['completion.remoteProtocol'],
    template: settings['completion.remoteTemplate'],
  };
  if (!hasRemoteAccess || !URL.canParse(url)) return options;
  const params: RemoteAccessParams = { origin: new URL(url).origin };
  const answer: unknown = await connection.sendRequest(remoteAccessRequest, params).catch(() => undefined);
  const { key, proxy } = (answer ?? {}) as Record<string, unknown>;
  return {
    ...options,
    ...(typeof key === 'string' && key && { key }),
    ...(typeof proxy === 'string' && proxy && { proxy }),
  };
}
