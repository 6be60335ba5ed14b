/** The MCP server over a real index, spoken to by the protocol's own client. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SearchSettings } from '../engine/search/code-search.ts';
import { LocalSearch } from '../node/search/local-search.ts';
import { createMcpServer } from './mcp-server.ts';

const root = path.resolve(import.meta.dirname, '../../..');

let home: string;
let search: LocalSearch;
let client: Client;
let nowMs = 0;

beforeAll(async () => {
  home = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stet-mcp-'));
  write('open.ts', 'export function openTheDoor() {\n  return 1;\n}\n');
  ({ search, client } = await connect('index'));
});

afterAll(async () => {
  await client.close();
  await search.dispose();
  fs.rmSync(home, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  fs.mkdirSync(path.join(home, 'app'), { recursive: true });
  fs.writeFileSync(path.join(home, 'app', name), text);
}

/** An index that has only begun to be built, and a client that may ask already. */
async function connect(indexName: string, more: Partial<SearchSettings> = {}) {
  const search = new LocalSearch({
    modelFolder: path.join(root, 'model'),
    grammarsFolder: path.join(root, 'grammars'),
    tracer: () => {},
    onStatus: () => {},
  });
  const folder = path.join(home, 'app').replaceAll('\\', '/');
  const indexFolder = path.join(home, indexName);
  const settings = { isEnabled: true, exclude: [], maxFileSizeKb: 100, maxFiles: 100, indexFolder };
  search.open([{ path: folder, name: 'app' }], { ...settings, ...more });
  const { server } = createMcpServer({ search, rootPaths: [folder], version: '0.0.0', nowMs: () => nowMs });
  const client = new Client({ name: 'test', version: '0.0.0' });
  const [mine, its] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(its), client.connect(mine)]);
  return { search, client };
}

async function call(name: string, input: Record<string, unknown>, of = client) {
  const result = (await of.callTool({ name, arguments: input })) as CallToolResult;
  const [part] = result.content;
  return { text: part?.type === 'text' ? part.text : '', isError: result.isError === true };
}

test('both tools are listed with what they take', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name, inputSchema }) => [name, inputSchema.required])).toEqual([
    ['search_code', ['query']],
    ['find_similar_code', ['code']],
  ]);
});

test('a search waits for the index, and answers with places and code', async () => {
  expect(await call('search_code', { query: 'open the door lang:typescript', limit: 3 })).toEqual({
    text: 'open.ts:1-3 function openTheDoor\n```typescript\nexport function openTheDoor() {\n  return 1;\n}\n```',
    isError: false,
  });
  const similar = await call('find_similar_code', { code: 'function openDoor() { return 2; }' });
  expect(similar.text).toContain('function openTheDoor');
});

test.each([
  ['search_code', {}, /query/],
  ['search_code', { query: ' ' }, /query/],
  ['search_code', { query: 7 }, /query/],
  ['search_code', { query: 'x', limit: 0 }, /limit/],
  ['search_code', { query: 'x', limit: 1e9 }, /limit/],
  ['search_code', { query: 'x'.repeat(1e6) }, /query/],
  ['search_code', { query: '/(/' }, /expression/],
  ['find_similar_code', { query: 'x' }, /code/],
  ['erase_disk', {}, /no tool.*search_code/],
])('%s with %j is told what is wrong, for the model to read', async (name, input, sentence) => {
  const answer = await call(name, input);
  expect(answer.isError).toBe(true);
  expect(answer.text).toMatch(sentence);
});

test('a file that appears meanwhile is found once some time has passed', async () => {
  write('close.ts', 'export function closeTheWindow() {\n  return 2;\n}\n');
  let text = '';
  for (const end = Date.now() + 30_000; Date.now() < end && !text.includes('closeTheWindow'); ) {
    nowMs += 60_000;
    ({ text } = await call('search_code', { query: 'closeTheWindow' }));
  }
  expect(text).toContain('close.ts:1-3 function closeTheWindow');
});

test('an index that is off says so', async () => {
  const off = await connect('none', { isEnabled: false });
  const { text } = await call('search_code', { query: 'x' }, off.client);
  expect(text).toMatch(/^Note: .+/);
  await off.client.close();
  await off.search.dispose();
});
