/** A server of models on this machine: our own engine and embedded model behind the two protocols of HTTP, with faults on demand. */

// It is a program of its own, as llama.cpp's server and vLLM are: what runs behind it is a real model.
// `/fault/NAME` before a path makes it fail as servers do. It prints its address as its first line, then
// what it was asked, one JSON document a line: `{ path, authorization, body, text }`.

import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import path from 'node:path';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';

const root = path.resolve(import.meta.dirname, '../..');
const engine = fork(path.join(root, 'dist/engine.cjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
const connection = createMessageConnection(new IPCMessageReader(engine), new IPCMessageWriter(engine));
connection.listen();
engine.on('exit', (code) => process.exit(code ?? 1));
process.on('disconnect', () => process.exit());
process.on('exit', () => engine.kill());

await connection.sendRequest('engine/open', {
  modelFolder: path.join(root, 'model'),
  format: 'int8',
  threads: 1,
  cacheMemoryMb: 64,
  grammarsFolder: path.join(root, 'grammars'),
});

const settings = {
  maxLines: 1,
  maxTokens: 32,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 1000,
  editReuse: true,
};
let nRequests = 0;

/** What the model writes between the two texts. */
async function infill(prefix, suffix) {
  const uri = `file:///remote/${++nRequests}.ts`;
  const document = { uri, version: 1 };
  const text = prefix + suffix;
  await connection.sendNotification('engine/edit', {
    kind: 'open',
    languageId: 'typescript',
    text,
    ...document,
  });
  const request = { ...document, offset: prefix.length, trigger: 'invoked', settings };
  const { suggestion } = await connection.sendRequest('engine/complete', request);
  await connection.sendNotification('engine/edit', { kind: 'close', uri });
  return suggestion?.text ?? '';
}

const faults = {
  500: (response) => json(response, 500, { error: { message: 'out of memory' } }),
  garbage: (response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {{{\n\n'),
  hang: () => {},
  drop: (response) => response.destroy(),
};

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function stream(response, events) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    response.write(`data: ${JSON.stringify(event)}\n\n`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  response.end('data: [DONE]\n\n');
}

const pieces = (text) => text.match(/.{1,3}/gsu) ?? [];

const server = createServer(async (incoming, response) => {
  let sent = '';
  for await (const chunk of incoming) sent += chunk;
  const body = sent ? JSON.parse(sent) : {};
  const [, fault, asked] = /^(?:\/fault\/(\w+))?(\/.*)$/.exec(incoming.url);
  const say = (text) => {
    const { authorization } = incoming.headers;
    process.stdout.write(`${JSON.stringify({ path: incoming.url, authorization, body, text })}\n`);
  };
  if (fault) say('');
  if (fault) return faults[fault](response);
  if (asked === '/props' && process.argv.includes('--llama-cpp'))
    return json(response, 200, { default_generation_settings: { n_ctx: 2048 } });
  if (asked === '/v1/models') return json(response, 200, { data: [{ id: 'stet-embedded' }] });
  if (asked === '/infill') {
    const text = await infill(body.input_prefix, body.input_suffix);
    say(text);
    const last = { content: '', stop: true, stop_type: 'eos' };
    return stream(response, [...pieces(text).map((content) => ({ content, stop: false })), last]);
  }
  if (asked === '/v1/completions') {
    const text = await infill(body.prompt, body.suffix);
    say(text);
    return stream(
      response,
      pieces(text).map((piece) => ({ choices: [{ text: piece, finish_reason: null }] })),
    );
  }
  json(response, 404, { detail: 'Not Found' });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
