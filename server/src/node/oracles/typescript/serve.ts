/** serveTypeScript: answers the wire with a TypeScriptService, inside the TypeScript process. */

import type { MessageConnection } from 'vscode-jsonrpc/node';
import { TypeScriptService } from './service.ts';
import {
  coldNotification,
  diagnosticsRequest,
  editNotification,
  importsRequest,
  symbolsRequest,
  warmNotification,
} from './wire.ts';

/** `libFolder` holds lib.*.d.ts. */
export function serveTypeScript(connection: MessageConnection, libFolder: string): void {
  const log = (message: string) => process.stderr.write(`${message}\n`);
  const service = new TypeScriptService({
    libFolder,
    nowMs: () => performance.now(),
    onWarm: (uri, isPartial) =>
      void connection.sendNotification(warmNotification, { uri, isPartial }).catch(() => {}),
    onCold: (uri) => void connection.sendNotification(coldNotification, { uri }).catch(() => {}),
    onLog: log,
  });
  connection.onNotification(editNotification, (params) => {
    try {
      service.edit(params);
    } catch (error) {
      log(`A document was not understood: ${(error as Error).stack ?? error}`);
    }
  });
  connection.onRequest(symbolsRequest, (params) => {
    try {
      return service.symbols(params) ?? null;
    } catch (error) {
      // The compiler asserts things about trees that code around a cursor may break: no answer then.
      log(`No names for ${params.kind}: ${(error as Error).message}`);
      return null;
    }
  });
  connection.onRequest(diagnosticsRequest, async (params, token) => {
    try {
      return (await service.diagnostics(params, () => token.isCancellationRequested)) ?? null;
    } catch (error) {
      log(`No diagnostics: ${(error as Error).message}`);
      return null;
    }
  });
  connection.onRequest(importsRequest, (params) => {
    try {
      return service.imports(params) ?? null;
    } catch (error) {
      log(`No imports: ${(error as Error).message}`);
      return null;
    }
  });
  connection.listen();
}
