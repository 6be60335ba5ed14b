/** Static analysis through the real server: nothing starts before the workspace is trusted, and nothing outlives us. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type OracleParams,
  oracleNotification,
  workspaceTrustedNotification,
} from '../../protocol/messages.ts';
import { at, LanguageServer, sleep, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const fake = path.resolve(import.meta.dirname, '../fixtures/language-server/fake-server.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'stet-types-'));
const log = path.join(folder, 'log.txt');
const uri = 'file:///a.fake';
let model: ModelFolder;
let settings: Record<string, unknown>;

beforeAll(async () => {
  model = await tinyModelFolder();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await model.remove();
});

/** Process ids of the fake language server, in the order of their starts. */
function started(): number[] {
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  return [...text.matchAll(/^(\d+) start /gm)].map(([, pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function open() {
  rmSync(log, { force: true });
  settings = {
    ...model.settings,
    'types.servers': { fake: [process.execPath, fake, `--log=${log}`] },
  };
  const server = await LanguageServer.start({ settings });
  const oracles: OracleParams[] = [];
  server.connection.onNotification(oracleNotification, (params: OracleParams) => {
    oracles.push(params);
  });
  await server.reached('ready');
  await server.open(uri, 'x.\n', 'fake');
  return { server, oracles };
}

test('stet.types.servers: a user’s server waits for trust, answers then, and comes back with a killed engine', async () => {
  const { server, oracles } = await open();
  await until(() => oracles.at(-1)?.health === 'untrusted', 'to be told that trust is needed');
  await server.complete(uri, at(0, 2));
  expect(started()).toEqual([]);

  await server.connection.sendNotification(workspaceTrustedNotification);
  await until(() => oracles.at(-1)?.health === 'ready', 'the server to be ready');
  const [first] = started();
  await server.complete(uri, at(0, 2)); // whatever the model writes

  process.kill(server.enginePid, 'SIGKILL');
  await until(() => !isAlive(first as number), 'the oracle to end with its engine');
  await until(() => started().length === 2, 'the oracle of the next engine');
  await server.stop();
  await until(() => started().every((pid) => !isAlive(pid)), 'all oracles to end');
});

test('kill -9 of the language server leaves nothing behind', async () => {
  const { server, oracles } = await open();
  await server.connection.sendNotification(workspaceTrustedNotification);
  await until(() => oracles.at(-1)?.health === 'ready', 'the server to be ready');
  const pids = [...started(), server.enginePid];
  expect(pids.every(isAlive)).toBe(true);
  server.child.kill('SIGKILL');
  await until(() => pids.every((pid) => !isAlive(pid)), 'engine and oracle to end');
  await sleep(100);
  expect(started()).toHaveLength(1);
});

test('stet.types.enable, stet.types.disabledLanguages: what is off is told, and so is a language that nobody serves', async () => {
  const { server, oracles } = await open();
  const untilOff = () => until(() => oracles.at(-1)?.health === 'off', 'to be told that it is off');
  const untilOn = () => until(() => oracles.at(-1)?.health === 'untrusted', 'to be told that it is on');
  await server.open('file:///a.txt', 'x', 'plaintext');
  await until(() => oracles.some(({ health }) => health === 'unknown'), 'to be told');
  await server.close('file:///a.txt');
  await server.configure({ ...settings, 'types.disabledLanguages': ['fake'] });
  await untilOff();
  await server.configure({ ...settings, 'types.disabledLanguages': ['python'] });
  await untilOn();
  await server.configure({ ...settings, 'types.enable': false });
  await untilOff();
  await server.stop();
});
