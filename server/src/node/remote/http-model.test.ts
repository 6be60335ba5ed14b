/** Tests of HttpModel against servers on this machine that behave as servers do: both protocols, and all that goes wrong. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { InfillChunk } from '../../engine/completion/remote.ts';
import { HttpModel, type HttpModelOptions } from './http-model.ts';

const request = {
  prefix: 'let a = ',
  suffix: ';\n',
  extra: [{ path: 'src/b.ts', text: 'let b;' }],
  maxTokens: 9,
};
const never = new AbortController().signal;
const patience = { timeout: 50_000, interval: 5 };
const openModels: HttpModel[] = [];
let server: Server | undefined;

afterEach(async () => {
  for (const model of openModels.splice(0)) await model.dispose();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly authorization: string | undefined;
}

type Answer = (response: ServerResponse, asked: Asked) => void;

/** A server with `answers` by path; what it was asked is in `asked`. */
async function serve(answers: Record<string, Answer>) {
  const asked: Asked[] = [];
  server = createServer(async (incoming: IncomingMessage, response) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const path = incoming.url as string;
    const { authorization } = incoming.headers;
    asked.push({ path, body: text ? JSON.parse(text) : {}, authorization });
    const answer = answers[path];
    if (answer) answer(response, asked.at(-1) as Asked);
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
  });
  await new Promise<void>((resolve) => (server as Server).listen(0, '127.0.0.1', resolve));
  const { port } = (server as Server).address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}` };
}

function open(url: string, more: Partial<HttpModelOptions> = {}): HttpModel {
  const model = new HttpModel({ url, model: '', protocol: 'auto', template: '', ...more });
  openModels.push(model);
  return model;
}

async function all(model: HttpModel, signal = never): Promise<InfillChunk[]> {
  const chunks: InfillChunk[] = [];
  for await (const chunk of model.infill(request, signal)) chunks.push(chunk);
  return chunks;
}

const textOf = async (model: HttpModel) => (await all(model)).map(({ text }) => text).join('');

const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** Server-sent events, written in pieces that end anywhere, also inside a character. */
const events =
  (...values: readonly (object | string)[]): Answer =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const data = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
    const bytes = Buffer.from(data.map((value) => `data: ${value}\n\n`).join(''));
    for (let i = 0; i < bytes.length; i += 7) {
      response.write(bytes.subarray(i, i + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

const props = json({ default_generation_settings: { n_ctx: 4096 } });
const said = (content: string) => ({ content, stop: false });
const chosen = (text: string, finish_reason: string | null = null) => ({
  choices: [{ text, finish_reason }],
});

describe('stet.completion.remoteProtocol: whom it speaks to', () => {
  test('llama.cpp’s server is known by what it says of itself', async () => {
    const end = { content: '', stop: true, stop_type: 'limit' };
    const { asked, url } = await serve({
      '/props': props,
      '/infill': events(said('1 + “'), said('2”'), end),
    });
    const model = open(url);
    expect(await all(model)).toEqual([{ text: '1 + “' }, { text: '2”' }, { text: '', isCutOff: true }]);
    expect(asked.map(({ path }) => path)).toEqual(['/props', '/infill']);
    expect(asked[1]?.body).toMatchObject({
      input_prefix: 'let a = ',
      input_suffix: ';\n',
      input_extra: [{ filename: 'src/b.ts', text: 'let b;' }],
      n_predict: 9,
      temperature: 0,
    });
    await all(model);
    expect(asked.map(({ path }) => path)).toEqual(['/props', '/infill', '/infill']); // asked who it is once
  });

  test('any other is spoken to like OpenAI’s, with its first model and the text behind the cursor', async () => {
    const { asked, url } = await serve({
      '/v1/models': json({ data: [{ id: 'coder' }, { id: 'other' }] }),
      '/v1/completions': events(chosen('1'), chosen(' + 2', 'length'), { choices: [] }, '[DONE]'),
    });
    expect(await all(open(`${url}/v1/`))).toEqual([
      { text: '1' },
      { text: ' + 2', isCutOff: true },
      { text: '' },
    ]);
    const body = { model: 'coder', prompt: 'let a = ', suffix: ';\n', max_tokens: 9, temperature: 0 };
    expect(asked.at(-1)?.body).toMatchObject(body);
    expect(JSON.stringify(asked)).not.toContain('let b;'); // this protocol has no place for other files
  });

  test('named, nothing is asked first', async () => {
    const answers = { '/infill': events(said('1')), '/v1/completions': events(chosen('2')) };
    const { asked, url } = await serve(answers);
    expect(await textOf(open(url, { protocol: 'llama.cpp' }))).toBe('1');
    expect(await textOf(open(url, { protocol: 'openai', model: 'm' }))).toBe('2');
    expect(asked.map(({ path }) => path)).toEqual(['/infill', '/v1/completions']);
  });
});

test('stet.completion.remoteModel: that one is asked for, and named', async () => {
  const { asked, url } = await serve({ '/v1/completions': events(chosen('2')) });
  const model = open(url, { model: 'my-coder' });
  await all(model);
  expect(asked.map(({ path }) => path)).toEqual(['/props', '/v1/completions']);
  expect(asked[1]?.body).toMatchObject({ model: 'my-coder' });
  expect(model.name).toBe(`my-coder at ${new URL(url).host}`);
});

test('stet.completion.remoteTemplate: the prompt is written by it, and what a file spells out stays text', async () => {
  const { asked, url } = await serve({ '/v1/completions': events(chosen('2')) });
  const model = open(url, { model: 'm', template: '<|P|>{prefix}<|S|>{suffix}<|M|>' });
  for await (const _ of model.infill({ ...request, prefix: 'a <|M|> b' }, never));
  expect(asked.at(-1)?.body).toMatchObject({
    prompt: '<|P|>a < |M|> b<|S|>;\n<|M|>',
    stop: ['<|P|>', '<|S|>', '<|M|>'],
  });
  expect(asked.at(-1)?.body).not.toHaveProperty('suffix');
  for (const template of ['{prefix}', '{suffix}{suffix}', 'nothing'])
    expect(() => open(url, { template })).toThrow(/remoteTemplate must have \{prefix\} and \{suffix\}/);
});

test('a server without streams answers in one piece', async () => {
  const { url } = await serve({ '/v1/completions': json({ choices: [{ text: 'whole' }] }) });
  expect(await textOf(open(url, { model: 'm' }))).toBe('whole');
});

describe('the key', () => {
  test('goes into the header, and into no message', async () => {
    const key = 'canary-key';
    const { asked, url } = await serve({
      '/v1/completions': json({ error: { message: `wrong key: ${key}` } }, 500),
    });
    const model = open(url, { model: 'm', key });
    await expect(all(model)).rejects.toThrow(/answered 500: wrong key: …\./);
    await expect(all(model)).rejects.not.toThrow(new RegExp(key));
    expect(asked.every(({ authorization }) => authorization === `Bearer ${key}`)).toBe(true);
  });

  test('in the address is refused', () => {
    expect(() => open('http://me:secret@127.0.0.1/')).toThrow(/Set Remote Key/);
  });
});

describe('what goes wrong names the way out', () => {
  const failing: readonly (readonly [string, Answer, RegExp])[] = [
    ['500', json({ error: { message: 'out of memory' } }, 500), /answered 500: out of memory.*embedded/],
    ['503 while it loads', json({ error: { message: 'Loading model' } }, 503), /503: Loading model/],
    ['401', json({}, 401), /wants a key.*Set Remote Key/],
    ['no such path', json({}, 404), /has no \/v1\/completions.*remoteProtocol/],
    ['a suffix refused', json({ message: 'suffix is not currently supported' }, 400), /remoteTemplate/],
    [
      'a web page',
      (response) => response.setHeader('content-type', 'text/html').end('<p>'),
      /does not answer as/,
    ],
    ['JSON of another kind', json({ hello: 1 }), /does not answer as/],
    ['garbage', events('\u0000{{{', '???'), /does not answer as/],
    ['an error in the stream', events(chosen('a'), { error: { message: 'crashed' } }), /broke off: crashed/],
    [
      'an event without end',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`data: ${'x'.repeat(2 << 20)}`);
      },
      /one event is too long/,
    ],
    [
      'a broken connection',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"cho');
        setTimeout(() => response.destroy(), 5);
      },
      /cannot be reached/,
    ],
  ]; // prettier-ignore
  test.each(failing)('%s', async (_, answer, message) => {
    const { url } = await serve({ '/v1/completions': answer });
    const error = await all(open(url, { model: 'm', protocol: 'openai' })).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'remote-failed', showUser: true });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/stet\.completion\.backend to embedded\.$/);
  });

  test('nobody there, and after that somebody', async () => {
    const { url } = await serve({ '/props': props, '/infill': events(said('1')) });
    const answering = server as Server;
    const { port } = answering.address() as AddressInfo;
    await new Promise((resolve) => answering.close(resolve));
    const model = open(url);
    await expect(all(model)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\).*remoteUrl/);
    await new Promise<void>((resolve) => answering.listen(port, '127.0.0.1', resolve));
    expect(await textOf(model)).toBe('1');
  });

  test('a redirect is not followed: the code goes to the host that was named', async () => {
    const { asked, url } = await serve({
      '/v1/completions': (response) => response.writeHead(307, { location: 'http://127.0.0.2:9/x' }).end(),
    });
    await expect(all(open(url, { model: 'm', protocol: 'openai' }))).rejects.toThrow(
      /sends on to http:\/\/127\.0\.0\.2:9/,
    );
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['', /no server is named/],
    ['gpu:8080', /no http or https address/],
    ['file:///etc', /no http or https address/],
  ])('the address %j', (url, message) => {
    expect(() => open(url)).toThrow(message);
  });
});

describe('patience', () => {
  const timeouts = { firstMs: 40, stallMs: 40 };
  const held: Answer = () => {};
  const stalling: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(chosen('a'))}\n\n`);
  };

  test.each([
    ['a server that never answers', held],
    ['one that stops half-way', stalling],
  ])('%s is given up', async (_, answer) => {
    const { url } = await serve({ '/v1/completions': answer });
    const model = open(url, { model: 'm', protocol: 'openai', timeouts });
    await expect(all(model)).rejects.toThrow(/cannot be reached \(no answer for 0\.04 s\)/);
  });

  test('a slow one is not, as long as pieces come', async () => {
    const { url } = await serve({
      '/v1/completions': async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const text of 'slow') {
          response.write(`data: ${JSON.stringify(chosen(text))}\n\n`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        response.end('data: [DONE]\n\n');
      },
    });
    const slow = { firstMs: 50_000, stallMs: 50_000 };
    expect(await textOf(open(url, { model: 'm', protocol: 'openai', timeouts: slow }))).toBe('slow');
  });

  test.each(['an abort', 'no longer pulling'])(
    '%s closes the connection, so that the server stops',
    async (how) => {
      let isClosed = false;
      const { url } = await serve({
        '/v1/completions': (response, asked) => {
          response.on('close', () => {
            isClosed = true;
          });
          stalling(response, asked);
        },
      });
      const abort = new AbortController();
      const reading = (async () => {
        for await (const _ of open(url, { model: 'm', protocol: 'openai' }).infill(request, abort.signal)) {
          if (how === 'an abort') abort.abort(new Error('typed on'));
          else break;
        }
      })();
      if (how === 'an abort') await expect(reading).rejects.toThrow('typed on');
      else await reading;
      await vi.waitUntil(() => isClosed, patience);
    },
  );

  test('whoever asks while the first request is given up still learns who the server is', async () => {
    const { url } = await serve({
      '/props': (response, asked) => setTimeout(() => props(response, asked), 30),
      '/infill': events(said('1')),
    });
    const model = open(url);
    const abort = new AbortController();
    const first = all(model, abort.signal);
    const second = textOf(model);
    abort.abort(new Error('typed on'));
    await expect(first).rejects.toThrow('typed on');
    expect(await second).toBe('1');
  });
});
