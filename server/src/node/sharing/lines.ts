/** Lines: JSON messages over a local socket, one a line, none longer than agreed. */

// JSON has no line breaks of its own, so a line is a message. vscode-jsonrpc's own framing believes any
// length that the peer announces.

import type { Socket } from 'node:net';
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';

/** VS Code shows extensions files of up to 50 MB; escaped, and with room to spare. */
const maxMessageBytes = 256 * 2 ** 20;

/** A peer that does not read what it is sent is stopped, or worse; no memory is filled for it. */
const maxUnreadBytes = 64 * 2 ** 20;

const newline = 10;

/** The first line of `socket`, which is paused behind it. Rejects when it is long, late, or never comes. */
export function readLine(socket: Socket, maxBytes: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      socket.pause();
      settle();
    };
    const onClose = () => end(() => reject(new Error('the other side hung up')));
    const onData = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      const at = read.indexOf(newline);
      if (at < 0 && read.length <= maxBytes) return;
      if (at < 0 || at > maxBytes) return end(() => reject(new Error('the first message is too long')));
      end(() => {
        if (at + 1 < read.length) socket.unshift(read.subarray(at + 1));
        resolve(read.toString('utf8', 0, at));
      });
    };
    const timer = setTimeout(() => end(() => reject(new Error('there was no answer'))), timeoutMs);
    socket.on('data', onData).on('close', onClose);
    if (socket.destroyed) onClose();
  });
}

/** Reads messages until the socket closes; cuts the peer off at one that is too long or no JSON. */
export class LineReader extends AbstractMessageReader implements MessageReader {
  private parts: Buffer[] = [];
  private nBytes = 0;

  constructor(
    private readonly socket: Socket,
    private readonly maxBytes = maxMessageBytes,
  ) {
    super();
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer) => this.take(chunk, callback);
    const onClose = () => this.fireClose();
    this.socket.on('data', onData).on('close', onClose).resume(); // readLine paused it
    return { dispose: () => void this.socket.off('data', onData).off('close', onClose) };
  }

  private take(chunk: Buffer, callback: DataCallback): void {
    let start = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      const line = Buffer.concat([...this.parts, chunk.subarray(start, at)]);
      this.parts = [];
      this.nBytes = 0;
      start = at + 1;
      const message = line.length <= this.maxBytes ? parse(line) : undefined;
      if (!message) {
        this.refuse();
        return;
      }
      callback(message);
    }
    this.parts.push(chunk.subarray(start));
    this.nBytes += chunk.length - start;
    if (this.nBytes > this.maxBytes) this.refuse();
  }

  private refuse(): void {
    this.parts = [];
    this.fireError(new Error('a message is too long, or no JSON'));
    this.socket.destroy();
  }
}

function parse(line: Buffer): Message | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

export class LineWriter extends AbstractMessageWriter implements MessageWriter {
  constructor(private readonly socket: Socket) {
    super();
  }

  async write(message: Message): Promise<void> {
    const line = `${JSON.stringify(message)}\n`;
    if (Buffer.byteLength(line) > maxMessageBytes) throw new Error('The message is too long to be sent.');
    if (this.socket.writableLength > maxUnreadBytes) this.socket.destroy();
    if (this.socket.destroyed) throw new Error('The connection is closed.');
    this.socket.write(line);
  }

  end(): void {
    this.socket.end();
  }
}
