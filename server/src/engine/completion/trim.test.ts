/** trim: every case as marked text. */
import { describe, expect, test } from 'vitest';
import { filterCases } from '../testing/filter-cases.ts';
import { parseMarked, renderGhost } from '../testing/marked-text.ts';
import { type TrimInput, trim } from './trim.ts';

type Extra = { languageId?: string; isCutOff?: boolean };

/** `before` has the cursor, `generated` is the model's answer, `after` shows the ghost text; undefined for none. */
function check(before: string, generated: string, after: string | undefined, extra: Extra = {}): void {
  const { text, offset, before: textBefore, after: textAfter } = parseMarked(before);
  const input: TrimInput = { languageId: 'typescript', ...extra, textBefore, textAfter, generated };
  const trimmed = trim(input);
  const shown =
    trimmed &&
    renderGhost(text, { text: trimmed.text, start: offset, endExclusive: offset + trimmed.replaceAfter });
  expect(shown).toBe(after);
}

const python = { languageId: 'python' };

test.each(filterCases)('case $name', ({ before, generated, after, languageId }) => {
  check(before, generated, after, { languageId });
});

describe('what follows the cursor on its line', () => {
  test.each([
    ['foo(█)', 'bar()', 'foo([bar()])'],
    ['foo(█)', 'bar(a))', 'foo([bar(a)])'],
    ['foo(█)', 'a).then(b)', 'foo([a])[.then(b)]'],
    ['foo(█);', 'a).then(b);', 'foo([a])[.then(b)];'],
    ['foo(█, b);', 'a, b);', 'foo([a], b);'],
    ['if (█) {\n}', 'x === 1) {', 'if ([x === 1]) {\n}'],
    ['if (█) {\n}', 'x) {\n  go();\n}', 'if ([x]) {\n}'],
    ['const x = █;', '1;', 'const x = [1];'],
    ['const x = █;', '1;\nconst y = 2;', 'const x = [1];'],
    ['const x = [█];', '1, 2];', 'const x = [[1, 2]];'],
    ['const x = `a$\u007b█}b`;', 'y}b`;', 'const x = `a$\u007b[y]}b`;'],
    ['const x = { a: █ };', '1 };', 'const x = { a: [1] };'],
    ["f('█')", "it\\'s')", "f('[it\\'s]')"],
    ['f(█)', ')', undefined],
    ['const s = "█";', '";', undefined],
    ['x = █ + c;', 'a * b + c;', 'x = [a * b] + c;'],
    ['x = █ + c;', 'a * b', 'x = [a * b] + c;'],
    ['call(█)', '() => {\n  go();\n})', 'call([() => {\n  go();\n}])'],
    ['call(function () {█});', '\n  go();\n});', 'call(function () {[\n  go();\n]});'],
    ['  if (x) {█}', '\n    go();\n  }', '  if (x) {[\n    go();\n  ]}'],
    ['  if (x) {█}', '\n    go();', '  if (x) {[\n    go();\n  ]}'],
    ['foo(a, █', 'b);', 'foo(a, [b);]'],
  ])('%s ← %s', (before, generated, after) => check(before, generated, after));
});

describe('what follows below', () => {
  test('an unclosed inner block gets its brace, the outer one keeps its own', () => {
    check(
      'class A {\n  f() {\n    █\n}\n',
      'return 1;\n  }\n}',
      'class A {\n  f() {\n    [return 1;\n  }]\n}\n',
    );
  });
  test('a whole suggestion that is there already', () => {
    check('f() {\n  █\n  return 1;\n}', 'return 1;', undefined);
    check('f() {\n  █\n  return 1;\n}', 'return 1;\n}', undefined);
    check('x = [\n  1,\n█\n]\n', ']', undefined);
  });
  test('several lines that repeat what is below, also when the user began the first', () => {
    check('for (const █\nfor (const a of b) {\n  go(a);\n}\n', 'a of b) {\n  go(a);\n}', undefined);
    check('go(█\ngo(1);\n', '1);', 'go([1);]\ngo(1);\n'); // one line may be meant
  });
  test('duplicates at another indentation', () => {
    check(
      'if (a) {\n    █\n  go(1);\n  go(2);\n}',
      'x();\n    go(1);\n    go(2);',
      'if (a) {\n    [x();]\n  go(1);\n  go(2);\n}',
    );
  });
  test('a keyword closes', () => {
    check('def f\n  █\nend\n', 'x = 1\nend', 'def f\n  [x = 1]\nend\n', { languageId: 'ruby' });
    check('def f\n  █\n\nputs 1\n', 'x = 1\nend\nputs 2', 'def f\n  [x = 1\nend]\n\nputs 1\n', {
      languageId: 'ruby',
    });
    check('if a; then\n  █\n', 'b\nfi\nc', 'if a; then\n  [b\nfi]\n', { languageId: 'shellscript' });
  });
  test('else after a supplied brace is not ours', () => {
    check('if (a) {\n  █\n}\n', 'b();\n} else {\n  c();\n}', 'if (a) {\n  [b();]\n}\n');
  });
  test('else of an unclosed block is', () => {
    check('if (a) {\n  █\n', 'b();\n} else {\n  c();\n}', 'if (a) {\n  [b();\n} else {\n  c();\n}]\n');
  });
  test('a following line in the middle is kept when more differs', () => {
    check('█\nreturn x;\n', 'if (a) {\n  b();\n}', '[if (a) {\n  b();\n}]\nreturn x;\n');
  });
});

describe('blocks', () => {
  test('Python: a dedent ends it', () => {
    check(
      'class A:\n    def f(self):\n        █\n',
      'return 1\n\n    def g(self):\n        pass',
      'class A:\n    def f(self):\n        [return 1]\n',
      python,
    );
    check('def f():█\n', '\n    return 1\n\ndef g():\n    pass', 'def f():[\n    return 1]\n', python);
    check('def f█\n', '(x):\n    return x\nprint(1)', 'def f[(x):\n    return x]\n', python);
  });
  test('Python: else belongs to the if that is being written', () => {
    check(
      'def f(x):\n    █\n',
      'if x:\n        a()\n    else:\n        b()',
      'def f(x):\n    [if x:\n        a()\n    else:\n        b()]\n',
      python,
    );
    check('█\n', 'if x:\n    a()\nelse:\n    b()\nc()', '[if x:\n    a()\nelse:\n    b()]\n', python);
  });
  test('one line stays one line', () => {
    check('const x = █\n', '1;\nconst y = 2;\nconst z = 3;', 'const x = [1;]\n');
    check('  return a█\n', ' + b;\n}\n', '  return a[ + b;]\n');
    check('foo();█\n', '\nbar();', undefined);
  });
  test('a line that opens a block brings it along', () => {
    check('const f = █\n', '(a) => {\n  return a;\n};\nf(1);', 'const f = [(a) => {\n  return a;\n};]\n');
  });
  test('brackets in strings and comments do not count', () => {
    check('f() {\n  █\n}', 'log("}"); // }\n  x();\n}', 'f() {\n  [log("}"); // }\n  x();]\n}');
    check('f() {\n  █\n}', 'if (/[}]/.test(s)) x();\n}', 'f() {\n  [if (/[}]/.test(s)) x();]\n}');
  });
  test('a comment ends with its line', () => {
    check('// adds █\nadd();\n', 'two numbers\nfunction f() {}', '// adds [two numbers]\nadd();\n');
  });
});

describe('form', () => {
  test('CRLF documents get CRLF', () => {
    check('f() {\r\n  █\r\n}\r\n', 'a();\n  b();\n}', 'f() {\r\n  [a();\r\n  b();]\r\n}\r\n');
    check('f() {\n  █\n}\n', 'a();\r\n  b();\r\n}', 'f() {\n  [a();\n  b();]\n}\n');
  });
  test('white space alone is no suggestion, and none is left at the end', () => {
    check('█\n', '  \n  ', undefined);
    check('x = █\n', '1  \n', 'x = [1]\n');
    check('█', '', undefined);
  });
  test('leading space and tabs stay as they are', () => {
    check('if x:\n\t█', 'a = 1\n\tb = 2', 'if x:\n\t[a = 1\n\tb = 2]', python);
    check('return█', ' 1;', 'return[ 1;]');
  });
  test('half a character ends it', () => {
    check('x = "█"', 'a\ufffdb', 'x = "[a]"');
    check('█', '\ufffd', undefined);
  });
  test('half a statement after whole ones is dropped, half a line alone is kept', () => {
    const cut = { isCutOff: true };
    check('f() {\n  █\n}', 'a();\n  b();\n  if (c', 'f() {\n  [a();\n  b();]\n}', cut);
    check('f() {\n  █\n}', 'a();\n  if (c) {\n    d();', 'f() {\n  [a();]\n}', cut);
    check('f() {\n  █\n}', 'alpha(be', 'f() {\n  [alpha(be]\n}', cut);
    check('def f():\n    █\n', 'a()\n    if b:\n', 'def f():\n    [a()]\n', { ...python, ...cut });
  });
  test('lines of signs may repeat', () => {
    check(
      'x = {\n  a: {\n    b: {\n      █\n',
      'c: 1\n    }\n  }\n}',
      'x = {\n  a: {\n    b: {\n      [c: 1\n    }\n  }\n}]\n',
    );
  });
  test('the user may type a line again on purpose', () => {
    check('foo(1);\nfo█\n', 'o(1);', 'foo(1);\nfo[o(1);]\n');
    check('  }\n█\n', '}', '  }\n[}]\n');
  });
  test('unknown languages work', () => {
    check('f() {\n  █\n}', 'a();\n}', 'f() {\n  [a();]\n}', { languageId: 'klingon' });
  });
});
