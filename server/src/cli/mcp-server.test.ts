/** The MCP server, spoken to by the protocol's own client; only the index behind it is scripted. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { EngineError } from '../engine/base/error.ts';
import type { CodeQuery, CodeSearch, IndexStatus } from '../engine/search/code-search.ts';
import { createMcpServer } from './mcp-server.ts';

const ready: IndexStatus = { state: 'ready', nFiles: 1, nFilesDone: 1, nChunks: 1, sizeBytes: 1, detail: '' };

const chunk = {
  key: 1,
  path: '/w/src/a.ts',
  languageId: 'typescript',
  mtimeMs: 0,
  id: '0'.repeat(16),
  start: 0,
  endExclusive: 4,
  startLine: 9,
  endLine: 9,
  kind: 'function' as const,
  name: 'open',
  header: '',
  doc: '',
  text: 'f();',
};

/** An index whose one chunk is found by every query but those that `fail` speaks of. */
function scripted(asked: CodeQuery[], more: Partial<CodeSearch> = {}): CodeSearch {
  return {
    status: ready,
    open: () => {},
    filesChanged: () => {},
    search: async (query) => {
      asked.push(query);
      return { hits: [{ chunk, relativePath: 'src/a.ts', score: 1 }], ms: 1 };
    },
    related: async () => [],
    act: async () => {},
    dispose: async () => {},
    ...more,
  };
}

async function connect(search: CodeSearch, nowMs = () => 0): Promise<Client> {
  const { server } = createMcpServer({ search, rootPaths: ['/w'], version: '0.0.0', nowMs });
  const client = new Client({ name: 'test', version: '0.0.0' });
  const [mine, its] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(its), client.connect(mine)]);
  return client;
}

const call = async (client: Client, name: string, input: Record<string, unknown>) => {
  const result = (await client.callTool({ name, arguments: input })) as CallToolResult;
  const [part] = result.content;
  return { text: part?.type === 'text' ? part.text : '', isError: result.isError === true };
};

test('both tools are listed with what they take', async () => {
  const client = await connect(scripted([]));
  const { tools } = await client.listTools();
  expect(tools.map(({ name, inputSchema }) => [name, inputSchema.required])).toEqual([
    ['search_code', ['query']],
    ['find_similar_code', ['code']],
  ]);
});

test('a search answers with places and code', async () => {
  const asked: CodeQuery[] = [];
  const client = await connect(scripted(asked));
  const expected = { text: 'src/a.ts:10-10 function open\n```typescript\nf();\n```', isError: false };
  expect(await call(client, 'search_code', { query: 'open lang:typescript', limit: 3 })).toEqual(expected);
  expect(await call(client, 'find_similar_code', { code: 'g();' })).toEqual(expected);
  expect(asked).toEqual([
    { query: 'open lang:typescript', limit: 3 },
    { query: '', similarTo: { text: 'g();' }, limit: 10 },
  ]);
});

test.each([
  ['search_code', {}, /query/],
  ['search_code', { query: ' ' }, /query/],
  ['search_code', { query: 7 }, /query/],
  ['search_code', { query: 'x', limit: 0 }, /limit/],
  ['search_code', { query: 'x', limit: 1e9 }, /limit/],
  ['search_code', { query: 'x'.repeat(1e6) }, /query/],
  ['find_similar_code', { query: 'x' }, /code/],
  ['erase_disk', {}, /no tool.*search_code/],
])('%s with %j is told what is wrong, for the model to read', async (name, input, sentence) => {
  const client = await connect(scripted([]));
  const answer = await call(client, name, input);
  expect(answer.isError).toBe(true);
  expect(answer.text).toMatch(sentence);
});

test('an index that fails is said with the way out, and the next call is answered', async () => {
  let nCalls = 0;
  const search = async () => {
    if (++nCalls === 1) throw new EngineError('index-unavailable', 'The index is gone. Run stet index.');
    return { hits: [], note: 'The index is 40 % built.', ms: 1 };
  };
  const client = await connect(scripted([], { search }));
  expect(await call(client, 'search_code', { query: 'x' })).toEqual({
    text: 'The index is gone. Run stet index.',
    isError: true,
  });
  expect((await call(client, 'search_code', { query: 'x' })).text).toMatch(/^Note: The index is 40 % built/);
});

test('waits for an index that is being built, and looks for changes when some time has passed', async () => {
  const status = { ...ready, state: 'indexing' as IndexStatus['state'] };
  const changed: (readonly string[])[] = [];
  let nowMs = 0;
  const search = scripted([], { status, filesChanged: (paths) => changed.push(paths) });
  const client = await connect(search, () => nowMs);
  let isAnswered = false;
  const answer = call(client, 'search_code', { query: 'x' }).finally(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isAnswered).toBe(false);
  status.state = 'ready';
  expect((await answer).isError).toBe(false);
  expect(changed).toEqual([]);
  nowMs = 60_000;
  await call(client, 'search_code', { query: 'x' });
  expect(changed).toEqual([['/w']]);
});
