/** Tests of downloads against a real HTTP server on this machine that misbehaves in every way it can. */

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { downloadModel, receiptOf } from './download.ts';
import { Hub } from './hub.ts';
import { ModelLibrary } from './library.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const repo = 'someone/small-coder';
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
const contents: Record<string, Buffer> = {
  'config.json': Buffer.from('{"model_type":"llama"}'),
  'tokenizer.json': Buffer.from('{}'),
  'model.safetensors': weights,
};

const gitSha1 = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

type Serve = (request: IncomingMessage, response: ServerResponse, path: string) => void;

let folder: string;
let server: Server;
let hub: Hub;
let requests: { path: string; range: string | undefined }[];
let serveFile: Serve;
let listing: unknown;

/** Like the real one: ranges are honoured. */
const serveWell: Serve = (request, response, path) => {
  const content = contents[path] as Buffer;
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
  response.end(content.subarray(start));
};

/** Sends a part of each file and breaks the connection off. */
const breakOff =
  (bytes: number): Serve =>
  (request, response, path) => {
    const content = contents[path] as Buffer;
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
    response.write(content.subarray(start, start + bytes), () => {
      if (start + bytes >= content.length) response.end();
      else response.destroy();
    });
  };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stet-download-'));
  requests = [];
  serveFile = serveWell;
  listing = [
    ...Object.entries(contents).map(([path, content]) => ({
      type: 'file',
      path,
      size: content.length,
      oid: gitSha1(content),
      ...(path.endsWith('.safetensors') && { lfs: { oid: sha256(content), size: content.length } }),
    })),
    { type: 'file', path: 'run-me.py', size: 3, oid: gitSha1(Buffer.from('boo')) },
    { type: 'directory', path: 'onnx' },
  ];
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url as string, 'http://localhost');
    const file = /\/resolve\/[0-9a-f]{40}\/(.+)$/.exec(pathname)?.[1];
    if (file !== undefined) {
      requests.push({ path: file, range: request.headers.range });
      serveFile(request, response, file);
    } else if (pathname === `/api/models/${repo}/revision/main`) {
      response.end(JSON.stringify({ sha: commit }));
    } else if (pathname === `/api/models/${repo}/tree/${commit}`) {
      response.end(JSON.stringify(listing));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = new Hub({ host: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

afterEach(async () => {
  await hub.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const download = (signal = new AbortController().signal) =>
  downloadModel({ hub, repo, folder, signal, pauseMs: 5 });

async function isWhole(): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    expect((await readFile(join(folder, path))).equals(content), path).toBe(true);
  }
  expect(await receiptOf(folder)).toMatchObject({ repo, commit, host: hub.host });
}

test('brings the files of a model, no others, and a receipt', async () => {
  const seen: number[] = [];
  const { signal } = new AbortController();
  await downloadModel({ hub, repo, folder, signal, onProgress: (done, total) => seen.push(done / total) });
  await isWhole();
  expect((await readdir(folder)).sort()).toEqual([...Object.keys(contents), 'download.json'].sort());
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test('a second download fetches nothing again', async () => {
  await download();
  requests = [];
  await download();
  expect(requests).toEqual([]);
  await isWhole();
});

test('a broken connection is gone on from where it broke', async () => {
  serveFile = breakOff(120_000);
  await download();
  await isWhole();
  const ranges = requests.filter(({ path }) => path === 'model.safetensors').map(({ range }) => range);
  expect(ranges[0]).toBeUndefined();
  expect(ranges.slice(1).every((range) => range?.startsWith('bytes='))).toBe(true);
});

test('a host that ignores ranges starts again', async () => {
  await writeFile(join(folder, 'model.safetensors.part'), weights.subarray(0, 1000));
  serveFile = (_, response, path) => response.writeHead(200).end(contents[path]);
  await download();
  await isWhole();
});

test('an abort keeps what is there, and the next download goes on', async () => {
  const aborting = new AbortController();
  serveFile = (request, response, path) => {
    if (path !== 'model.safetensors' || request.headers.range) return serveWell(request, response, path);
    response.writeHead(200, { 'content-length': weights.length });
    response.write(weights.subarray(0, 100_000), () => setTimeout(() => aborting.abort('enough'), 100));
  };
  await expect(download(aborting.signal)).rejects.toBe('enough');
  expect(await receiptOf(folder)).toBeUndefined();
  await download();
  await isWhole();
  expect(requests.at(-1)?.range).toBe('bytes=100000-');
});

test('what is half replaced by a newer revision is no model', async () => {
  const earlier = { host: hub.host, repo, commit: commit.replace('0', 'f'), files: [] };
  await writeFile(join(folder, 'download.json'), JSON.stringify(earlier));
  const aborting = new AbortController();
  serveFile = (request, response, path) => {
    if (path === 'model.safetensors') aborting.abort('enough');
    else serveWell(request, response, path);
  };
  await expect(download(aborting.signal)).rejects.toBe('enough');
  expect(await receiptOf(folder)).toBeUndefined();
});

test('a file that is not what it should be is deleted, and said so', async () => {
  serveFile = (request, response, path) =>
    path === 'model.safetensors'
      ? response.writeHead(200).end(Buffer.alloc(weights.length))
      : serveWell(request, response, path);
  await expect(download()).rejects.toMatchObject({ code: 'download-failed', message: /checksum differs/ });
  expect(await readdir(folder)).not.toContain('model.safetensors.part');
  expect(await receiptOf(folder)).toBeUndefined();
});

test('two at once would write into each other: the second is told so, and the first goes on', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  serveFile = (...request) => void held.then(() => serveWell(...request));
  const first = download();
  await vi.waitFor(() => expect(requests).not.toEqual([]), { timeout: 50_000 });
  await expect(download()).rejects.toThrow('is being downloaded already');
  letGo();
  await first;
  await isWhole();
  expect((await readdir(folder)).sort()).toEqual([...Object.keys(contents), 'download.json'].sort());
});

test('a damaged file from before is fetched again', async () => {
  await download();
  await writeFile(join(folder, 'model.safetensors'), Buffer.alloc(weights.length, 1));
  await download();
  await isWhole();
});

test('a host that answers with errors only is given up', async () => {
  serveFile = (_, response) => response.writeHead(503).end();
  await expect(download()).rejects.toMatchObject({
    code: 'download-failed',
    message: /answered 503.*import its folder/,
  });
});

test('a host that answers with nothing is given up', async () => {
  serveFile = (_, response) => response.end();
  await expect(download()).rejects.toMatchObject({ code: 'download-failed', message: /sends less/ });
});

test('a host that sends more than it said is not believed', async () => {
  serveFile = (_, response, path) =>
    response.writeHead(200).end(Buffer.concat([contents[path] as Buffer, weights]));
  await expect(download()).rejects.toMatchObject({ code: 'download-failed' });
});

test('no such model, a model without weights, a name that leads elsewhere, no host', async () => {
  const { signal } = new AbortController();
  const failed = { name: 'EngineError', code: 'download-failed' };
  await expect(downloadModel({ hub, repo: 'no/body', folder, signal })).rejects.toMatchObject(failed);
  await expect(downloadModel({ hub, repo: '../../etc', folder, signal })).rejects.toMatchObject(failed);
  listing = (listing as { path: string }[]).filter(({ path }) => !path.endsWith('.safetensors'));
  await expect(download()).rejects.toMatchObject({ ...failed, message: /no \*\.safetensors/ });
  expect(() => new Hub({ host: 'file:///etc' })).toThrow(/no http or https address/);
  const nobody = new Hub({ host: 'http://127.0.0.1:1' });
  await expect(downloadModel({ hub: nobody, repo, folder, signal })).rejects.toMatchObject(failed);
});

test('through a proxy', async () => {
  const { port } = server.address() as AddressInfo;
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', async (request, socket) => {
    tunnels.push(request.url as string);
    const { connect } = await import('node:net');
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const proxied = new Hub({ host: 'http://models.example', proxy: address });
  await downloadModel({ hub: proxied, repo, folder, signal: new AbortController().signal });
  await proxied.close();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  expect(tunnels.every((target) => target === 'models.example:80')).toBe(true);
  expect(tunnels.length).toBeGreaterThan(0);
  expect((await readFile(join(folder, 'model.safetensors'))).equals(weights)).toBe(true);
});

test('a proxy of the environment that is no address is named', () => {
  vi.stubEnv('HTTP_PROXY', '10.0.0.1:3128');
  try {
    expect(() => new Hub({ host: 'http://models.example' })).toThrow(/HTTP_PROXY as http:/);
  } finally {
    vi.unstubAllEnvs();
  }
});

test('the library lists what is offered and deletes only what was downloaded', async () => {
  const library = new ModelLibrary(folder);
  const offered = await library.list();
  expect(offered.length).toBeGreaterThan(0);
  expect(offered.every(({ folder, repo, sizeBytes }) => !folder && repo && sizeBytes > 1e8)).toBe(true);
  const own = library.folderOf(repo);
  await downloadModel({ hub, repo, folder: own, signal: new AbortController().signal });
  await expect(library.delete(folder)).rejects.toMatchObject({ code: 'model-missing' });
  await expect(library.delete(tmpdir())).rejects.toMatchObject({ code: 'model-missing' });
  await library.delete(own);
  expect(await readdir(folder)).toEqual([]);
});
