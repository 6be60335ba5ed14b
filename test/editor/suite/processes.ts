/** Finds Stet's own processes below the extension host that runs the tests. */

import { execFileSync } from 'node:child_process';
import path from 'node:path';

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** The process below this one that runs `bundle` of dist/; undefined when there is none. */
export function findOwnProcess(bundle: string): number | undefined {
  if (process.platform === 'win32') return undefined;
  const rows = readProcesses();
  const own = new Set([process.pid]);
  // Parents do not always come before their children in the list.
  for (let size = 0; size !== own.size; ) {
    size = own.size;
    for (const { pid, parent } of rows) if (own.has(parent)) own.add(pid);
  }
  const file = path.join('dist', bundle);
  return rows.find(({ pid, command }) => own.has(pid) && command.includes(file))?.pid;
}

function readProcesses(): Row[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (!pid || !parent || !command || state?.startsWith('Z')) return []; // Z: dead already
    return [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
