/** The engine process: serves an engine to its parent over the IPC channel, or one to each window over a local socket. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { Engine } from './engine/engine.ts';
import { systemClock } from './node/clock.ts';
import { type ServedEngine, serveEngine } from './node/engine-host.ts';
import { type LocalEngineOptions, openLocalEngine } from './node/open-local-engine.ts';
import { Oracles } from './node/oracles/oracles.ts';
import { shareArgument } from './node/sharing/join-engine.ts';
import { SharedModel } from './node/sharing/shared-model.ts';
import { hostWindows } from './node/sharing/windows-host.ts';

const bundleFolder = path.dirname(fileURLToPath(import.meta.url));
process.on('SIGINT', () => {}); // Ctrl+C in a terminal reaches the whole group; the parent decides

const [argument, lockFile] = process.argv.slice(2);
if (argument === shareArgument && lockFile) void share(lockFile);
else if (process.send) {
  process.on('disconnect', () => process.exit(0)); // the parent is gone: never outlive it
  serve(
    createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process)),
    openLocalEngine,
  );
} else {
  process.stderr.write('This is the engine process of Stet; the language server (server.cjs) starts it.\n');
  process.exit(2);
}

/** Serves one engine, with static analysis of its own. */
function serve(
  connection: MessageConnection,
  open: (options: LocalEngineOptions) => Promise<Engine>,
): ServedEngine {
  let oracles: Oracles | undefined;
  return serveEngine(
    connection,
    ({ environment, ...options }, { tracer, onStatus }) => {
      oracles = new Oracles({
        clock: systemClock,
        tracer,
        typescriptPath: path.join(bundleFolder, 'oracle-typescript.cjs'),
        pyright: {
          pyrightFolder: path.join(bundleFolder, 'pyright'),
          preload: path.join(bundleFolder, 'no-children.cjs'),
        },
        ...(environment && { environment }),
      });
      return open({ ...options, tracer, onStatus, oracle: oracles });
    },
    {
      configure: (options) => oracles?.configure(options),
      missingImports: async (query, signal) => oracles?.missingImports(query, signal),
    },
  );
}

/** Serves the windows that come by the lock, over one model, until none is left. */
async function share(file: string): Promise<void> {
  // Whoever started it may be gone, and with it the other end of these.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const model = new SharedModel();
  try {
    const isHost = await hostWindows({
      file,
      serve: (connection) => serve(connection, (options) => model.open(options)),
      onEnd: () => process.exit(0),
    });
    if (isHost) process.send?.('ready', () => {}); // whoever started it may be gone
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
