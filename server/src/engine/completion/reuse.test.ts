/** ShownSuggestions: text before █ and after, as the user types; ghost text is what remains. */
import { describe, expect, test } from 'vitest';
import { parseMarked, renderGhost } from '../testing/marked-text.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { ShownSuggestions } from './reuse.ts';

/** A suggestion is shown at `marked`; `replaceAfter` characters after the cursor belong to it. */
function show(marked: string, suggested: string, replaceAfter = 0) {
  const shown = new ShownSuggestions();
  const { text, offset } = parseMarked(marked);
  const suggestion = { id: 1, text: suggested, start: offset, endExclusive: offset + replaceAfter };
  shown.remember(suggestion, new DocumentSnapshot('file:///a', 'typescript', 1, text), offset);
  let version = 1;
  return {
    shown,
    /** What is on screen once the document looks like `next`. */
    now(next: string, expected: string | undefined) {
      const document = parseMarked(next);
      const snapshot = new DocumentSnapshot('file:///a', 'typescript', ++version, document.text);
      const found = shown.match(snapshot, document.offset);
      expect(found && renderGhost(document.text, found)).toBe(expected);
      return this;
    },
  };
}

describe('ShownSuggestions', () => {
  test('typing along, deleting and typing again', () => {
    show('a = █;\n', 'foo(bar)')
      .now('a = █;\n', 'a = [foo(bar)];\n')
      .now('a = f█;\n', 'a = f[oo(bar)];\n')
      .now('a = foo(b█;\n', 'a = foo(b[ar)];\n')
      .now('a = f█;\n', 'a = f[oo(bar)];\n')
      .now('a = █;\n', 'a = [foo(bar)];\n')
      .now('a = foo(bar█;\n', 'a = foo(bar[)];\n')
      .now('a = foo(bar)█;\n', undefined);
  });
  test('brackets and quotes that the editor closes by itself', () => {
    show('a = █;\n', 'foo("x", [1])')
      .now('a = foo(█);\n', 'a = foo(["x", [1]]);\n')
      .now('a = foo("█");\n', 'a = foo("[x]"[, [1]]);\n')
      .now('a = foo("x", [█]);\n', 'a = foo("x", [[1]]);\n');
    show('if (a) {█}\n', '\n  b();\n').now('if (a) {\n  █\n}\n', 'if (a) {\n  [b();]\n}\n');
    show('f█', '()').now('f(█x)', undefined);
  });
  test('closers that Enter put on a line of their own stay: what is drawn replaces nothing beyond its line', () => {
    const at = (marked: string, suggested: string, next: string, replaceAfter = 0) => {
      const { text, offset } = parseMarked(next);
      const snapshot = new DocumentSnapshot('file:///a', 'typescript', 9, text);
      const found = show(marked, suggested, replaceAfter).shown.match(snapshot, offset);
      return found && [found.text, text.slice(found.start, found.endExclusive)];
    };
    expect(at('if (a) {█}\n', '\n  b();\n', 'if (a) {\n  █\n}\n')).toEqual(['b();', '']);
    expect(at('if (a) {█}\r\n', '\r\n  b();\r\n', 'if (a) {\r\n  █\r\n}\r\n')).toEqual(['b();', '']);
    expect(at('f(() => {█})\n', '\n  b();\n})', 'f(() => {\n  █\n})\n', 2)).toEqual(['b();', '']);
    expect(at('  g({█})\n', '\n    b,\n  ', '  g({\n    █\n})\n')).toBeUndefined(); // indented otherwise
    expect(at('a = █;\n', 'foo("x")', 'a = foo("█");\n')).toEqual(['x")', '")']); // within the line
  });
  test('a suggestion that replaces the closers after the cursor', () => {
    show('foo(█);', 'a).then(b)', 1)
      .now('foo(a█);', 'foo(a)[.then(b)];')
      .now('foo(a)█;', 'foo(a)[.then(b)];');
  });
  test('line breaks and indentation that the editor inserts', () => {
    show('if (a) {█\n', '\r\n  b();\r\n}').now('if (a) {\r\n  █\n', 'if (a) {\r\n  [b();\r\n}]\n');
  });
  test('anything else ends it', () => {
    const at = () => show('a = █;\nb\n', 'foo');
    at().now('a = x█;\nb\n', undefined);
    at().now('a = F█;\nb\n', undefined);
    at().now('a =█;\nb\n', undefined);
    at().now('a = █;\nbc\n', undefined);
    at().now('aa = f█;\nb\n', undefined);
    at().now('a = f;█\nb\n', undefined);
    at().now('█a = f;\nb\n', undefined);
    at().now('a = █f;\nb\n', undefined);
  });
  test('undo brings it back', () => {
    show('a = █;', 'foo').now('a = x█;', undefined).now('a = █;', 'a = [foo];');
  });
  test('each document has its own, and it can be cleared', () => {
    const { shown } = show('█', 'foo');
    const other = new DocumentSnapshot('file:///b', 'typescript', 1, '');
    expect(shown.match(other, 0)).toBeUndefined();
    shown.remember({ id: 2, text: 'bar', start: 0, endExclusive: 0 }, other, 0);
    const first = new DocumentSnapshot('file:///a', 'typescript', 1, '');
    expect([shown.match(first, 0)?.text, shown.match(other, 0)?.text]).toEqual(['foo', 'bar']);
    shown.clear('file:///b');
    expect([shown.match(first, 0)?.text, shown.match(other, 0)?.text]).toEqual(['foo', undefined]);
    shown.clear();
    expect(shown.match(first, 0)).toBeUndefined();
  });
  test('matches in a long file', () => {
    const line = 'const value = compute(1, 2, 3);\n';
    const long = line.repeat(10_000);
    const { shown } = show(`${long}█${long}`, 'foo');
    const next = new DocumentSnapshot('file:///a', 'typescript', 2, `${long}f${long}`);
    shown.match(next, long.length + 1);
    expect(shown.match(next, long.length + 1)?.text).toBe('oo');
  });
});
