/** Tokenizer: bytes and control tokens are exact, and what is no byte-level BPE is refused. */
import { describe, expect, test } from 'vitest';
import { EngineError } from '../base/error.ts';
import { tinyBpe } from '../testing/tiny-bpe.ts';
import { Detokenizer } from './detokenizer.ts';
import { Tokenizer } from './tokenizer.ts';

const sample =
  'function foo(bar) {\n    return bar;\n}\n\nfunction food(barn) {\n    return barn;\n}\n'.repeat(3);
const added = [{ content: '<fim_middle>' }, { content: '<|fim_prefix|>', special: false }];
const tokenizer = Tokenizer.parse(tinyBpe(sample, { added }));

function textOf(ids: Iterable<number>): string {
  return new TextDecoder().decode(Uint8Array.from([...ids].flatMap((id) => [...tokenizer.bytesOf(id)])));
}

describe('Tokenizer', () => {
  test('gives text back byte for byte, and does merge', () => {
    const text = 'function foo() {\r\n\treturn "日本 🙂 é .";\n}\n  \n';
    const ids = tokenizer.encode(text);
    expect(textOf(ids)).toBe(text);
    expect(ids.length).toBeLessThan(new TextEncoder().encode(text).length);
  });

  test('the spelling of a control token in user text is ordinary text', () => {
    const middle = tokenizer.idOf('<fim_middle>') as number;
    const prefix = tokenizer.idOf('<|fim_prefix|>') as number;
    expect(tokenizer.isSpecial(middle) && tokenizer.isSpecial(prefix)).toBe(true);
    expect(tokenizer.bytesOf(middle)).toHaveLength(0);
    const text = 'a <fim_middle> b <|fim_prefix|>';
    const ids = tokenizer.encode(text);
    expect(ids).not.toContain(middle);
    expect(ids).not.toContain(prefix);
    expect(textOf(ids)).toBe(text);
  });

  test('also when the vocabulary itself spells the control token and ignores merges', () => {
    const json = tinyBpe(sample, { preTokenizer: 'whole', added: [{ content: '<fim_middle>' }] });
    const model = json.model as { vocab: Record<string, number> };
    const id = (json.added_tokens as { id: number }[])[0]?.id as number;
    Object.assign(json, {
      model: { ...model, ignore_merges: true, vocab: { ...model.vocab, '<fim_middle>': id } },
    });
    const strict = Tokenizer.parse(json);
    expect(strict.encode('<fim_middle>')).not.toContain(id);
    expect(strict.idOf('<fim_middle>')).toBe(id);
  });

  test('added tokens of white space are text', () => {
    const spaced = Tokenizer.parse(tinyBpe('', { added: [{ content: '        ', special: false }] }));
    const ids = spaced.encode('x        y');
    expect(ids).toHaveLength(3);
    expect(spaced.bytesOf(ids[1] as number)).toHaveLength(8);
  });

  test('decomposed characters keep their bytes (no NFC), lone surrogates read as U+FFFD', () => {
    expect(textOf(tokenizer.encode('e\u0301'))).toBe('e\u0301');
    expect([...tokenizer.encode('a\ud800b')]).toEqual([...tokenizer.encode('a\ufffdb')]);
  });

  test('ids outside the vocabulary are padding', () => {
    expect(tokenizer.bytesOf(1e6)).toHaveLength(0);
    expect(tokenizer.isSpecial(1e6)).toBe(true);
    expect(tokenizer.idOf('<nothing>')).toBeUndefined();
    expect(tokenizer.encode('')).toHaveLength(0);
  });

  const bpe = tinyBpe('');
  const model = bpe.model as { vocab: Record<string, number>; merges: unknown };
  test.each([
    ['nothing', undefined],
    ['a list', []],
    ['a unigram model', { ...bpe, model: { type: 'Unigram', vocab: [] } }],
    ['a BPE that is not byte-level', { ...bpe, pre_tokenizer: { type: 'Whitespace' }, decoder: null }],
    ['a vocabulary without every byte', { ...bpe, model: { ...model, vocab: { a: 0 } } }],
    [
      'an id that no model has a row for',
      { ...bpe, model: { ...model, vocab: { ...model.vocab, farAway: 2 ** 21 } } },
    ],
    ['an added token without an id', { ...bpe, added_tokens: [{ content: '<end>' }] }],
    ['no merges', { ...bpe, model: { ...model, merges: undefined } }],
    [
      'a pre-tokenizer that drops text',
      {
        ...bpe,
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, bpe.pre_tokenizer] },
      },
    ],
    [
      'an unknown pre-tokenizer',
      { ...bpe, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Odd' }, bpe.pre_tokenizer] } },
    ],
  ])('refuses %s and names a way out', (_, json) => {
    let error: unknown;
    try {
      Tokenizer.parse(json);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).toBe('tokenizer-unsupported');
    expect((error as EngineError).message).toContain('Choose a model');
  });
});

describe('Detokenizer', () => {
  test('holds back half a character', () => {
    const bytes = Tokenizer.parse(tinyBpe('', { nMerges: 0 }));
    const stream = new Detokenizer(bytes);
    const shown = [...bytes.encode('a🙂é\ufeff')].map((id) => stream.push(id));
    expect(shown).toEqual(['a', '', '', '', '🙂', '', 'é', '', '', '\ufeff']);
    expect(stream.flush()).toBe('');
  });

  test('drops what never became a character, marks what is none', () => {
    const bytes = Tokenizer.parse(tinyBpe('', { nMerges: 0 }));
    const stream = new Detokenizer(bytes);
    const ids = bytes.encode('🙂x');
    expect([0, 1, 4].map((i) => stream.push(ids[i] as number)).join('')).toBe('\ufffdx');
    stream.push(ids[0] as number);
    expect(stream.flush()).toBe('');
    expect(stream.push(ids[4] as number)).toBe('x');
  });
});
