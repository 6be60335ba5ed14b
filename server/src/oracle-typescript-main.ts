/** The TypeScript process: answers what may stand where, for the engine that started it, over the IPC channel. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { serveTypeScript } from './node/oracles/typescript/serve.ts';

if (!process.send) {
  process.stderr.write('This is the TypeScript process of Stet; the engine (engine.cjs) starts it.\n');
  process.exit(2);
}
process.on('disconnect', () => process.exit(0)); // the parent is gone: never outlive it
process.on('SIGINT', () => {}); // Ctrl+C in a terminal reaches the whole group; the parent decides

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const bundleFolder = path.dirname(fileURLToPath(import.meta.url));
serveTypeScript(connection, path.join(bundleFolder, 'typescript-lib').replaceAll('\\', '/'));
