/** Stopping: where a generation ends, written as marked text; the same however it comes in chunks. */
import { describe, expect, test } from 'vitest';
import { parseMarked } from '../testing/marked-text.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { repeatedLine, repeatedPhrase } from './repetition.ts';
import { createStopper, type StopReason } from './stopping.ts';

type Extra = { languageId?: string; maxLines?: number };

/** Feeds `generated` one character at a time: what is kept is `kept`, for the reason `stop`. */
function check(
  before: string,
  generated: string,
  kept: string,
  stop: StopReason | undefined,
  extra: Extra = {},
): void {
  const { before: textBefore, after: textAfter } = parseMarked(before);
  const options = { languageId: 'typescript', maxLines: 20, ...extra, textBefore, textAfter };
  const run = (chunks: Iterable<string>) => {
    const stopper = createStopper(options);
    for (const chunk of chunks) {
      const state = stopper.push(chunk);
      if (state.stop) return { kept: generated.slice(0, state.keep), stop: state.stop };
    }
    return { kept: generated, stop: undefined };
  };
  expect(run(generated)).toEqual({ kept, stop });
  const random = seededRandom(generated.length);
  for (let i = 0; i < 5; i++) {
    const chunks: string[] = [];
    for (let at = 0; at < generated.length; ) {
      const size = 1 + Math.floor(random() * 6);
      chunks.push(generated.slice(at, at + size));
      at += size;
    }
    const inChunks = run(chunks);
    // A chunk may write past the rest of the line; only that decision waits for a chunk's end.
    if (stop !== 'suffix-reached') expect(inChunks).toEqual({ kept, stop });
  }
}

const python = { languageId: 'python' };

describe('one line or more', () => {
  test('a line that opens nothing is one line', () => {
    check('const x = █\n', 'a + b;\nnext();', 'a + b;', 'line-end');
    check('const x = █\n', 'a + b;', 'a + b;', undefined);
    check('const x = █', 'a;\r\nb;', 'a;', 'line-end');
    check('foo();█\n', '\nbar();\n', '', 'line-end');
    check('const x: █\n', 'number = 1;\ny();', 'number = 1;', 'line-end');
    check('x: █\n', 'int = 1\ny()', 'int = 1', 'line-end', python);
    check('// see: (█\n', 'above)\nfoo();', 'above)', 'line-end');
    check('█foo();\n', 'await \nx', 'await ', 'line-end');
  });
  test.each(['function f() {', 'foo(', 'x = [', 'const f = () =>', '  case 1:'])(
    '%s opens a block',
    (line) => {
      check(`${line}█\n`, '\n    a\n    b', '\n    a\n    b', undefined);
    },
  );
  test.each(['def f():', 'if x:  # why', 'else:', 'async with a as b:', 'for x in y:'])(
    '%s opens a block in Python',
    (line) => {
      check(`${line}█\n`, '\n    a\n    b', '\n    a\n    b', undefined, python);
    },
  );
  test('a generated line that opens a block goes on', () => {
    check('const f = █\n', '() => {\n  a();\n};\nb();', '() => {\n  a();\n};', 'block-closed');
    check('foo(█\n', 'a,\n  b\n);\nc();', 'a,\n  b\n);', 'block-closed');
    check('if x█\n', ':\n    a()\nb()\n', ':\n    a()', 'block-closed', python);
  });
  test('line limit', () => {
    check('█\n', 'a();\nb();\nc();\nd();', 'a();\nb();', 'line-limit', { maxLines: 2 });
  });
});

describe('block closed', () => {
  test('by a bracket that the text below supplies', () => {
    check('f() {\n  █\n}\n', 'a();\n}', 'a();', 'block-closed');
    check('f() {\n  g(() => {\n    █\n  });\n}', 'a();\n  });\n}', 'a();', 'block-closed');
  });
  test('by a bracket that nothing supplies: its line is finished', () => {
    check('f(() => {\n  █\n', 'a();\n});\nb();', 'a();\n});', 'block-closed');
    check('class A {\n  f() {\n    █\n}', 'a();\n  }\n\n  g() {', 'a();\n  }', 'block-closed');
  });
  test('by a dedent', () => {
    check('def f():\n    █\n', 'a()\n    b()\nc()', 'a()\n    b()', 'block-closed', python);
    check(
      'switch (x) {\n  case 1:\n    █\n}',
      'a();\n    break;\n  case 2:',
      'a();\n    break;',
      'block-closed',
    );
  });
  test('not inside brackets or long strings of its own', () => {
    check(
      'def f():\n    █\n',
      'x = [\n  1,\n]\n    s = """\nlow\n"""\n    y()',
      'x = [\n  1,\n]\n    s = """\nlow\n"""\n    y()',
      undefined,
      python,
    );
  });
  test('at the top level by the next statement', () => {
    check('█\n', 'function f() {\n  a();\n}\nfunction g() {', 'function f() {\n  a();\n}', 'block-closed');
    check('█\n', 'import a\nimport b\n\nx = 1\n', 'import a\nimport b', 'block-closed', python);
    check(
      '█\n',
      'if a:\n    b()\nelse:\n    c()\nd()\n',
      'if a:\n    b()\nelse:\n    c()',
      'block-closed',
      python,
    );
  });
  test('by a third blank line', () => {
    check('def f():\n    █\n', 'a()\n\n\n\n    b()', 'a()', 'block-closed', python);
  });
  test('a comment block by its end', () => {
    check('/**█\n', '\n * Adds.\n */\nfunction f() {', '\n * Adds.\n */', 'block-closed');
  });
});

describe('suffix reached', () => {
  test('on the line', () => {
    check('foo(█);', 'a, b);', 'a, b);', 'suffix-reached');
    check("foo('█');", "a');", "a');", 'suffix-reached');
  });
  test('below', () => {
    check('f() {\n  █\n  return total;\n}', 'a();\n  return total;\n}', 'a();', 'suffix-reached');
    check('f() {\n  █\n  return total;\n}', 'return total;\n}', '', 'suffix-reached');
  });
});

describe('repetition', () => {
  test('of a line, of lines, of a phrase', () => {
    check('f() {\n  █\n', 'go(1);\n  x();\n  x();\n  x();\n', 'go(1);\n  x();\n  x();\n  x();\n', undefined);
    check('f() {\n  █\n', 'go(1);\n  total += x;\n  total += x;\n', 'go(1);\n  total += x;', 'repetition');
    check('f() {\n  █\n', 'aaa();\n  bbb();\n  aaa();\n  bbb();\n  ccc();', 'aaa();\n  bbb();', 'repetition');
    const { stop } = createStopper({
      textBefore: 'x = ',
      textAfter: '',
      languageId: 'typescript',
      maxLines: 9,
    }).push('fooBar(baz, '.repeat(9));
    expect(stop).toBe('repetition');
  });
  test('lines: what says little may come again', () => {
    expect(repeatedLine(['}', '}', '}'])).toBeUndefined();
    expect(repeatedLine(['', '', ''])).toBeUndefined();
    expect(repeatedLine(['foo', 'bar', 'foo'])).toBeUndefined();
    expect(repeatedLine(['a1', 'foo', 'foo'])).toBe(2);
    expect(repeatedLine(['foo', 'bar', 'foo', 'bar'])).toBe(2);
    expect(repeatedLine(['[', ...Array(3).fill('0.50,')])).toBeUndefined();
    expect(repeatedLine(['[', ...Array(4).fill('0.50,')])).toBe(2);
  });
  test('phrases: a third time is a loop, zeros and dashes are not', () => {
    expect(repeatedPhrase('fooo barr fooo barr ')).toBeUndefined();
    expect(repeatedPhrase('x: fooo barr fooo barr fooo barr ')).toBe(12);
    expect(repeatedPhrase(`[${'0, '.repeat(20)}`)).toBeUndefined();
    expect(repeatedPhrase('-'.repeat(80))).toBeUndefined();
    expect(repeatedPhrase('0, '.repeat(60))).toBe(3);
  });
});
