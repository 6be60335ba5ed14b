/** Canary: what stands in a file that holds secrets reaches neither the model nor a suggestion, wherever it is open. */

// A network that holds every token for equally likely says whatever the open documents say, so a text
// that may be read is suggested for sure. What the model is given is recorded, guesses ahead included.

import { expect, test } from 'vitest';
import { createEngine } from '../engine.ts';
import type { ForwardRequest } from '../model/backend.ts';
import { parseModelMetadata } from '../model/metadata.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { tinyModel } from '../testing/tiny-model.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';

const canary = 'xyzzycanary';
const secretLine = `const databasePassword = '${canary}';\n`;
const begun = 'const databasePassword = ';
const uri = 'file:///w/main.ts';

const { tokenizerJson } = tinyModel();
const tokenizer = Tokenizer.parse(tokenizerJson);

/** Says nothing of its own, and remembers all that it was given. */
class UnsureModel extends ScriptedModel {
  readonly given: number[] = [];

  constructor() {
    super(() => 0, tokenizer.nVocab);
  }

  override async run(request: ForwardRequest): Promise<Float32Array> {
    this.given.push(...Array.from(request.tokens));
    return (await super.run(request)).fill(0);
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.given.flatMap((id) => [...tokenizer.bytesOf(id)])));
  }
}

/** What is suggested behind `begun`, and what the model was given, while another document is open too. */
async function askBeside(other: string, languageId = 'typescript') {
  const model = new UnsureModel();
  const metadata = parseModelMetadata(
    {
      name: 'stet-7m', // the only one that open documents are mixed into
      version: '1',
      fim: { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>', order: 'spm' },
      endTokens: ['<|endoftext|>'],
      fileToken: '<|file_sep|>',
      contextTokens: 400,
    },
    tokenizerJson,
  );
  const engine = createEngine(
    { name: 'stet-7m', metadata, tokenizer, forward: model, cacheMemoryMb: 10 },
    { clock: new FakeClock(), tracer: () => {} },
  );
  engine.edit({ kind: 'open', uri: other, languageId, version: 1, text: secretLine });
  engine.edit({ kind: 'open', uri, languageId: 'typescript', version: 1, text: begun });
  const settings = {
    maxLines: 2,
    maxTokens: 24,
    contextTokens: 0,
    debounceMs: 0,
    maxFileSizeKb: 100,
    editReuse: true,
  };
  const ask = (where: string, offset: number) =>
    engine.complete(
      { uri: where, version: 1, offset, trigger: 'invoked', settings },
      new AbortController().signal,
    );
  const { suggestion } = await ask(uri, begun.length);
  const there = await ask(other, secretLine.length);
  await engine.dispose();
  return { suggested: suggestion?.text ?? '', given: model.text, there: there.outcome };
}

test('a file that holds no secrets is read: else the tests below could not fail', async () => {
  const { suggested, given, there } = await askBeside('file:///w/other.ts');
  expect(suggested).toContain(canary);
  expect(given).toContain(canary);
  expect(there).not.toBe('secret');
});

test.each(['secrets.ts', 'credentials.ts', '.env', '.env.ts', 'production.env', 'id_rsa.ts', 'tls.key'])(
  '%s is not, neither there nor anywhere else',
  async (name) => {
    const { suggested, given, there } = await askBeside(`file:///w/${name}`);
    expect(there).toBe('secret');
    expect(suggested).not.toContain(canary);
    expect(given).not.toContain(canary);
  },
);

test('what is written in one language reaches no other', async () => {
  const { suggested } = await askBeside('file:///w/notes.md', 'markdown');
  expect(suggested).not.toContain(canary);
});
