/** What is shown when: eagerness, quiet zones, others to choose from, answers remembered, the next one ahead. */

import { describe, expect, test } from 'vitest';
import { type CompletionRequest, createEngine } from '../engine.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { scriptedSetting } from '../testing/scripted-setting.ts';

const { tokenizer, metadata, end, middle } = scriptedSetting(400);
const settings = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 100,
  editReuse: true,
} as const;
const uri = 'file:///folder/a.ts';

const textOf = (ids: readonly number[]) =>
  new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytesOf(id)])));

/** A continuation, and the probability of its characters where it is not nearly 1, with what comes instead. */
interface Line {
  readonly text: string;
  readonly unsure?: Readonly<Record<number, { readonly probability: number; readonly instead: string }>>;
}

/** One file in an engine whose model writes `lines` behind their keys. One token is one character. */
function newFile(marked: string, lines: Readonly<Record<string, Line | string>>) {
  const clock = new FakeClock();
  const model = new ScriptedModel(() => end, tokenizer.nVocab);
  const run = model.run.bind(model);
  model.run = async (request) => {
    const logits = await run(request);
    const rows = Array.from(
      (request.arena.values[0] as Float32Array).subarray(0, request.start + request.tokens.length),
    );
    request.logitsOf.forEach((index, i) => {
      const row = logits.subarray(i * tokenizer.nVocab, (i + 1) * tokenizer.nVocab).fill(-20);
      const context = rows.slice(0, request.start + index + 1);
      const written = textOf(context.slice(context.lastIndexOf(middle) + 1));
      row[end] = 0;
      for (const [before, line] of Object.entries(lines)) {
        const at = written.lastIndexOf(before);
        const { text, unsure = {} } = typeof line === 'string' ? { text: line } : line;
        const done = written.slice(at + before.length);
        if (at < 0 || !text.startsWith(done) || done === text) continue;
        const doubt = unsure[done.length];
        row[text.charCodeAt(done.length)] = 20;
        if (doubt) row[doubt.instead.charCodeAt(0)] = 20 + Math.log(1 / doubt.probability - 1);
        return;
      }
    });
    return logits;
  };
  const engine = createEngine(
    { name: 'scripted', metadata, tokenizer, forward: model, cacheMemoryMb: 10 },
    { clock, tracer: () => {} },
  );
  let text = marked.replace('█', '');
  let offset = marked.indexOf('█');
  let version = 1;
  engine.edit({ kind: 'open', uri, languageId: 'typescript', version, text });
  const replace = (start: number, endExclusive: number, inserted: string) => {
    text = text.slice(0, start) + inserted + text.slice(endExclusive);
    offset = start + inserted.length;
    engine.edit({
      kind: 'change',
      uri,
      version: ++version,
      edits: [{ start, endExclusive, text: inserted }],
    });
  };
  return {
    model,
    clock,
    engine,
    replace,
    type: (typed: string) => replace(offset, offset, typed),
    erase: (n: number) => replace(offset - n, offset, ''),
    async ask(
      more: Partial<CompletionRequest['settings']> = {},
      trigger: CompletionRequest['trigger'] = 'automatic',
    ) {
      const request = { uri, version, offset, trigger, settings: { ...settings, ...more } };
      const result = await engine.complete(request, new AbortController().signal);
      return { ...result, text: result.suggestion?.text };
    },
  };
}

/** Lets idle work, which waits for nothing but the clock, run to its end. */
async function idle(clock: FakeClock, ms: number) {
  clock.advance(ms);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('stet.completion.eagerness: a suggestion', () => {
  const lines = { 'x = ': { text: 'foo(bar);', unsure: { 4: { probability: 0.6, instead: 'q' } } } };

  test('cuts while typing what is not sure enough, and shows all that is asked for', async () => {
    expect((await newFile('x = █', lines).ask({ eagerness: 'quiet' })).text).toBe('foo(');
    expect((await newFile('x = █', lines).ask({ eagerness: 'eager' })).text).toBe('foo(bar);');
    const asked = await newFile('x = █', lines).ask({ eagerness: 'quiet' }, 'invoked');
    expect(asked.text).toBe('foo(bar);');
    expect(asked.suggestion?.probability).toBeCloseTo(0.6, 1);
  });

  test('says so when nothing is sure enough, and goes on once the doubt is typed away', async () => {
    const doubted = { 'x = ': { text: 'foo(bar);', unsure: { 0: { probability: 0.5, instead: 'q' } } } };
    const file = newFile('x = █', doubted);
    expect(await file.ask({ eagerness: 'quiet' })).toMatchObject({ outcome: 'unsure', text: undefined });
    file.type('f');
    const { nPasses } = file.model;
    expect(await file.ask({ eagerness: 'quiet' })).toMatchObject({ outcome: 'cached', text: 'oo(bar);' });
    expect(file.model.nPasses).toBe(nPasses);
  });

  test('asks for more after suggestions that were read and typed past', async () => {
    const threshold = { eagerness: 'balanced' } as const;
    const unsure = { 'y = ': { text: 'bar;', unsure: { 0: { probability: 0.5, instead: 'q' } } } };
    expect((await newFile('y = █', unsure).ask(threshold)).text).toBe('bar;');
    const patient = newFile('y = █', { ...unsure, 'x = ': 'foo;' });
    for (let i = 0; i < 6; i++) {
      patient.type('\nx = ');
      expect((await patient.ask(threshold)).text).toBe('foo;');
      patient.clock.advance(1000);
      patient.type('zzz');
      await patient.ask(threshold);
    }
    patient.type('\ny = ');
    expect((await patient.ask(threshold)).outcome).toBe('unsure');
  });
});

describe('quiet zones', () => {
  test.each([
    ['a comment', '// x = █', { inComments: false }, 'quiet-comment'],
    ['a string', 'y = "x = █"', { inStrings: false }, 'quiet-string'],
    ['a path', 'x = █', { disabledPaths: ['folder/*.ts'] }, 'quiet-path'],
    ['a file that says so', '// stet: off\nx = █', {}, 'quiet-marker'],
  ] as const)('%s has suggestions only when asked', async (_, marked, more, outcome) => {
    const file = newFile(marked, { 'x = ': 'foo' });
    expect((await file.ask(more)).outcome).toBe(outcome);
    expect(file.model.nPasses).toBe(0);
    expect((await file.ask(more, 'invoked')).text).toBe('foo');
    expect((await newFile(marked.replace('stet: off', ''), { 'x = ': 'foo' }).ask({})).text).toBe('foo');
  });
});

describe('stet.completion.alternatives: others to choose from', () => {
  const lines = {
    'x = ': {
      text: 'foo(bar);',
      unsure: { 0: { probability: 0.6, instead: 'z' }, 4: { probability: 0.7, instead: 'q' } },
    },
    'x = z': 'ebra();',
    'x = foo(q': 'ux);',
  };

  test('come when asked, the likeliest first, each other than the rest', async () => {
    const file = newFile('x = █', lines);
    const { text, alternatives } = await file.ask({ alternatives: 3 }, 'invoked');
    expect(text).toBe('foo(bar);');
    expect(alternatives?.map((one) => one.text)).toEqual(['zebra();', 'foo(qux);']);
    expect(new Set(alternatives?.map(({ id }) => id)).size).toBe(2);
  });

  test('do not come while typing, and an answer without them is no answer to who asks', async () => {
    const file = newFile('x = █', lines);
    expect((await file.ask({ alternatives: 3 })).alternatives).toBeUndefined();
    expect((await file.ask({ alternatives: 3 }, 'invoked')).alternatives).toHaveLength(2);
    const { nPasses } = file.model;
    expect((await file.ask({ alternatives: 3 }, 'invoked')).alternatives).toHaveLength(2);
    expect(file.model.nPasses).toBe(nPasses);
  });

  test('leave the cache true: the next answer is the same as a fresh one', async () => {
    const file = newFile('x = █', lines);
    await file.ask({ alternatives: 5 }, 'invoked');
    file.type('z');
    expect((await file.ask({ maxTokens: 63 })).text).toBe('ebra();');
  });
});

describe('answers', () => {
  test('are there at once when one comes back, without the debounce', async () => {
    const file = newFile('x = █', { 'x = ': 'foo;' });
    await file.ask();
    file.type('zz');
    await file.ask();
    file.erase(2);
    const { nPasses } = file.model;
    const again = await file.ask({ debounceMs: 1000 }); // the clock stands still: waiting would never end
    expect(again).toMatchObject({ text: 'foo;' });
    expect(file.model.nPasses).toBe(nPasses);
  });

  test('are of one language: in another, which an editor opens the document anew for, it is asked again', async () => {
    const file = newFile('x = █', { 'x = ': 'foo;' });
    await file.ask();
    const { nPasses } = file.model;
    file.engine.edit({ kind: 'close', uri });
    file.engine.edit({ kind: 'open', uri, languageId: 'python', version: 1, text: 'x = ' });
    expect((await file.ask()).outcome).toBe('generated');
    expect(file.model.nPasses).toBeGreaterThan(nPasses);
  });

  test('are looked for ahead: after an accepted suggestion the next one is there', async () => {
    const file = newFile('  x = █', { 'x = ': 'foo;', 'x = foo;\n  ': 'y = bar;' });
    expect((await file.ask({ lookAhead: true })).text).toBe('foo;');
    await idle(file.clock, 100);
    file.type('foo;');
    file.engine.accepted(1);
    const { nPasses } = file.model;
    expect((await file.ask()).outcome).toBe('empty');
    file.type('\n  ');
    expect(await file.ask()).toMatchObject({ outcome: 'cached', text: 'y = bar;' });
    expect(file.model.nPasses).toBe(nPasses);
  });

  test('stet.completion.lookAhead: they are not looked for ahead where that is off', async () => {
    const file = newFile('x = █', { 'x = ': 'foo;' });
    await file.ask({ lookAhead: false });
    const { nPasses } = file.model;
    await idle(file.clock, 1000);
    expect(file.model.nPasses).toBe(nPasses);
  });
});

describe('what is being written', () => {
  /** A model that waits before every pass until it is let on. */
  function held(marked: string, lines: Parameters<typeof newFile>[1]) {
    const file = newFile(marked, lines);
    const run = file.model.run.bind(file.model);
    const waiting: (() => void)[] = [];
    file.model.run = async (request) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return run(request);
    };
    const settle = async () => {
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    return {
      ...file,
      settle,
      /** Lets `n` passes run, or all that come. */
      async letOn(n = Infinity) {
        for (let i = 0; i < n; i++) {
          await settle();
          const next = waiting.shift();
          if (!next) return;
          next();
        }
        await settle();
      },
    };
  }

  test('is the answer of the next request when typing agrees, though the first was cancelled', async () => {
    const file = held('x = █', { 'x = ': 'foo;' });
    const first = file.ask();
    await file.letOn(1);
    file.type('f');
    const second = file.ask();
    expect((await first).outcome).toBe('stale');
    await file.letOn();
    expect(await second).toMatchObject({ outcome: 'cached', text: 'oo;' });
    expect(file.model.nRun).toBeLessThan(30); // the prompt was read once
  });

  test('is ended when typing goes another way', async () => {
    const file = held('x = █', { 'x = ': 'foofoofoofoo;', 'x = z': 'ebra;' });
    const first = file.ask();
    await file.letOn(3);
    file.type('z');
    const second = file.ask();
    expect((await first).outcome).toBe('stale');
    await file.letOn();
    expect(await second).toMatchObject({ outcome: 'generated', text: 'ebra;' });
  });

  test('is ended when it turns out to be another than what was typed', async () => {
    const file = held('x = █', { 'x = ': 'foofoofoofoo;', 'x = z': 'ebra;' });
    const first = file.ask();
    await file.settle(); // the prompt is being read: nobody knows what will be written
    file.type('z');
    const second = file.ask();
    expect((await first).outcome).toBe('stale');
    await file.letOn();
    expect(await second).toMatchObject({ outcome: 'generated', text: 'ebra;' });
    expect(file.model.nPasses).toBeLessThan(12); // the first text was not written to its end
  });

  test('goes on for a while after a cancelled request, and no longer', async () => {
    const file = held('x = █', { 'x = ': `${'ab'.repeat(30)};` });
    const abort = new AbortController();
    const asked = file.engine.complete(
      { uri, version: 1, offset: 4, trigger: 'automatic', settings },
      abort.signal,
    );
    await file.letOn(2);
    abort.abort(new Error('typed on'));
    await expect(asked).rejects.toThrow('typed on');
    await file.letOn(2);
    const { nPasses } = file.model;
    file.clock.advance(1000);
    await file.letOn();
    expect(file.model.nPasses).toBeLessThanOrEqual(nPasses + 1);
  });
});
