/** Lines of an accepted text: shifted by imports above it, and what of a formatter's edits keeps to them. */

import { expect, test } from 'vitest';
import { isWithin, linesAfter, type Span } from './accepted-lines.ts';

const span = (line: number, character: number, endLine = line, endCharacter = character): Span => ({
  start: { line, character },
  end: { line: endLine, character: endCharacter },
});

test('lines move with what is added and removed above, and with nothing else', () => {
  const accepted = span(5, 4, 7, 1);
  const after = (...edits: (readonly [Span, string])[]) =>
    linesAfter(
      accepted,
      edits.map(([range, newText]) => ({ range, newText })),
    );
  expect(after()).toEqual({ first: 5, last: 7 });
  expect(after([span(0, 0), "import { a } from './a';\r\n\r\n"])).toEqual({ first: 7, last: 9 });
  expect(after([span(0, 9), ', a'])).toEqual({ first: 5, last: 7 });
  expect(after([span(0, 0, 3, 0), '{ a }\n'], [span(4, 0), 'x\n'])).toEqual({ first: 4, last: 6 });
  expect(after([span(5, 4), 'above\n'])).toEqual({ first: 6, last: 8 });
  expect(after([span(7, 1), 'below\n'], [span(9, 0), '\n'])).toEqual({ first: 5, last: 7 });
});

test('stet.completion.formatOnAccept: edits that leave the accepted lines are told from those that do not', () => {
  const lines = { first: 2, last: 3 };
  const within = (...ranges: Span[]) =>
    isWithin(
      lines,
      ranges.map((range) => ({ range })),
    );
  expect(within()).toBe(true);
  expect(within(span(2, 0, 3, 80), span(3, 0))).toBe(true);
  expect(within(span(2, 0), span(1, 9, 2, 0))).toBe(false);
  expect(within(span(3, 5, 4, 0))).toBe(false);
});
