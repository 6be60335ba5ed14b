/** What other files were worth to what was typed, through the real server and the embedded model: told to who watches. */

import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RegretParams, regretNotification, watchedNotification } from '../../protocol/messages.ts';
import { at, LanguageServer } from './language-server.ts';

const patienceMs = 90_000;
const uri = 'file:///ledger/month.ts';
const line = 'const balance = ';
const typed = 'reconcileEntries(entries, opening);';
const other = `export function closeQuarter() {\n  ${line}${typed}\n  return balance;\n}\n`;

let server: LanguageServer;
const regrets: RegretParams[] = [];
beforeAll(async () => {
  const embeddedModelFolder = path.resolve(import.meta.dirname, '../../model');
  server = await LanguageServer.start({ embeddedModelFolder, settings: { 'types.enable': false } });
  server.connection.onNotification(regretNotification, (params: RegretParams) => {
    regrets.push(params);
  });
  await server.reached('ready', patienceMs);
  await server.open('file:///ledger/quarter.ts', other);
  await server.open(uri, line);
}, patienceMs);
afterAll(() => server.stop());

test('where another file has the line that was typed, it had made it likelier', {
  timeout: 2 * patienceMs,
}, async () => {
  await server.connection.sendNotification(watchedNotification, { isWatched: true });
  await server.complete(uri, at(0, line.length));
  await server.insert(uri, at(0, line.length), typed);
  // Each further question is one more pause in which what was typed since the first may be judged.
  await expect
    .poll(
      async () => regrets.length || server.complete(uri, at(0, line.length + typed.length)).then(() => 0),
      {
        timeout: patienceMs,
        interval: 3000,
      },
    )
    .toBeGreaterThan(0);
  const { offset, regret } = regrets[0] as RegretParams;
  expect(offset).toBe(line.length);
  expect(regret.nTokens).toBeGreaterThan(4);
  expect(regret.allFiles).toBeGreaterThan(regret.ownFile);
});
