/** The engine process: opens the engine that its parent asks for and serves it over the IPC channel. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { systemClock } from './node/clock.ts';
import { serveEngine } from './node/engine-host.ts';
import { openLocalEngine } from './node/open-local-engine.ts';
import { Oracles } from './node/oracles/oracles.ts';

if (!process.send) {
  process.stderr.write('This is the engine process of Stet; the language server (server.cjs) starts it.\n');
  process.exit(2);
}
process.on('disconnect', () => process.exit(0)); // the parent is gone: never outlive it
process.on('SIGINT', () => {}); // Ctrl+C in a terminal reaches the whole group; the parent decides

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const bundleFolder = path.dirname(fileURLToPath(import.meta.url));
let oracles: Oracles | undefined;
serveEngine(
  connection,
  (options, { tracer, onStatus }) => {
    oracles = new Oracles({
      clock: systemClock,
      tracer,
      typescriptPath: path.join(bundleFolder, 'oracle-typescript.cjs'),
      pyright: {
        pyrightFolder: path.join(bundleFolder, 'pyright'),
        preload: path.join(bundleFolder, 'no-children.cjs'),
      },
    });
    return openLocalEngine({ ...options, tracer, onStatus, oracle: oracles });
  },
  {
    configure: (options) => oracles?.configure(options),
    missingImports: async (query, signal) => oracles?.missingImports(query, signal),
  },
);
