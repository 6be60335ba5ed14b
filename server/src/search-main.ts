/** The search process: holds the index of one window and serves it over the IPC channel of its parent. */

import { constants, setPriority } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import type { TraceEvent } from './engine/base/ports.ts';
import { send } from './node/engine-wire.ts';
import { LocalSearch } from './node/search/local-search.ts';
import { serveSearch } from './node/search/search-wire.ts';

if (!process.send) {
  process.stderr.write('This is the search process of Stet; the language server (server.cjs) starts it.\n');
  process.exit(2);
}
process.on('disconnect', () => process.exit(0)); // the parent is gone: never outlive it
process.on('SIGINT', () => {}); // Ctrl+C in a terminal reaches the whole group; the parent decides
try {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL); // typing comes first
} catch {
  // A system that does not let us be modest.
}

const installFolder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const search = new LocalSearch({
  modelFolder: path.join(installFolder, 'model'),
  grammarsFolder: path.join(installFolder, 'grammars'),
  tracer: (event: TraceEvent) => send(connection, (c) => c.sendNotification('search/trace', event)),
  onStatus: (status) => served.tellStatus(status),
});
const served = serveSearch(connection, search, true);
connection.listen();
