/** Tests of from-lsp and to-lsp: positions and offsets agree exactly in UTF-16, whatever the text. */

import { expect, test } from 'vitest';
import { type InlineCompletionParams, InlineCompletionTriggerKind } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { defaultSettings, type Setting, settingsTable } from '../../../protocol/settings.ts';
import { toCompletionRequest } from './from-lsp.ts';
import { toInlineCompletionItem } from './to-lsp.ts';

/** The document of `marked` without its cursor `█`, and a request there. */
function at(marked: string, context: Partial<InlineCompletionParams['context']> = {}) {
  const offset = marked.indexOf('█');
  const document = TextDocument.create('file:///a.ts', 'typescript', 3, marked.replace('█', ''));
  const params: InlineCompletionParams = {
    textDocument: { uri: document.uri },
    position: document.positionAt(offset),
    context: { triggerKind: InlineCompletionTriggerKind.Automatic, ...context },
  };
  return { offset, document, params, request: toCompletionRequest(params, document, defaultSettings()) };
}

test.each([
  ['CRLF', 'const a = 1;\r\nconst b█ = 2;\r\n'],
  ['lone CR', 'a\rb█\rc'],
  ['emoji', 'const 👩‍💻 = "😀█";'],
  ['a lone surrogate', 'x = "\ud83d█";'],
  ['tabs', '\t\tif (x) {\n\t\t\t█\n\t\t}'],
  ['an empty file', '█'],
  ['the end', 'a\n█'],
])('%s: the cursor comes out where it was', (_, marked) => {
  const { offset, request } = at(marked);
  expect(request.offset).toBe(offset);
});

test('a cursor inside a surrogate pair is passed on for the engine to refuse', () => {
  expect(at('"\ud83d█\ude00"').request.offset).toBe(2);
});

test('a position past the line means the line end, past the text the text end', () => {
  const { document, params } = at('█ab\r\ncd');
  const offsetOf = (line: number, character: number) =>
    toCompletionRequest({ ...params, position: { line, character } }, document, defaultSettings()).offset;
  expect(offsetOf(0, 50)).toBe(2);
  expect(offsetOf(50, 0)).toBe(6);
});

test('trigger, version, selection and settings arrive', () => {
  const { request } = at('foo.ba█', {
    triggerKind: InlineCompletionTriggerKind.Invoked,
    selectedCompletionInfo: {
      range: { start: { line: 0, character: 4 }, end: { line: 0, character: 6 } },
      text: 'bar',
    },
  });
  expect(request).toMatchObject({
    uri: 'file:///a.ts',
    version: 3,
    trigger: 'invoked',
    selected: { start: 4, endExclusive: 6, text: 'bar' },
    settings: { maxLines: 8, maxTokens: 64, contextTokens: 0, debounceMs: 30, maxFileSizeKb: 2048 },
  });
});

test('every setting of completion reaches the engine under its own name', () => {
  const { document, params } = at('a█');
  // Where it is not the engine that heeds it.
  const elsewhere = /^(relatedFiles|autoImport|formatOnAccept|backend|remote\w+)$/;
  for (const [key, setting] of Object.entries<Setting>(settingsTable)) {
    const [, name] = /^completion\.(\w+)$/.exec(key) ?? [];
    if (name === undefined || elsewhere.test(name)) continue;
    const other =
      setting.type === 'boolean'
        ? !setting.default
        : setting.type === 'number'
          ? setting.maximum - 1
          : setting.type === 'string' && setting.enum?.find((value) => value !== setting.default);
    const settings = { ...defaultSettings(), [key]: other };
    expect(toCompletionRequest(params, document, settings).settings, key).toHaveProperty(name, other);
  }
});

test('a client that sends no context asks automatically', () => {
  const { document, params } = at('a█');
  const request = toCompletionRequest(
    { ...params, context: undefined as never },
    document,
    defaultSettings(),
  );
  expect(request.trigger).toBe('automatic');
  expect(request).not.toHaveProperty('selected');
});

test.each(['a\r\nfoo(█)\r\n', '😀(█)', 'foo(█)'])(
  'an item of %j covers what the suggestion replaces',
  (marked) => {
    const { document, offset } = at(marked);
    const item = toInlineCompletionItem(
      { id: 9, text: 'x)', start: offset, endExclusive: offset + 1 },
      document,
    );
    const text = document.getText();
    expect(
      TextDocument.applyEdits(document, [{ range: item.range!, newText: item.insertText as string }]),
    ).toBe(`${text.slice(0, offset)}x)${text.slice(offset + 1)}`);
    expect(item.command).toMatchObject({ command: 'stet.accepted', arguments: [9, 'x)'] });
  },
);
