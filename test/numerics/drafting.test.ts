/** Guessing ahead changes no text: the embedded model writes the same with all drafters as without any. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Constraint } from '../../server/src/engine/decoding/constraints/constraint.ts';
import { decode } from '../../server/src/engine/decoding/decode.ts';
import { DraftPolicy } from '../../server/src/engine/decoding/drafters/draft-policy.ts';
import { Drafting } from '../../server/src/engine/decoding/drafters/drafting.ts';
import { RecentDrafter } from '../../server/src/engine/decoding/drafters/recent.ts';
import { createEngine, type Engine } from '../../server/src/engine/engine.ts';
import { CausalLm } from '../../server/src/engine/model/causal-lm.ts';
import { Sequence } from '../../server/src/engine/model/sequence.ts';
import { seededRandom } from '../../server/src/engine/testing/tiny-model.ts';
import { Tokenizer } from '../../server/src/engine/tokens/tokenizer.ts';
import { systemClock } from '../../server/src/node/clock.ts';
import { openModel } from '../../server/src/node/model-store.ts';
import { loadForward } from '../../server/src/node/onnx.ts';
import { type LoadedTiny, loadTiny, someTokens } from './loaded-model.ts';

const root = path.join(import.meta.dirname, '../..');
const live = new AbortController().signal;

describe('the embedded model, with the open files mixed in', () => {
  let cache: string;
  let close: () => Promise<void>;
  let newEngine: (drafters: readonly string[]) => Engine;

  beforeAll(async () => {
    cache = await mkdtemp(path.join(tmpdir(), 'stet-drafting-'));
    const model = await openModel(path.join(root, 'model'), { cacheFolder: cache, format: 'int8' });
    const forward = await loadForward(model.graphs, model.config, { nThread: 1 });
    const tokenizer = Tokenizer.parse(model.tokenizerJson, model.tokenizerConfig);
    const { name, metadata } = model;
    newEngine = (drafters) =>
      createEngine(
        { name, metadata, tokenizer, forward, cacheMemoryMb: 64, drafters },
        { clock: systemClock, tracer: () => {} },
      );
    close = () => forward.dispose();
  }, 120_000);
  afterAll(async () => {
    await close();
    await rm(cache, { recursive: true });
  });

  test('writes the same, in fewer passes', { timeout: 240_000 }, async () => {
    const plain = newEngine([]);
    const drafted = newEngine(['copy', 'previous', 'removed', 'recycling']);
    const random = seededRandom(9);
    let nPlainPasses = 0;
    let nPasses = 0;
    for (const name of ['server/src/engine/completion/trim.ts', 'training/stetlm/train.py']) {
      const text = (await readFile(path.join(root, name), 'utf8')).slice(0, 9000);
      const uri = pathToFileURL(path.join('/', name)).href;
      const languageId = name.endsWith('.py') ? 'python' : 'typescript';
      let version = 0;
      for (let round = 0; round < 8; round++) {
        const offset = Math.floor(random() * text.length);
        const hole = text.slice(0, offset) + text.slice(offset + Math.floor(random() * 300));
        version++;
        const texts: (string | undefined)[] = [];
        for (const engine of [plain, drafted]) {
          engine.edit({ kind: 'open', uri, languageId, version, text: hole });
          const settings = {
            maxLines: 12,
            maxTokens: 48,
            contextTokens: 0,
            debounceMs: 0,
            maxFileSizeKb: 100,
            editReuse: false,
          };
          const request = { uri, version, offset, trigger: 'invoked', explain: true, settings } as const;
          const { explanation, cost } = await engine.complete(request, live);
          texts.push(explanation?.generated);
          if (engine === plain) nPlainPasses += cost.nPasses;
          else nPasses += cost.nPasses;
        }
        expect(texts[1]).toBe(texts[0]);
      }
    }
    expect(nPasses).toBeLessThan(nPlainPasses / 2);
  });
});

describe('a tiny random model', () => {
  let tiny: LoadedTiny;
  beforeAll(async () => {
    tiny = await loadTiny({}, 'fp32');
  }, 60_000);
  afterAll(() => tiny.close());

  /** Forbids a third of the vocabulary, another third after each token. */
  const picky = (): Constraint => {
    let last = 0;
    return {
      prepare: () => undefined,
      bias: (token) => ((token + last) % 3 === 0 ? -Infinity : 0),
      accept: (token) => {
        last = token;
      },
    };
  };

  test.each([false, true])('decodes the same with guesses (constraint: %s)', async (isConstrained) => {
    const lm = new CausalLm(tiny.forward, systemClock);
    const random = seededRandom(3);
    let nRight = 0;
    for (let round = 0; round < 12; round++) {
      const prompt = Int32Array.from(someTokens(20, round + 1));
      const write = async (drafting?: Drafting) => {
        const sequence = new Sequence(tiny.newArena());
        const { logits } = await lm.prefill(sequence, prompt, live);
        const constraint = isConstrained ? { constraint: picky() } : {};
        const options = { logits, maxTokens: 24, isEnd: () => false, signal: live, ...constraint };
        const tokens: number[] = [];
        for await (const token of decode(lm, sequence, { ...options, ...(drafting && { drafting }) })) {
          tokens.push(token);
        }
        expect([...sequence.tokens]).toEqual([...prompt, ...tokens].slice(0, sequence.length));
        return tokens;
      };
      const plain = await write();
      // What was right with a wrong token now and then: guesses that are accepted in part.
      const text = Int32Array.from([prompt.at(-1) as number, ...plain.map((t) => (random() < 0.2 ? 7 : t))]);
      const drafting = new Drafting([new RecentDrafter('previous', [text], prompt)], new DraftPolicy());
      expect(await write(drafting)).toEqual(plain);
      nRight += drafting.counts.nRight;
    }
    expect(nRight).toBeGreaterThan(12);
  });
});
