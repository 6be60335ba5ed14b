/** runPython: runs an untrusted Python program in a child that can do little: limits, no network, a folder of its own. */

// What a model wrote is run as a program, never imported. The child has no environment, an empty
// temporary folder, limits on CPU time, memory, files and processes, and where the system lets us
// (`unshare`) no network and no other process in sight. It is a guard against accidents, not a
// prison: files that its user may read, it can read.

import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `failed` is an exception, an early exit or a limit; `timeout` is the wall clock's. */
export type PythonOutcome = 'passed' | 'failed' | 'timeout';

export interface Sandbox {
  /** The interpreter itself: a version manager's wrapper in front of it costs ten times its start. */
  readonly python: string;
  /** The command that comes before python3, empty when the system has no unshare. */
  readonly isolation: readonly string[];
}

/** Set inside the child before the program starts; what it starts itself inherits them. */
const prelude = `
import resource, sys
def limit(what, value): resource.setrlimit(what, (value, value))
limit(resource.RLIMIT_CPU, 5)
limit(resource.RLIMIT_AS, 512 << 20)
limit(resource.RLIMIT_FSIZE, 1 << 20)
limit(resource.RLIMIT_NOFILE, 32)
limit(resource.RLIMIT_CORE, 0)
with open(sys.argv[1], encoding='utf8') as file: program = compile(file.read(), 'program', 'exec')
exec(program, {'__name__': 'program'})
sys.stdout.write('\\n' + sys.argv[2] + '\\n')
`;

/** Finds out what this system lets us do. Throws when there is no python3. */
export function openSandbox(): Sandbox {
  const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  if (found.status !== 0) throw new Error('python3 is needed to run the tests of HumanEval.');
  const candidates = [
    ['unshare', '--net', '--pid', '--fork', '--kill-child'],
    ['unshare', '--user', '--net', '--pid', '--fork', '--kill-child'],
    ['unshare', '--net'],
  ];
  const works = ([command, ...args]: readonly string[]) =>
    spawnSync(command as string, [...args, 'true']).status === 0;
  return { python: found.stdout.trim(), isolation: candidates.find(works) ?? [] };
}

/** Passed only if the program ran to its last line, in `wallMs` at most. */
export async function runPython(
  { python, isolation }: Sandbox,
  program: string,
  wallMs = 10_000,
): Promise<PythonOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'stet-humaneval-'));
  try {
    const file = join(folder, 'program.py');
    await writeFile(file, program);
    const nonce = randomUUID(); // an early sys.exit(0) is no success
    const words = [...isolation, python, '-I', '-S', '-c', prelude, file, nonce];
    return await new Promise((resolve, reject) => {
      const child = spawn(words[0] as string, words.slice(1), {
        cwd: folder,
        env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true, // a process group of its own, so that all of it can be ended
      });
      const endGroup = () => {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // the group is already gone
        }
      };
      let output = '';
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        endGroup();
      }, wallMs);
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output = (output + chunk).slice(-200);
      });
      child.on('error', reject);
      child.on('exit', endGroup); // ends what the program left behind, which would hold the pipe open
      child.on('close', () => {
        clearTimeout(timer);
        resolve(output.endsWith(`\n${nonce}\n`) ? 'passed' : isLate ? 'timeout' : 'failed');
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
