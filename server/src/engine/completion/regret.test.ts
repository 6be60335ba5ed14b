/** Regrets: what was typed is judged once there is a pause, with and without other files, and typing ends it. */

import { expect, test } from 'vitest';
import type { TraceEvent } from '../base/ports.ts';
import { certaintyBounds, matchBounds, nAgreement } from '../decoding/mix.ts';
import { createEngine } from '../engine.ts';
import { CausalLm } from '../model/causal-lm.ts';
import { fimFormatOf } from '../prompt/fim.ts';
import { surroundingsOf } from '../syntax/surroundings.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { scriptedSetting } from '../testing/scripted-setting.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { SegmentTokenizer } from '../tokens/retokenize.ts';
import { CacheSamplers } from './cache-sampler.ts';
import { type Question, Regrets, typedSince } from './regret.ts';

const { tokenizer, metadata } = scriptedSetting(400);
const segments = new SegmentTokenizer(tokenizer);
const half = [...matchBounds, ...matchBounds].map(() =>
  Array.from({ length: nAgreement }, () => certaintyBounds.map(() => 0.5)),
);
const uri = 'file:///w/main.ts';
const before = 'const server = open';
const typed = 'Connection(port, host);';
const after = '\nserver.start();\n';
const document = (text: string, version = 1) => new DocumentSnapshot(uri, 'typescript', version, text);
const other = (text: string) => new DocumentSnapshot('file:///w/other.ts', 'typescript', 1, text);

/** Long enough for everything that waits for one. */
async function pauseOf(clock: FakeClock): Promise<void> {
  clock.advance(2000);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What was told, after whatever is typed and asked. */
function watched({ weights }: { weights?: typeof half | undefined } = { weights: half }) {
  const clock = new FakeClock();
  const events: TraceEvent[] = [];
  let now = document(before + after);
  const model = new ScriptedModel(() => 'x'.charCodeAt(0), tokenizer.nVocab);
  const parts = {
    lm: new CausalLm(model, clock),
    segments,
    fim: fimFormatOf(metadata, tokenizer),
    cacheSamplers: new CacheSamplers(segments, weights, clock),
    clock,
    tracer: (event: TraceEvent) => void events.push(event),
    current: () => now,
  };
  const regrets = new Regrets(parts, (error) => expect.unreachable(String(error)));
  return {
    events,
    model,
    type: (text: string) => {
      now = document(text, now.version + 1);
    },
    ask: (others: DocumentSnapshot[], offset = before.length, related = others.slice(0, 1)) => {
      const place = {
        textBefore: now.text.slice(0, offset),
        textAfter: now.text.slice(offset),
        documentStart: 0,
        languageId: 'typescript',
      };
      const question: Question = {
        snapshot: now,
        offset,
        place: { ...place, surroundings: surroundingsOf(place) },
        related,
        others,
      };
      regrets.asked(question);
    },
    pause: () => pauseOf(clock),
    regrets,
  };
}

test('what other files have is likelier with them than without, and the question is named', async () => {
  const { ask, type, pause, events } = watched();
  ask([other(`const client = open${typed}\n`), other('nothing of the kind\n')]);
  type(before + typed + after);
  await pause();
  expect(events).toHaveLength(1);
  const [event] = events;
  if (event?.kind !== 'regret') return expect.unreachable(JSON.stringify(event));
  expect(event).toMatchObject({ uri, version: 1, offset: before.length });
  const { nTokens, ownFile, relatedPieces, allFiles } = event.regret;
  expect(nTokens).toBe(segments.encode(typed).length);
  expect(relatedPieces).toBeGreaterThan(ownFile + 1);
  expect(allFiles).toBeGreaterThan(ownFile + 1);
  expect(ownFile).toBeLessThan(0);
});

test('without related pieces they are not spoken of; without any other file nothing is said', async () => {
  const open = watched();
  open.ask([other(typed)], before.length, []);
  open.type(before + typed + after);
  await open.pause();
  expect(open.events).toHaveLength(1);
  expect(open.events[0]).not.toHaveProperty('regret.relatedPieces');
  const alone = watched();
  alone.ask([]);
  alone.type(before + typed + after);
  await alone.pause();
  expect(alone.events).toEqual([]);
  expect(alone.model.nPasses).toBe(0);
});

test('while somebody types nothing is measured; the first question is the one that is judged', async () => {
  const { ask, type, pause, events, model } = watched();
  for (let n = 0; n <= typed.length; n++) {
    type(before + typed.slice(0, n) + after);
    ask([other(typed)], before.length + n);
  }
  expect(model.nPasses).toBe(0);
  await pause();
  expect(events).toMatchObject([
    { offset: before.length, regret: { nTokens: segments.encode(typed).length } },
  ]);
});

test('an edit elsewhere ends it; the next question counts', async () => {
  const { ask, type, pause, events } = watched();
  ask([other(typed)]);
  type(`// new\n${before}${typed}${after}`);
  await pause();
  expect(events).toEqual([]);
  ask([other(typed)], 7 + before.length + typed.length);
  type(`// new\n${before}${typed} more of it${after}`);
  await pause();
  expect(events).toHaveLength(1);
});

test('a model that other files say nothing to is never asked', async () => {
  const { ask, type, pause, events, model } = watched({});
  ask([other(typed)]);
  type(before + typed + after);
  await pause();
  expect(events).toEqual([]);
  expect(model.nPasses).toBe(0);
});

test('the engine tells it of requests that are watched, and of no others', async () => {
  for (const isWatched of [true, false]) {
    const clock = new FakeClock();
    const events: TraceEvent[] = [];
    const forward = new ScriptedModel(() => 'x'.charCodeAt(0), tokenizer.nVocab);
    const engine = createEngine(
      { name: 'm', metadata: { ...metadata, name: 'stet-7m' }, tokenizer, forward, cacheMemoryMb: 10 },
      { clock, tracer: (event) => void events.push(event) },
    );
    const open = { kind: 'open', languageId: 'typescript', version: 1 } as const;
    engine.edit({ ...open, uri: 'file:///w/other.ts', text: `const client = open${typed}\n` });
    engine.edit({ ...open, uri, text: before + after });
    const settings = { maxLines: 1, maxTokens: 4, contextTokens: 0, debounceMs: 0, maxFileSizeKb: 100 };
    const request = { uri, version: 1, offset: before.length, trigger: 'invoked', isWatched } as const;
    await engine.complete(
      { ...request, settings: { ...settings, editReuse: true } },
      new AbortController().signal,
    );
    const edit = { start: before.length, endExclusive: before.length, text: typed };
    engine.edit({ kind: 'change', uri, version: 2, edits: [edit] });
    await pauseOf(clock);
    expect(events.filter(({ kind }) => kind === 'regret')).toHaveLength(isWatched ? 1 : 0);
    await engine.dispose();
  }
});

test('disposed, it does nothing any more', async () => {
  const { ask, type, pause, events, regrets } = watched();
  ask([other(typed)]);
  type(before + typed + after);
  regrets.dispose();
  await pause();
  expect(events).toEqual([]);
});

test('typed is what stands between what was there before', () => {
  const at = { snapshot: document('ab'), offset: 1 };
  expect(typedSince(at, document('aXYb', 2))).toBe('XY');
  expect(typedSince(at, document('ab', 2))).toBe('');
  expect(typedSince(at, document('aXY', 2))).toBeUndefined();
  expect(typedSince(at, document('b', 2))).toBeUndefined();
});
