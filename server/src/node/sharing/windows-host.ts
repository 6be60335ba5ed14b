/** hostWindows: the engine process's side of sharing: serves windows while there are any, then ends. */

import type { Socket } from 'node:net';
import { basename } from 'node:path';
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc/node';
import type { ServedEngine } from '../engine-host.ts';
import { type Owner, ownOrVisit } from '../search/owner-lock.ts';
import { welcome } from './handshake.ts';
import { LineReader, LineWriter } from './lines.ts';

/** A window that was killed is started again by its editor within this. */
const lingerMs = 5000;

/** Until the window that wanted it comes: it was ready to connect, but the machine may be busy. */
const firstLingerMs = 30_000;

export interface HostOptions {
  /** The lock, which says what is shared by its name. */
  readonly file: string;
  /** An engine of its own for one window. */
  readonly serve: (connection: MessageConnection) => ServedEngine;
  /** Once, when nobody is left, or another process was faster. */
  readonly onEnd: () => void;
}

/** Resolves when windows can come; rejects where no socket or lock is to be had. False: another process is there already. */
export async function hostWindows(options: HostOptions): Promise<boolean> {
  const host = new WindowsHost(options);
  const place = await ownOrVisit(options.file, (socket, secret) => void host.welcome(socket, secret));
  if (place.kind === 'guest') {
    place.socket.destroy();
    options.onEnd();
    return false;
  }
  host.start(place);
  return true;
}

class WindowsHost {
  private readonly windows = new Set<Socket>();
  private owner: Owner | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isEnding = false;

  constructor(private readonly options: HostOptions) {}

  start(owner: Owner): void {
    this.owner = owner;
    if (this.windows.size === 0) this.endAfter(firstLingerMs);
  }

  async welcome(socket: Socket, secret: string): Promise<void> {
    try {
      await welcome(socket, basename(this.options.file), secret, () => !this.isEnding);
    } catch {
      socket.destroy();
      return;
    }
    clearTimeout(this.timer);
    this.windows.add(socket);
    const connection = createMessageConnection(new LineReader(socket), new LineWriter(socket));
    connection.onError(() => {}); // a window that is gone; its end tells
    const served = this.options.serve(connection);
    socket.on('close', () => void this.left(socket, connection, served));
    if (socket.destroyed) void this.left(socket, connection, served);
  }

  /** What the window had is freed; the others do not notice. */
  private async left(socket: Socket, connection: MessageConnection, served: ServedEngine): Promise<void> {
    if (!this.windows.delete(socket)) return;
    connection.dispose();
    await served.close().catch(() => {});
    if (this.windows.size > 0) return;
    if (served.isDisposed) await this.end();
    else this.endAfter(lingerMs);
  }

  private endAfter(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.end(), ms);
  }

  private async end(): Promise<void> {
    if (this.windows.size > 0 || this.isEnding) return;
    this.isEnding = true; // who comes now finds nobody, and starts another
    await this.owner?.release().catch(() => {});
    this.options.onEnd();
  }
}
