/** After a pause there is nothing left to do: no pass of the model runs, and nobody waits to run one. */

import { expect, test } from 'vitest';
import { createEngine } from '../engine.ts';
import { parseModelMetadata } from '../model/metadata.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { tinyModel } from '../testing/tiny-model.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import type { CompletionSettings } from './request.ts';

const { tokenizerJson } = tinyModel();
const tokenizer = Tokenizer.parse(tokenizerJson);
const uri = 'file:///w/main.ts';
const x = 'x'.charCodeAt(0);

const metadata = parseModelMetadata(
  {
    name: 'scripted',
    version: '1',
    fim: { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>', order: 'spm' },
    endTokens: ['<|endoftext|>'],
    fileToken: '<|file_sep|>',
    contextTokens: 400,
  },
  tokenizerJson,
);

/** Lets timers of the host and everything that awaits them go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** An engine that has just answered from rows that an edit moved. */
async function movedEngine(settings: Partial<CompletionSettings> = {}) {
  const clock = new FakeClock();
  const model = new ScriptedModel(() => x, tokenizer.nVocab);
  const engine = createEngine(
    { name: 'scripted', metadata, tokenizer, forward: model, cacheMemoryMb: 10 },
    { clock, tracer: () => {} },
  );
  const lines = Array.from({ length: 12 }, (_, i) => `const value${i} = ${i};\n`).join('');
  let text = `${lines}const last = `;
  let version = 1;
  engine.edit({ kind: 'open', uri, languageId: 'typescript', version, text });
  const ask = () =>
    engine.complete(
      {
        uri,
        version,
        offset: text.length,
        trigger: 'invoked',
        settings: {
          maxLines: 1,
          maxTokens: 8,
          contextTokens: 0,
          debounceMs: 0,
          maxFileSizeKb: 100,
          editReuse: true,
          lookAhead: true,
          ...settings,
        },
      },
      new AbortController().signal,
    );
  const first = await ask();
  expect(first.outcome).toBe('generated');
  // A line above: rows are moved, which idle time has to make exact, and then looks ahead.
  const inserted = 'const above = 1;\n';
  text = inserted + text;
  version++;
  engine.edit({
    kind: 'change',
    uri,
    version,
    edits: [{ start: 0, endExclusive: 0, text: inserted }],
  });
  const moved = await ask();
  expect(moved.cost.nShifted).toBeGreaterThan(0);

  return { clock, model, engine };
}

test('60 s after the last key the engine has no work and no timer', async () => {
  const { clock, model, engine } = await movedEngine();
  const nAsked = model.nRun;
  expect(clock.nSleepers).toBeGreaterThan(0); // healing waits for its pause
  for (let ms = 0; ms < 60_000; ms += 100) {
    clock.advance(100);
    await settle();
  }
  expect(model.nRun).toBeGreaterThan(nAsked); // it did heal
  const nHealed = model.nRun;
  expect(clock.nSleepers).toBe(0);
  clock.advance(3_600_000);
  await settle();
  expect(model.nRun).toBe(nHealed);
  await engine.dispose();
});

test('where nothing is to be repaired in idle time, nothing is', async () => {
  const { clock, model, engine } = await movedEngine({ idleRepair: false, lookAhead: false });
  const nAsked = model.nRun;
  expect(clock.nSleepers).toBe(0);
  clock.advance(60_000);
  await settle();
  expect(model.nRun).toBe(nAsked);
  await engine.dispose();
});
