/** Cross-file context through the real server and the embedded model: a name that only an unopened file has. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, LanguageServer, sleep, until } from './language-server.ts';

const patienceMs = 60_000;
const name = 'reconcileLedgerEntries';

const ledger = `/** Sums what a month moved. */
export function ${name}(entries: readonly Entry[], openingBalance: number): number {
  return entries.reduce((sum, entry) => sum + entry.amountCents, openingBalance);
}
`;
const quarter = `import { ${name} } from './ledger';

export function closeQuarter(entries: readonly Entry[], openingBalance: number): Closing {
  const closingBalance = ${name}(entries, openingBalance);
  return { closingBalance };
}
`;
const month = `import type { Entry } from './ledger';

export function closeMonth(entries: readonly Entry[], openingBalance: number): Closing {
  const closingBalance = `;

let home: string;
beforeAll(() => {
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-related-'));
  fs.mkdirSync(path.join(home, 'app'));
  fs.writeFileSync(path.join(home, 'app/ledger.ts'), ledger);
  fs.writeFileSync(path.join(home, 'app/quarter.ts'), quarter);
  fs.writeFileSync(path.join(home, 'app/month.ts'), month);
});
afterAll(() => fs.rmSync(home, { recursive: true, force: true }));

/** Asks again and again, as somebody who writes and pauses does, until the answer is as wanted. */
async function suggests(
  server: LanguageServer,
  isWanted: (text: string) => boolean,
  nTries: number,
): Promise<string> {
  const uri = pathToFileURL(path.join(home, 'app/month.ts')).href;
  await server.open(uri, month);
  let text = '';
  for (let i = 0; i < nTries; i++) {
    const items = await server.complete(uri, at(3 + i, 25));
    text = String(items?.[0]?.insertText ?? '');
    if (isWanted(text)) return text;
    await sleep(700); // longer than the pause after which related files are looked for
    await server.insert(uri, at(1, 0), '\n'); // above the cursor, so that nothing on screen fits any more
  }
  return text;
}

async function start(settings: object): Promise<LanguageServer> {
  const server = await LanguageServer.start({
    settings,
    folders: [path.join(home, 'app')],
    environment: { XDG_CACHE_HOME: path.join(home, 'cache'), LOCALAPPDATA: path.join(home, 'cache') },
  });
  await server.reached('ready', patienceMs);
  await until(() => server.indexStatuses.at(-1)?.state === 'ready', 'the index', patienceMs);
  return server;
}

test('stet.completion.relatedFiles: a suggestion uses a name that only files which are not open have', async () => {
  const server = await start({});
  const text = await suggests(server, (suggested) => suggested.includes(name), 40);
  await server.stop();
  expect(text).toContain(name);
}, 180_000);

test('unless the setting says no', async () => {
  const server = await start({ completion: { relatedFiles: false } });
  const text = await suggests(server, (suggested) => suggested.includes(name), 4);
  await server.stop();
  expect(text).not.toContain(name);
}, 180_000);
