/** Tests that nothing needs the network: the whole server works in a network namespace that has none. */

import { spawnSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { LanguageServer } from './language-server.ts';

/** A new network namespace, with nothing in it but a loopback that is down. Linux only. */
const withoutNetwork = ['unshare', '--net', '--map-root-user'];
const canUnshare = spawnSync(withoutNetwork[0] as string, [...withoutNetwork.slice(1), 'true']).status === 0;

let server: LanguageServer | undefined;
afterEach(() => server?.stop());

test.skipIf(!canUnshare)('loads its model and suggests where there is no network', async () => {
  server = await LanguageServer.start({ wrapper: withoutNetwork });
  await server.reached('ready');
  const uri = 'file:///sum.ts';
  const text = 'export function sum(values: number[]) {\n  let total = 0;\n  for (const value of ';
  await server.open(uri, text);
  await server.complete(uri, { line: 2, character: 22 });
  expect(server.traces.at(-1)?.nTokens).toBeGreaterThan(0);
});

test.skipIf(!canUnshare)('the namespace has no network indeed', () => {
  const script =
    "require('node:net').connect(1, '127.0.0.1').on('error', (error) => console.log(error.code))";
  const { stdout, status } = spawnSync('unshare', [
    ...withoutNetwork.slice(1),
    process.execPath,
    '-e',
    script,
  ]);
  expect(status).toBe(0);
  expect(stdout.toString()).toMatch(/ENETUNREACH/);
});
