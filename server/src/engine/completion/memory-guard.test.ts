/** The memorisation guard: reads what the Python builder wrote, finds every copied run, withholds the suggestion. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../base/error.ts';
import type { TraceEvent } from '../base/ports.ts';
import { createEngine } from '../engine.ts';
import { parseModelMetadata } from '../model/metadata.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { tinyModel } from '../testing/tiny-model.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { gramHashes, MemoryGuard, windowMinima } from './memory-guard.ts';

// Written by `python3 tests/test_guard.py write` in training/, from the texts that `numbers` makes.
const golden = readFileSync(join(import.meta.dirname, '../../../../test/fixtures/memory-guard.bin'));
const tokenizerJson = new TextEncoder().encode('{}');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const parse = (bytes: Uint8Array) => MemoryGuard.parse(bytes, tokenizerJson, sha256);

/** `n` token ids of a linear congruential generator; test_guard.py has the same. */
function numbers(seed: number, n: number): Int32Array {
  let state = seed;
  return Int32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 16) % 700;
  });
}

/** `bytes` with a change, and a checksum that is right again. */
function altered(change: (bytes: Buffer) => void): Uint8Array {
  const bytes = Buffer.from(golden);
  change(bytes);
  sha256(bytes.subarray(0, -32)).forEach((byte, i) => {
    bytes[bytes.length - 32 + i] = byte;
  });
  return bytes;
}

describe('repeatsCorpus', () => {
  const guard = parse(golden);
  const texts = [numbers(1, 700), numbers(3, 900)];

  test('finds every run of 60 tokens, alone and between others', () => {
    for (const text of texts) {
      for (let start = 0; start + 60 <= text.length; start++) {
        const copy = text.subarray(start, start + 60);
        if (!guard.repeatsCorpus(copy)) expect.fail(`the run at ${start} is not found`);
        const between = Int32Array.from([...numbers(start + 50, 31), ...copy, ...numbers(start + 99, 17)]);
        if (!guard.repeatsCorpus(between)) expect.fail(`the run at ${start} is not found between others`);
      }
    }
  });

  test('lets shorter runs, other texts and one token over and over pass', () => {
    const text = texts[0] as Int32Array;
    expect(guard.repeatsCorpus(text.subarray(0, 59))).toBe(false);
    expect(guard.repeatsCorpus(Int32Array.from([...text.subarray(0, 40), ...numbers(9, 40)]))).toBe(false);
    expect(guard.repeatsCorpus(new Int32Array(100).fill(7))).toBe(false); // a text of the golden corpus
    expect(guard.repeatsCorpus(new Int32Array(0))).toBe(false);
    const flagged = Array.from({ length: 300 }, (_, i) => guard.repeatsCorpus(numbers(1000 + i, 100)));
    expect(flagged.filter(Boolean)).toEqual([]);
  });

  test('winnows by the book: the least hash of each window, the rightmost of equals', () => {
    expect([...windowMinima(Uint32Array.of(5, 3, 3, 9, 4, 4, 1), 3)]).toEqual([2, 2, 2, 5, 6]);
    const tokens = Int32Array.of(1, 2, 3, 1, 2, 3);
    const hashes = gramHashes(tokens, 3);
    expect(hashes).toHaveLength(4);
    expect(hashes[0]).toBe(hashes[3]);
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('a file that is not what it should be is refused with a way out', () => {
  const wrong: [string, RegExp, () => Uint8Array][] = [
    ['empty', /too short/, () => new Uint8Array(0)],
    ['cut off', /checksum/, () => golden.subarray(0, -1)],
    ['something else', /begins otherwise/, () => altered((bytes) => bytes.write('PK'))],
    ['of a later version', /version is 2/, () => altered((bytes) => bytes.writeUInt32LE(2, 8))],
    ['one bit flipped', /checksum/, () => golden.map((byte, i) => (i === 120 ? byte ^ 4 : byte))],
    ['of another length', /numbers/, () => altered((bytes) => bytes.writeUInt32LE(8, 36))],
    ['without probes', /numbers/, () => altered((bytes) => bytes.writeUInt32LE(0, 32))],
    ['for another tokenizer', /another tokenizer/, () => altered((bytes) => bytes.write('x', 44))],
  ];
  test.each(wrong)('%s', (_, message, make) => {
    const bytes = make();
    expect(() => parse(bytes)).toThrow(message);
    try {
      parse(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
      expect(error).toMatchObject({ code: 'model-corrupt', message: /Install Stet again/ });
    }
  });
});

describe('in the engine', () => {
  // A guard that knows every fingerprint there is: whatever is long enough was in its corpus.
  const everything = parse(altered((bytes) => bytes.subarray(76, -32).fill(0xff)));
  const model = tinyModel();
  const tokenizer = Tokenizer.parse(model.tokenizerJson);
  const stet = {
    name: 'scripted',
    version: '1',
    fim: { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>', order: 'spm' },
    endTokens: ['<|endoftext|>'],
    contextTokens: 400,
  };
  const end = tokenizer.idOf('<|endoftext|>') as number;
  const middle = tokenizer.idOf('<|fim_middle|>') as number;

  /** What comes of a model that writes `written` into a file that says `const x = `, and how it was traced. */
  async function complete(written: string, guard?: MemoryGuard, before = 'const x = ') {
    const bytes = new TextEncoder().encode(written);
    const nBefore = tokenizer.encode(before).length;
    const scripted = new ScriptedModel((context) => {
      const nDone = context.length - context.lastIndexOf(middle) - 1 - nBefore;
      return bytes[nDone] ?? end;
    }, tokenizer.nVocab);
    const traced: TraceEvent[] = [];
    const metadata = parseModelMetadata(stet, model.tokenizerJson);
    const engine = createEngine(
      {
        name: 'scripted',
        metadata,
        tokenizer,
        forward: scripted,
        ...(guard && { guard }),
        cacheMemoryMb: 10,
      },
      { clock: new FakeClock(), tracer: (event) => traced.push(event) },
    );
    const uri = 'file:///a.ts';
    engine.edit({ kind: 'open', uri, languageId: 'typescript', version: 1, text: before });
    const settings = {
      maxLines: 8,
      maxTokens: 128,
      contextTokens: 0,
      debounceMs: 0,
      maxFileSizeKb: 9,
      editReuse: true,
    };
    const request = { uri, version: 1, offset: before.length, trigger: 'invoked' as const, settings };
    const result = await engine.complete(request, new AbortController().signal);
    const outcome = traced.flatMap((event) => (event.kind === 'complete' ? [event.outcome] : []));
    await engine.dispose();
    return { outcome: result.outcome, text: result.suggestion?.text, traced: outcome };
  }

  const long = 'firstOf(abcdefg, hijkl, mnopq) + secondOf(rstuv, wxyz, 12345);';

  test('a suggestion that repeats the corpus is withheld, and the trace says so', async () => {
    expect(await complete(long, everything)).toEqual({
      outcome: 'memorised',
      text: undefined,
      traced: ['memorised'],
    });
  });

  test('without a guard, or with one that does not know it, it is shown', async () => {
    expect(await complete(long)).toMatchObject({ outcome: 'generated', text: long });
    expect(await complete(long, parse(golden))).toMatchObject({ outcome: 'generated', text: long });
  });

  test('what the user wrote before the cursor does not count', async () => {
    const before = `${long}\nconst x = `;
    expect(await complete('shortOf(a);', everything, before)).toMatchObject({ outcome: 'generated' });
  });
});
