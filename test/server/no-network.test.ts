/** Tests that nothing needs the network: the whole server works in a network namespace that has none. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { isAlive, LanguageServer, until } from './language-server.ts';
import { tinyModelFolder } from './model-folder.ts';

/** A new network namespace, with nothing in it but a loopback that is down. Linux only. */
const withoutNetwork = ['unshare', '--net', '--map-root-user'];
const canUnshare = spawnSync(withoutNetwork[0] as string, [...withoutNetwork.slice(1), 'true']).status === 0;

let server: LanguageServer | undefined;
afterEach(() => server?.stop());

test.skipIf(!canUnshare)(
  'loads its model and suggests where there is no network',
  {
    timeout: 180_000,
  },
  async () => {
    server = await LanguageServer.start({ wrapper: withoutNetwork });
    await server.reached('ready', 90_000);
    const uri = 'file:///sum.ts';
    const text = 'export function sum(values: number[]) {\n  let total = 0;\n  for (const value of ';
    await server.open(uri, text);
    await server.complete(uri, { line: 2, character: 22 });
    expect(server.traces.at(-1)?.nTokens).toBeGreaterThan(0);
  },
);

test.skipIf(!canUnshare)(
  'so does an engine process that windows share, which is in that namespace too',
  {
    timeout: 180_000,
  },
  async () => {
    const model = await tinyModelFolder();
    const settings = {
      ...model.settings,
      model: { ...(model.settings.model as object), shareBetweenWindows: true },
    };
    server = await LanguageServer.start({
      wrapper: withoutNetwork,
      settings,
      storageFolder: model.path('storage'),
    });
    await server.reached('ready', 90_000);
    const { enginePid } = server;
    const networkOf = (pid: number | 'self') => fs.readlinkSync(`/proc/${pid}/ns/net`);
    expect(networkOf(enginePid)).toBe(networkOf(server.child.pid as number));
    expect(networkOf(enginePid)).not.toBe(networkOf('self'));
    const uri = 'file:///a.ts';
    await server.open(uri, 'const total = ');
    await server.complete(uri, { line: 0, character: 14 });
    expect(server.traces.at(-1)?.nNew).toBeGreaterThan(0);
    expect(server.logs).toContainEqual(expect.stringMatching(/^Engine process \d+ is shared/));
    await server.stop();
    await until(() => !isAlive(enginePid), 'the engine process to end', 90_000);
    model.remove();
  },
);

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
