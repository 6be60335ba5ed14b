/** CursorCache: a cursor inside a token finds the rest of it, and matching goes on in whole tokens. */

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { tinyBpe } from '../testing/tiny-bpe.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { CacheModel } from './cache-model.ts';
import { CursorCache } from './cursor-cache.ts';

const sample =
  'return server.connection(port);\n'.repeat(6) + 'const handler = connection.close();\n'.repeat(5);
const tokenizers = (['gpt2', 'stet', 'qwen'] as const).map((preTokenizer) =>
  Tokenizer.parse(tinyBpe(sample, { preTokenizer, nMerges: 200 })),
);

/** The texts' own continuation of `before`, token by token, greedily. */
function continuation(tokenizer: Tokenizer, before: string, after: string, nTokens: number): string {
  const cache = new CacheModel();
  cache.add(tokenizer.encode(after));
  const cursor = new CursorCache(cache, tokenizer, before, tokenizer.encode(before));
  const bytes: number[] = [];
  for (let i = 0; i < nTokens; i++) {
    const token = cursor.predict()?.tokens[0];
    if (token === undefined) break;
    bytes.push(...tokenizer.bytesOf(token));
    cursor.accept(token);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

test.each(tokenizers)('goes on from every column of a line that stood before', (tokenizer) => {
  const line = 'return server.connection(port);\n';
  for (let column = 1; column < line.length - 1; column++) {
    const text = continuation(tokenizer, `${line}foo();\n${line.slice(0, column)}`, '', 12);
    expect(text.slice(0, line.length - column)).toBe(line.slice(column).slice(0, text.length));
    expect(text).not.toBe('');
  }
});

test.each(tokenizers)('finds it behind the cursor as well', (tokenizer) => {
  const text = continuation(tokenizer, 'x = server.conn', '\nreturn server.connection(port);\n', 9);
  expect(text.startsWith('ection(')).toBe(true);
});

test('an indent is not taken for the beginning of a deeper one', () => {
  const deeper = 'if (port)\n    return server.connection(port);\n';
  const text = `${deeper.repeat(3)}foo();\n  const handler = 1;\n  `;
  const tokenizer = Tokenizer.parse(JSON.parse(fs.readFileSync('model/tokenizer.json', 'utf8'))); // one token each
  expect(continuation(tokenizer, text, '', 8).startsWith('const handler')).toBe(true);
  expect(continuation(tokenizer, `${deeper.repeat(3)}foo();\n  `, '', 8)).toBe('');
});

test('says nothing in an empty text, and nothing about what never stood there', () => {
  const tokenizer = tokenizers[0] as Tokenizer;
  expect(continuation(tokenizer, '', '', 3)).toBe('');
  expect(continuation(tokenizer, '', 'return 1;', 3)).toBe('');
  expect(continuation(tokenizer, 'return zzz', 'return 1;', 3)).toBe('');
});

test('half characters do not break it', () => {
  const tokenizer = tokenizers[0] as Tokenizer;
  const before = 'const s = "🙂🙂";\nconst s = "';
  const text = continuation(tokenizer, before, '', 20);
  expect(text.startsWith('🙂🙂";')).toBe(true);
});

test('a long generation stays cheap and right', () => {
  const tokenizer = tokenizers[1] as Tokenizer;
  const body = Array.from({ length: 30 }, (_, i) => `  call${i}(server, ${i * 37});\n`).join('');
  const text = continuation(tokenizer, `begin\n${body}end\nbegin\n`, '', 100);
  expect(body.startsWith(text) || text.startsWith(body)).toBe(true);
  expect(text.length).toBeGreaterThan(60);
});
