/** BracketScanner: what is open at a █, and which closers belong to whom. */
import { describe, expect, test } from 'vitest';
import { BracketScanner, indentOf } from './brackets.ts';
import { languageOf } from './languages.ts';
import { surroundingsOf } from './surroundings.ts';

/** The open brackets at the end of `text`, outermost first, and the region. */
function check(languageId: string, text: string, open: string, region = 'code'): void {
  const scanner = new BracketScanner(languageOf(languageId)).run(text);
  expect({ open: scanner.open.map(({ char }) => char).join(''), region: scanner.region }).toEqual({
    open,
    region,
  });
}

describe('BracketScanner', () => {
  test.each([
    ['typescript', 'f({ a: [1, 2', '({['],
    ['typescript', 'f({ a: [1, 2] })', ''],
    ['typescript', 'const s = \'(\' + "[" + `{` + /[(]/', ''],
    ['typescript', 'const a = b / c; // (\n(', '('],
    ['typescript', 'const a = x ? /\\/(/ : 1; [', '['],
    ['typescript', 'return /[/(]/.test(', '('],
    ['typescript', '/* ( */ { // [\n/** { */ (', '{('],
    ['typescript', '// (\n/( (/', ''],
    ['typescript', "it's (\n{", '{'],
    ['typescript', "'\\'(' [", '['],
    ['python', 's = """(\n"[" \' """ (', '('],
    ['python', "s = '' + ''' ( ''' [", '['],
    ['python', 'x = "" # (\n(', '('],
    ['rust', "fn f<'a>(c: char) { if c == '{' { g(", '{{('],
    ['go', 's := `(\\` + "[" {', '{'],
    ['lua', '--[[ ( ]] {', '{'],
    ['lua', '-- (\n{', '{'],
    ['shellscript', 'echo $# "(" $\u007ba#b} (', '('],
    ['html', "<!-- ( --> <p>(it's) {", '{'],
    ['json', '{"a(": [', '{['],
  ])('%s: %s', (languageId, text, open) => check(languageId, text, open));

  test('regions', () => {
    check('typescript', 'a = "b(', '', 'string');
    check('typescript', 'a = `b(\n', '', 'string');
    check('typescript', 'a = `b$\u007bc', '{');
    check('typescript', 'a = `b$\u007bc}', '', 'string');
    check('typescript', 'a = `b$\u007b`c$\u007bd}` + {}}e', '', 'string');
    check('typescript', '/** (\n * [', '', 'comment');
    check('typescript', 'a = 1; // [', '', 'comment');
    check('python', '"""(\n', '', 'string');
    check('python', '# (', '', 'comment');
  });

  test('a stray closer breaks nothing', () => {
    check('typescript', ') ] } f(', '(');
    check('typescript', '{ ( }', '');
  });

  test('a fork says which outer bracket was closed', () => {
    const outer = new BracketScanner(languageOf('typescript')).run('f(() => {\n  g([');
    const fork = outer.fork();
    const events = [...'(1)]); x }'].map((_, i, all) => fork.step(all.join(''), i));
    expect(events.map((event) => (event?.kind === 'closed-outer' ? event.depth : '-')).join('')).toBe(
      '---01----2',
    );
    expect(fork.nOuterClosed).toBe(3);
    expect(fork.nOpenedHere).toBe(0);
    expect(outer.open).toHaveLength(4);
  });

  test('tabs count to the next stop', () => {
    expect(['', '  x', '\tx', ' \tx', '\t x'].map(indentOf)).toEqual([0, 2, 4, 4, 5]);
  });
});

describe('surroundings', () => {
  /** Which open brackets, innermost first, the text after █ closes. */
  function supplies(marked: string, languageId = 'typescript'): string {
    const [textBefore = '', textAfter = ''] = marked.split('█');
    return surroundingsOf({ textBefore, textAfter, languageId }).supplies.join(' ');
  }
  test('closers after the cursor are paired from the inside out', () => {
    expect(supplies('f(█)')).toBe('on-cursor-line');
    expect(supplies('f(█')).toBe('none');
    expect(supplies('f() {\n  g(█);\n}')).toBe('on-cursor-line below');
    expect(supplies('f() {\n  g(█\n}')).toBe('none below');
    expect(supplies('f() {\n  █\n  g({});\n}\n')).toBe('below');
  });
  test('indentation says whose brace it is', () => {
    expect(supplies('class A {\n  f() {\n    █\n}')).toBe('none below');
    expect(supplies('class A {\n  f() {\n    █\n  }')).toBe('below none');
  });
  test('a syntax tree may know better than the scanner', () => {
    const place = { textBefore: "<p>don't </p>; f(", textAfter: ')', languageId: 'typescriptreact' };
    expect(surroundingsOf(place).scanner.region).toBe('string');
    expect(surroundingsOf({ ...place, region: 'code' }).scanner.region).toBe('code');
  });
  test('line breaks are those of the nearest line', () => {
    const eol = (before: string, after: string) =>
      surroundingsOf({ textBefore: before, textAfter: after, languageId: 'python' }).eol;
    expect([eol('a\r\nb', 'c\n'), eol('a\nb', '\r\n'), eol('', 'c\r\nd'), eol('', '')]).toEqual([
      '\r\n',
      '\n',
      '\r\n',
      '\n',
    ]);
  });
});
