/** The sandbox: what passes, what fails, and that a program can neither run for ever nor reach out. */

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openSandbox, runPython } from './python-sandbox.ts';

const hasPython = spawnSync('python3', ['-c', 'pass']).status === 0;
const sandbox = hasPython ? openSandbox() : { python: '', isolation: [] };

test.skipIf(!hasPython)('passes only what runs to its end', async () => {
  expect(await runPython(sandbox, 'assert 1 + 1 == 2\n')).toBe('passed');
  expect(await runPython(sandbox, 'assert 1 + 1 == 3\n')).toBe('failed');
  expect(await runPython(sandbox, 'def broken(:\n')).toBe('failed');
  expect(await runPython(sandbox, 'import sys\nsys.exit(0)\n')).toBe('failed');
  expect(await runPython(sandbox, 'import os\nos._exit(0)\n')).toBe('failed');
  expect(await runPython(sandbox, 'print("noise")\n')).toBe('passed');
});

test.skipIf(!hasPython)('has limits', async () => {
  expect(await runPython(sandbox, 'x = bytearray(4 << 30)\n')).toBe('failed');
  expect(await runPython(sandbox, 'open("big", "wb").write(bytes(8 << 20))\n')).toBe('failed');
  expect(await runPython(sandbox, 'while True: pass\n', 1_500)).toBe('timeout');
});

test.skipIf(!hasPython || sandbox.isolation.length === 0)('has no network and no environment', async () => {
  const reach = 'import socket\nsocket.create_connection(("127.0.0.1", 9), 1)\n';
  const program = `
import os
try:
    ${reach.replaceAll('\n', '\n    ')}
except OSError as error:
    assert error.errno == 101, error  # network is unreachable, not refused
else:
    raise AssertionError
assert set(os.environ) <= {"PATH", "LC_CTYPE"}, os.environ
`;
  expect(await runPython(sandbox, program)).toBe('passed');
});

test.skipIf(!hasPython)('ends what a program leaves behind', async () => {
  const program = 'import os, time\nif os.fork() == 0:\n    time.sleep(60)\n';
  expect(await runPython(sandbox, program)).toBe('passed');
});
