/** The search encoder: equal to the reference that trained it, and nothing damaged is believed. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Encoder } from '../../engine/search/encoder.ts';
import { openEncoder } from './encoder-files.ts';

const root = resolve(import.meta.dirname, '../../../..');
const model = join(root, 'model');

/** Written by the Python reference, for the committed weights. */
interface Golden {
  readonly queries: readonly { readonly text: string; readonly vector: readonly number[] }[];
  readonly documents: readonly {
    readonly document: readonly [string, string, string];
    readonly vector: readonly number[];
  }[];
}

let encoder: Encoder;
beforeAll(async () => {
  encoder = await openEncoder(model);
});

const worst = (a: Float32Array, b: readonly number[]) =>
  Math.max(...b.map((value, i) => Math.abs(value - (a[i] as number))));

test('vectors are those of the Python reference', async () => {
  const golden = JSON.parse(
    await readFile(join(root, 'test/fixtures/encoder-golden.json'), 'utf8'),
  ) as Golden;
  for (const { text, vector } of golden.queries)
    expect(worst(encoder.embedQuery(text), vector)).toBeLessThan(1e-6);
  for (const { document, vector } of golden.documents) {
    const [name, path, code] = document;
    expect(worst(encoder.embedDocument({ name, path, code }), vector)).toBeLessThan(1e-6);
  }
  expect(golden.queries.length + golden.documents.length).toBeGreaterThan(10);
});

test('vectors have length one, and zero where nothing is known', () => {
  const length = (v: Float32Array) => Math.hypot(...v);
  expect(length(encoder.embedQuery('close the connection'))).toBeCloseTo(1, 5);
  expect(length(encoder.embedQuery('{}();'))).toBe(0);
  expect(length(encoder.embedDocument({ name: '', path: '', code: '' }))).toBe(0);
});

test('what means the same is nearer than what does not', () => {
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const query = encoder.embedQuery('remove the oldest element of a queue');
  const right = encoder.embedDocument({
    name: 'shift',
    path: 'queue.ts',
    code: 'return this.items.shift();',
  });
  const wrong = encoder.embedDocument({ name: 'parse', path: 'url.ts', code: 'return new URL(text).host;' });
  expect(dot(query, right)).toBeGreaterThan(dot(query, wrong));
});

describe('damage is found and named', () => {
  const withCopy = async (damage: (folder: string) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), 'stet-encoder-'));
    try {
      await cp(join(model, 'encoder'), join(folder, 'encoder'), { recursive: true });
      await cp(join(model, 'tokenizer.json'), join(folder, 'tokenizer.json'));
      await damage(folder);
      return await openEncoder(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const editJson = (change: (json: Record<string, unknown>) => void) => async (folder: string) => {
    const file = join(folder, 'encoder', 'encoder.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    change(json);
    await writeFile(file, JSON.stringify(json));
  };

  test('an undamaged copy is read', async () => {
    expect((await withCopy(async () => {})).id).toBe(encoder.id);
  });
  test('one byte of the weights', async () => {
    const flip = async (folder: string) => {
      const file = join(folder, 'encoder', 'encoder.safetensors');
      const bytes = await readFile(file);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      await writeFile(file, bytes);
    };
    await expect(withCopy(flip)).rejects.toThrow(/other weights.*Install Stet again/);
  });
  test('another tokenizer, another format, other words, another check', async () => {
    const spoil = async (folder: string) => writeFile(join(folder, 'tokenizer.json'), '{}');
    await expect(withCopy(spoil)).rejects.toThrow();
    await expect(withCopy(editJson((json) => Object.assign(json, { format: 2 })))).rejects.toThrow(
      /format is 2/,
    );
    const words = editJson((json) => Object.assign(json.words as object, { prefix: '' }));
    await expect(withCopy(words)).rejects.toThrow(/reads words/);
    const check = editJson((json) => Object.assign(json.check as object, { query: 'something else' }));
    await expect(withCopy(check)).rejects.toThrow(/does not compute/);
  });
  test('a file that is not there, one that is no JSON', async () => {
    await expect(withCopy((folder) => rm(join(folder, 'encoder', 'encoder.json')))).rejects.toThrow(
      /encoder\.json cannot be read/,
    );
    await expect(
      withCopy((folder) => writeFile(join(folder, 'encoder', 'encoder.json'), '<html>')),
    ).rejects.toThrow(/format is undefined/);
  });
});
