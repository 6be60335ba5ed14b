/** The engine process: opens the engine that its parent asks for and serves it over the IPC channel. */

import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { serveEngine } from './node/engine-host.ts';
import { openLocalEngine } from './node/open-local-engine.ts';

if (!process.send) {
  process.stderr.write('This is the engine process of Stet; the language server (server.cjs) starts it.\n');
  process.exit(2);
}
process.on('disconnect', () => process.exit(0)); // the parent is gone: never outlive it
process.on('SIGINT', () => {}); // Ctrl+C in a terminal reaches the whole group; the parent decides

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
serveEngine(connection, (options, { tracer, onStatus }) => openLocalEngine({ ...options, tracer, onStatus }));
