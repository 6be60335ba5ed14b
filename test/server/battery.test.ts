/** What is left undone on battery, through the real server over a made-up power supply. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
const uri = 'file:///code/a.ts';
let supplies: string;
let workspace: string;
let model: ModelFolder;
let server: LanguageServer;

beforeAll(async () => {
  supplies = mkdtempSync(path.join(tmpdir(), 'stet-supplies-'));
  mkdirSync(path.join(supplies, 'BAT0'));
  writeFileSync(path.join(supplies, 'BAT0', 'type'), 'Battery\n');
  writeFileSync(path.join(supplies, 'BAT0', 'status'), 'Discharging\n');
  workspace = mkdtempSync(path.join(tmpdir(), 'stet-workspace-'));
  for (let i = 0; i < 40; i++) writeFileSync(path.join(workspace, `a${i}.ts`), `export const a${i} = 1;\n`);
  model = await tinyModelFolder();
  server = await LanguageServer.start({
    settings: { ...model.settings, 'search.indexFolder': model.path('index') },
    folders: [workspace],
    environment: { STET_POWER_SUPPLY: supplies },
  });
  await server.reached('ready', patienceMs);
}, 300_000);
afterAll(async () => {
  await server.stop();
  model.remove();
  for (const folder of [supplies, workspace]) rmSync(folder, { recursive: true, force: true });
});

test('stet.performance.onBattery: what holds is said, the index waits, and suggestions come as it says', async () => {
  const configure = (policy: string) =>
    server.configure({
      ...model.settings,
      'search.indexFolder': model.path('index'),
      'performance.onBattery': policy,
    });
  await until(() => server.status?.power?.includes('On battery'), 'the battery to be noticed', patienceMs);
  await until(() => server.indexStatuses.at(-1)?.state === 'paused', 'the index to be paused', patienceMs);
  await server.open(uri, 'let a');
  const outcome = async () => {
    const before = server.traces.length;
    await server.complete(uri, at(0, 5), { automatic: true });
    return server.traces[before]?.outcome;
  };
  expect(await outcome()).toBeDefined();

  await configure('whenAsked');
  await until(() => server.status?.power?.includes('when asked for'), 'the other policy', patienceMs);
  expect(await outcome()).toBeUndefined();
  expect(await server.outcomeOf(uri, at(0, 5))).toBeDefined();

  await configure('same');
  await until(() => server.status?.power === undefined, 'no policy', patienceMs);
  await until(() => server.indexStatuses.at(-1)?.state === 'ready', 'the index to go on', patienceMs);
  expect(await outcome()).toBeDefined();
}, 300_000);
