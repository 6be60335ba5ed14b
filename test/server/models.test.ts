/** Tests of the model requests through the real server: list, download from a host on this machine, cancel, delete. */

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import {
  type DownloadProgressParams,
  deleteModelRequest,
  downloadModelRequest,
  downloadProgressNotification,
  type ModelsResponse,
  modelsRequest,
} from '../../protocol/messages.ts';
import { LanguageServer, until } from './language-server.ts';

const commit = 'f'.repeat(40);
const repo = 'someone/small-coder';
const files = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{}',
  'model.safetensors': 'w'.repeat(500_000),
};

let library: string;
let host: Server;
let server: LanguageServer;
let isSlow: boolean;

beforeEach(async () => {
  library = mkdtempSync(path.join(tmpdir(), 'stet-library-'));
  isSlow = false;
  const tree = Object.entries(files).map(([name, content]) => ({
    type: 'file',
    path: name,
    size: content.length,
    oid: createHash('sha1').update(`blob ${content.length}\0${content}`).digest('hex'),
  }));
  host = createServer((request, response) => {
    const url = request.url as string;
    const file = /\/resolve\/\w+\/(.+)$/.exec(url)?.[1] as keyof typeof files | undefined;
    if (file && isSlow) response.write(files[file].slice(0, 1));
    else if (file) response.end(files[file]);
    else response.end(JSON.stringify(url.includes('/tree/') ? tree : { sha: commit }));
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const { port } = host.address() as AddressInfo;
  server = await LanguageServer.start({
    settings: { 'model.libraryFolder': library, 'model.downloadHost': `http://127.0.0.1:${port}` },
  });
  await server.reached('ready');
});

afterEach(async () => {
  await server.stop();
  host.closeAllConnections();
  await new Promise((resolve) => host.close(resolve));
  rmSync(library, { recursive: true, force: true });
});

const listed = () => server.connection.sendRequest<ModelsResponse>(modelsRequest, {});

test('stet.model.downloadHost, stet.model.libraryFolder: nothing comes from there to here until it is asked for; then it has its progress, its folder, and can be deleted', async () => {
  const progress: DownloadProgressParams[] = [];
  server.connection.onNotification(downloadProgressNotification, (params) => void progress.push(params));
  const before = await listed();
  expect(before.libraryFolder).toBe(library);
  expect(before.models.every(({ folder, isEmbedded }) => isEmbedded || !folder)).toBe(true);
  const folder = await server.connection.sendRequest<string>(downloadModelRequest, { repo });
  expect(existsSync(path.join(folder, 'model.safetensors'))).toBe(true);
  expect(progress.at(-1)).toMatchObject({ repo, doneBytes: progress.at(-1)?.totalBytes });
  await server.connection.sendRequest(deleteModelRequest, { folder });
  expect(existsSync(folder)).toBe(false);
});

test('a download can be cancelled', async () => {
  isSlow = true;
  const source = new CancellationTokenSource();
  const asked = server.connection.sendRequest(downloadModelRequest, { repo }, source.token);
  const part = path.join(library, 'someone--small-coder', 'config.json.part');
  await until(() => existsSync(part), 'the download to begin');
  source.cancel();
  await expect(asked).rejects.toThrow(/Cancelled/);
});

test('what is wrong is told to whoever asked, and the status stays as it was', async () => {
  const bad = server.connection.sendRequest(downloadModelRequest, { repo: '../../x' });
  await expect(bad).rejects.toThrow(/owner\/name/);
  const notOurs = server.connection.sendRequest(deleteModelRequest, { folder: tmpdir() });
  await expect(notOurs).rejects.toThrow(/was not downloaded by Stet/);
  expect(server.status?.state).toBe('ready');
});
