/** cancellationByFile: tells a busy server by a file that an answer is not wanted any more. */

// A server with one thread cannot read a message while it works. Pyright looks for a file instead
// (its `--cancellationReceive=file:NAME`; the folder's place is its own), so that a check of a long
// file, once given up, does not keep the next question waiting for a second.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancellationReceiverStrategy, type CancellationSenderStrategy } from 'vscode-jsonrpc/node';

/** `name` is one path segment that nobody else uses; the folder goes with the connection. */
export function cancellationByFile(name: string) {
  const folder = join(tmpdir(), 'python-languageserver-cancellation', name);
  const fileOf = (id: number | string) => join(folder, `cancellation-${id}.tmp`);
  const sender: CancellationSenderStrategy = {
    async sendCancellation(_connection, id) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(fileOf(id), '', { mode: 0o600 });
      } catch {
        // Nowhere to write: the answer comes late and is dropped.
      }
    },
    cleanup: (id) => remove(fileOf(id)),
    dispose: () => remove(folder),
  };
  return { sender, receiver: CancellationReceiverStrategy.Message };
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Windows keeps what another process looks at; it is empty, and in the temporary folder.
  }
}
