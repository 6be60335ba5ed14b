/** Tests of the recorder: what was typed after a question is its truth; redaction leaves no word. */

import { expect, test } from 'vitest';
import { formatSession, parseSession } from '../../../protocol/session.ts';
import { redacted } from './redact.ts';
import { SessionWriter } from './session-writer.ts';

const file = { name: 'src/secret-plan.ts', languageId: 'typescript', text: 'let a\n', isRedacted: false };

test('truth is what was typed on, corrections included, to the end of the line', () => {
  const writer = new SessionWriter(file);
  writer.ask(5, 10);
  writer.edit(5, 5, ' ', 20);
  writer.edit(6, 6, '0', 30);
  writer.edit(6, 7, '', 40);
  writer.edit(6, 6, '= 1;\nlet b', 50);
  const session = writer.finish();
  expect(session[1]).toEqual({ kind: 'complete', offset: 5, truth: ' = 1;', isJump: true, atMs: 10 });
  expect(parseSession(formatSession(session))).toEqual(session);
});

test('a question elsewhere ends the truth and is a jump', () => {
  const writer = new SessionWriter(file);
  writer.edit(5, 5, 'b', 1);
  writer.ask(6, 2);
  writer.edit(6, 6, 'c', 3);
  writer.ask(7, 4);
  writer.edit(0, 0, '// x\n', 5);
  writer.ask(5, 6);
  const questions = writer.finish().filter((event) => event.kind === 'complete');
  expect(questions.map(({ truth, isJump }) => [truth, isJump])).toEqual([
    ['c', true],
    ['', false],
    ['', true],
  ]);
});

test('redacted: no letter or digit stays, lengths and marks do', () => {
  const text = 'const Größe_1 = "käse 🧀 ²³ 日本";\r\n\tif (x) {}';
  const hidden = redacted(text);
  expect(hidden).toHaveLength(text.length);
  expect(hidden).toMatch(/^xxxxx Xxxxx_0 = "xxxx 🧀 00 xx";\r\n\txx \(x\) \{\}$/);
});

test('a redacted session names neither file nor text', () => {
  const writer = new SessionWriter({ ...file, isRedacted: true });
  writer.edit(5, 5, 'hunter2', 1);
  writer.ask(12, 2);
  const written = formatSession(writer.finish());
  expect(written).not.toMatch(/secret|plan|hunter|let a/);
  expect(JSON.parse(written.split('\n')[0] as string)).toMatchObject({ name: 'file.ts', isRedacted: true });
});
