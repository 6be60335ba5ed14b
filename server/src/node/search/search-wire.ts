/** The wire of search: a CodeSearch served over a JSON-RPC connection, and the other end of it. */

// Spoken between language server and search process over IPC, and between two windows of one workspace
// over a local socket. Vectors do not cross it.

import { type MessageConnection, NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import type {
  CodeAnswer,
  CodeQuery,
  CodeSearch,
  CodeUpdate,
  IndexAction,
  IndexStatus,
  SearchRoot,
  SearchSettings,
} from '../../engine/search/code-search.ts';
import type { StoredChunk } from '../../engine/search/store.ts';
import { abortableRequest } from '../child-service.ts';
import { abortSignalOf, fromResponseError, send, toResponseError } from '../engine-wire.ts';
import { emptyStatus } from './index-status.ts';

const open = new NotificationType<{ roots: readonly SearchRoot[]; settings: SearchSettings }>('search/open');
const filesChanged = new NotificationType<{ paths: readonly string[] }>('search/filesChanged');
const query = new RequestType<{ id: number; query: CodeQuery }, CodeAnswer, unknown>('search/query');
const update = new NotificationType<{ id: number; update: CodeUpdate }>('search/update');
const related = new RequestType<{ text: string; nChunks: number }, readonly StoredChunk[], unknown>(
  'search/related',
);
const act = new RequestType<{ action: IndexAction }, null, unknown>('search/act');
const status = new NotificationType<IndexStatus>('search/status');
const settled = new RequestType0<null, unknown>('search/settled');
const dispose = new RequestType0<null, unknown>('search/dispose');

export interface ServedSearch {
  readonly connection: MessageConnection;
  tellStatus(now: IndexStatus): void;
}

/** Answers the wire with `search`. `isOwner`: the peer may also open and dispose it. `whenSettled`: it is up to date. */
export function serveSearch(
  connection: MessageConnection,
  search: CodeSearch,
  isOwner: boolean,
  whenSettled?: () => Promise<void>,
): ServedSearch {
  connection.onRequest(query, async ({ id, query: asked }, token) => {
    const signal = abortSignalOf(token);
    try {
      return await search.search(asked, signal, (now) =>
        send(connection, (c) => c.sendNotification(update, { id, update: now })),
      );
    } catch (error) {
      return toResponseError(error, signal) as never;
    }
  });
  connection.onRequest(related, async ({ text, nChunks }, token) => {
    const signal = abortSignalOf(token);
    try {
      const chunks = await search.related(text, nChunks, signal);
      return chunks.map(({ vector: _, ...chunk }) => chunk);
    } catch (error) {
      return toResponseError(error, signal) as never;
    }
  });
  connection.onRequest(act, async ({ action }) => {
    try {
      await search.act(action);
      return null;
    } catch (error) {
      return toResponseError(error) as never;
    }
  });
  connection.onNotification(filesChanged, ({ paths }) => search.filesChanged(paths));
  if (whenSettled) connection.onRequest(settled, () => whenSettled().then(() => null));
  if (isOwner) {
    connection.onNotification(open, ({ roots, settings }) => search.open(roots, settings));
    connection.onRequest(dispose, async () => {
      await search.dispose();
      return null;
    });
  }
  connection.onError(() => {}); // a peer that is gone is noticed by its end
  return {
    connection,
    tellStatus: (now) => send(connection, (c) => c.sendNotification(status, now)),
  };
}

/** The CodeSearch at the other end of `connection`; the caller calls `listen` after. */
export class RemoteSearch implements CodeSearch {
  private current = emptyStatus('starting', 'Search is starting…');
  private nextId = 0;
  private readonly listeners = new Map<number, (update: CodeUpdate) => void>();

  constructor(
    private readonly connection: MessageConnection,
    onStatus: (status: IndexStatus) => void,
  ) {
    connection.onNotification(status, (now) => {
      this.current = now;
      onStatus(now);
    });
    connection.onNotification(update, ({ id, update: now }) => this.listeners.get(id)?.(now));
    connection.onError(() => {});
  }

  get status(): IndexStatus {
    return this.current;
  }

  open(roots: readonly SearchRoot[], settings: SearchSettings): void {
    send(this.connection, (c) => c.sendNotification(open, { roots, settings }));
  }

  filesChanged(paths: readonly string[]): void {
    send(this.connection, (c) => c.sendNotification(filesChanged, { paths }));
  }

  async search(
    asked: CodeQuery,
    signal: AbortSignal,
    onUpdate?: (update: CodeUpdate) => void,
  ): Promise<CodeAnswer> {
    const id = this.nextId++;
    if (onUpdate) this.listeners.set(id, onUpdate);
    try {
      return await abortableRequest(signal, (token) =>
        this.connection.sendRequest(query, { id, query: asked }, token),
      );
    } finally {
      this.listeners.delete(id);
    }
  }

  related(text: string, nChunks: number, signal: AbortSignal): Promise<readonly StoredChunk[]> {
    return abortableRequest(signal, (token) =>
      this.connection.sendRequest(related, { text, nChunks }, token),
    );
  }

  async act(action: IndexAction): Promise<void> {
    await this.connection.sendRequest(act, { action }).catch((error) => {
      throw fromResponseError(error);
    });
  }

  /** Resolves when the other end's index is up to date, or when nothing more is to be heard of it. */
  async settled(): Promise<void> {
    await this.connection.sendRequest(settled).catch(() => {}); // gone, or of a version that does not say
  }

  async dispose(): Promise<void> {
    await this.connection.sendRequest(dispose);
  }

  /** Hangs up; the other end goes on for others. */
  close(): void {
    this.connection.end();
    this.connection.dispose();
  }
}
