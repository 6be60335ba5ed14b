/** serveEngine: answers the wire of engine-client with a real Engine, inside the engine process. */

import type { MessageConnection } from 'vscode-jsonrpc/node';
import { defined } from '../engine/base/assert.ts';
import type { Tracer } from '../engine/base/ports.ts';
import type { Engine } from '../engine/engine.ts';
import {
  abortSignalOf,
  acceptedNotification,
  completeRequest,
  compressRequest,
  disposeRequest,
  type EngineProcessOptions,
  editNotification,
  importsRequest,
  loadingNotification,
  measureRequest,
  openRequest,
  oraclesNotification,
  relateNotification,
  send,
  toResponseError,
  traceNotification,
} from './engine-wire.ts';
import type { OracleOptions } from './oracles/oracles.ts';
import type { ImportsQuery, TextChange } from './oracles/typescript/wire.ts';

/** Opens the engine that is served; `onStatus` hears what it is doing meanwhile. */
export type OpenEngine = (
  options: EngineProcessOptions,
  ports: { tracer: Tracer; onStatus: (detail: string) => void },
) => Promise<Engine>;

/** What static analysis is asked beside the engine. */
export interface OracleService {
  readonly configure: (options: OracleOptions) => void;
  readonly missingImports: (
    query: ImportsQuery,
    signal: AbortSignal,
  ) => Promise<readonly TextChange[] | undefined>;
}

/** One engine at the other end of a connection. */
export interface ServedEngine {
  /** The peer closed it by itself. */
  readonly isDisposed: boolean;
  /** Ends what is under way, and the engine: the peer is gone. */
  close(): Promise<void>;
}

/** Serves one engine over `connection`, from `open` to `dispose`. */
export function serveEngine(
  connection: MessageConnection,
  open: OpenEngine,
  oracles?: OracleService,
): ServedEngine {
  let engine: Engine | undefined;
  let isDisposed = false;
  const gone = new AbortController();
  const opened = () => defined(engine, 'the engine was used before it was opened');
  const tracer: Tracer = (event) => send(connection, (c) => c.sendNotification(traceNotification, event));
  const onStatus = (detail: string) =>
    send(connection, (c) => c.sendNotification(loadingNotification, { detail }));

  connection.onRequest(openRequest, async (options) => {
    try {
      const opening = await open(options, { tracer, onStatus });
      if (gone.signal.aborted) await opening.dispose();
      else engine = opening;
      return opening.info;
    } catch (error) {
      return toResponseError(error) as never;
    }
  });
  connection.onRequest(completeRequest, async (request, token) => {
    const signal = AbortSignal.any([abortSignalOf(token), gone.signal]);
    try {
      const result = await opened().complete(request, signal);
      return { ...result, cost: { ...result.cost, rssBytes: process.memoryUsage.rss() } };
    } catch (error) {
      return toResponseError(error, signal) as never;
    }
  });
  connection.onRequest(compressRequest, async (request, token) => {
    const signal = AbortSignal.any([abortSignalOf(token), gone.signal]);
    try {
      return await opened().compress(request, signal);
    } catch (error) {
      return toResponseError(error, signal) as never;
    }
  });
  connection.onRequest(measureRequest, async (token) => {
    const signal = AbortSignal.any([abortSignalOf(token), gone.signal]);
    try {
      return await opened().measure(signal);
    } catch (error) {
      return toResponseError(error, signal) as never;
    }
  });
  connection.onNotification(relateNotification, ({ uri, pieces }) => engine?.relate(uri, pieces));
  const dispose = async () => {
    const ending = engine;
    engine = undefined;
    await ending?.dispose();
  };
  connection.onRequest(disposeRequest, async () => {
    isDisposed = true;
    await dispose();
  });
  connection.onNotification(editNotification, (change) => {
    try {
      opened().edit(change);
    } catch (error) {
      tracer({ kind: 'log', level: 'error', message: toResponseError(error).message });
    }
  });
  connection.onNotification(oraclesNotification, (options) => oracles?.configure(options));
  connection.onRequest(importsRequest, async (query, token) => {
    const signal = AbortSignal.any([abortSignalOf(token), gone.signal]);
    try {
      return (await oracles?.missingImports(query, signal)) ?? null;
    } catch (error) {
      return toResponseError(error, signal) as never;
    }
  });
  connection.onNotification(acceptedNotification, ({ id }) => engine?.accepted(id));
  connection.listen();
  return {
    get isDisposed() {
      return isDisposed;
    },
    async close() {
      gone.abort(new Error('the peer is gone'));
      await dispose();
    },
  };
}
