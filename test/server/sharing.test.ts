/** Windows share one engine process: real servers over stdio, killed and closed in every order; no process is left behind. */

import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { at, isAlive, LanguageServer, until } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const patienceMs = 90_000;
const text = 'function add(a, b) {\n  return a\n}\n\nfunction sub(a, b) {\n  \n}\n';

let model: ModelFolder;
let nFolders = 0;
let storageFolder: string;
const servers: LanguageServer[] = [];
const engines = new Set<number>();

beforeAll(async () => {
  model = await tinyModelFolder();
});
afterEach(async () => {
  for (const { enginePid } of servers) engines.add(enginePid);
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await until(() => ![...engines].some(isAlive), 'every engine process to end', patienceMs);
});
afterAll(() => model.remove());

/** A folder of this test's own: what other tests start is never shared. */
function newStorage(): void {
  storageFolder = model.path(`storage ${nFolders++}`);
}

/** A window whose engine is ready and knows `uri`. */
async function openWindow(uri: string, folder = storageFolder): Promise<LanguageServer> {
  const settings = {
    ...model.settings,
    model: { ...(model.settings.model as object), shareBetweenWindows: true },
  };
  const server = await LanguageServer.start({ settings, storageFolder: folder });
  servers.push(server);
  await server.open(uri, text);
  await server.reached('ready', patienceMs);
  engines.add(server.enginePid);
  return server;
}

async function kill({ child }: LanguageServer): Promise<void> {
  child.kill('SIGKILL');
  await until(() => child.signalCode !== null, 'the window to be gone', patienceMs);
}

const answers = async (server: LanguageServer, uri: string) =>
  expect(await server.outcomeOf(uri, at(5, 2))).not.toMatch(/unknown-document|undefined/);

test('two windows have one engine process, and each its own documents', {
  timeout: 2 * patienceMs,
}, async () => {
  newStorage();
  const [a, b] = await Promise.all([openWindow('file:///a.ts'), openWindow('file:///b.ts')]);
  expect(b.enginePid).toBe(a.enginePid);
  await Promise.all([answers(a, 'file:///a.ts'), answers(b, 'file:///b.ts')]);
  if (process.platform !== 'win32') {
    expect(fs.statSync(`${storageFolder}/engine`).mode & 0o777).toBe(0o700);
    const names = fs.readdirSync(`${storageFolder}/engine`);
    expect(names).toHaveLength(2); // lock and socket: who came second left nothing
    for (const name of names) expect(fs.statSync(`${storageFolder}/engine/${name}`).mode & 0o777).toBe(0o600);
  }

  // A document of one window is none of the other's: both may have the same name and another text.
  await b.open('file:///a.ts', '😀');
  expect(await b.outcomeOf('file:///a.ts', at(0, 1))).toBe('bad-position');
  expect(await a.outcomeOf('file:///a.ts', at(0, 1))).not.toBe('bad-position');

  // Killed like this, a window says nothing. The other does not notice.
  const { enginePid } = a;
  await kill(a);
  for (let i = 0; i < 3; i++) await answers(b, 'file:///b.ts');
  expect(b.enginePid).toBe(enginePid);
  expect(b.statuses.map(({ state }) => state)).not.toContain('error');

  // The last one leaves as an editor does, and the process is gone with it.
  await b.stop();
  await until(() => !isAlive(enginePid), 'the engine process to end', patienceMs);
  expect(fs.readdirSync(`${storageFolder}/engine`)).toEqual([]);
});

test('the engine killed with kill -9: all windows have a new one, again one', {
  timeout: 2 * patienceMs,
}, async () => {
  newStorage();
  const [a, b] = await Promise.all([openWindow('file:///a.ts'), openWindow('file:///b.ts')]);
  const { enginePid } = a;
  process.kill(enginePid, 'SIGKILL');
  const isBack = (server: LanguageServer) =>
    server.enginePid !== enginePid && server.status?.state === 'ready';
  await until(() => isBack(a) && isBack(b), 'both to be back', patienceMs);
  expect(b.enginePid).toBe(a.enginePid);
  await Promise.all([answers(a, 'file:///a.ts'), answers(b, 'file:///b.ts')]);

  // All windows are killed: nobody says goodbye, and the process ends by itself.
  await Promise.all([kill(a), kill(b)]);
});

test('stet.model.shareBetweenWindows: off, or no usable folder, a process of its own', {
  timeout: 3 * patienceMs,
}, async () => {
  newStorage();
  const inTheWay = model.path('a file');
  fs.writeFileSync(inTheWay, 'no folder');
  const [window, other] = await Promise.all([
    openWindow('file:///a.ts'),
    openWindow('file:///a.ts', inTheWay),
  ]);
  await answers(other, 'file:///a.ts');
  expect(other.logs).toContainEqual(expect.stringContaining('The model is not shared with other windows'));

  const { enginePid } = window;
  await window.configure({
    ...model.settings,
    model: { ...(model.settings.model as object), shareBetweenWindows: false },
  });
  const hasOwn = () => window.enginePid !== enginePid && window.status?.state === 'ready';
  await until(hasOwn, 'an engine process of its own', patienceMs);
  await answers(window, 'file:///a.ts');
  await until(() => !isAlive(enginePid), 'the engine process that nobody wants to end', patienceMs);
});
