/** residentBytes: how much memory another process holds right now, as the operating system counts it. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Undefined where it cannot be told: the process is gone, or the system has no such tool. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux') {
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    }
    if (process.platform === 'win32') {
      const row = await output('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']);
      // "node.exe","1234","Console","1","123,456 K", with the separators of the locale.
      const digits = /"([^"]*)"\s*$/.exec(row.trim())?.[1]?.replace(/\D/g, '');
      return digits ? Number(digits) * 1024 : undefined;
    }
    const kilobytes = Number.parseInt(await output('ps', ['-o', 'rss=', '-p', String(pid)]), 10);
    return Number.isNaN(kilobytes) ? undefined : kilobytes * 1024;
  } catch {
    return undefined;
  }
}

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: 5000, windowsHide: true }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}
