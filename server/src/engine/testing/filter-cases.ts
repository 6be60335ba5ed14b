/** filterCases: what a model wrote at a cursor, and what of it a person wants; filters are tested and compared by them. */

// Thirteen raw outputs in which the filters of four well-known tools were measured: each shows a wrong
// edit, or loses a right one, in some tool. Two of them come in two forms.

export interface FilterCase {
  readonly name: string;
  readonly languageId: string;
  /** The document, with █ at the cursor. */
  readonly before: string;
  readonly generated: string;
  /** The document with what is to be shown in [brackets]; undefined: nothing. */
  readonly after: string | undefined;
}

type Rest = Pick<FilterCase, 'before' | 'generated' | 'after'>;
const typescript = (name: string, rest: Rest): FilterCase => ({ name, languageId: 'typescript', ...rest });
const python = (name: string, rest: Rest): FilterCase => ({ name, languageId: 'python', ...rest });

export const filterCases: readonly FilterCase[] = [
  typescript('1: a new line and then the next two lines again', {
    before: 'function f() {\n  const a = 1;█\n  const b = 2;\n  return a + b;\n}\n',
    generated: '\n  const b = 2;\n  return a + b;',
    after: undefined,
  }),
  typescript('1: a right line and then the next lines again', {
    before: 'function f() {\n  █\n  const b = 2;\n  return a + b;\n}\n',
    generated: 'const a = 1;\n  const b = 2;\n  return a + b;\n}',
    after: 'function f() {\n  [const a = 1;]\n  const b = 2;\n  return a + b;\n}\n',
  }),
  typescript('2: the closing brace that the next line has', {
    before: 'function f() {\n  █\n}\n',
    generated: 'return 1;\n}',
    after: 'function f() {\n  [return 1;]\n}\n',
  }),
  typescript('3: closers that stand behind the cursor', {
    before: 'foo(█);',
    generated: 'a, b);',
    after: 'foo([a, b]);',
  }),
  typescript('4: the same with a string', {
    before: 'foo("█");',
    generated: 'abc");',
    after: 'foo("[abc]");',
  }),
  typescript('5: a JSDoc block keeps its odd indentation', {
    before: 'class A {\n    /**█\n}\n',
    generated: '\n     * Adds x.\n     * @param x a number\n     */',
    after: 'class A {\n    /**[\n     * Adds x.\n     * @param x a number\n     */]\n}\n',
  }),
  python('6: Python indented by three', {
    before: 'def f(x):\n   █\n',
    generated: 'if x:\n      return 1\n   return 2',
    after: 'def f(x):\n   [if x:\n      return 1\n   return 2]\n',
  }),
  typescript('7: the line above once more', {
    before: 'foo(a, b);\n█\n',
    generated: 'foo(a, b);',
    after: undefined,
  }),
  typescript('8: one line eight times', {
    before: 'function f() {\n  █\n}\n',
    generated: Array(8).fill('total += x;').join('\n  '),
    after: 'function f() {\n  [total += x;]\n}\n',
  }),
  python('9: a blank line inside a Python body', {
    before: 'def f(x):\n    █\n',
    generated: 'y = x + 1\n\n    return y',
    after: 'def f(x):\n    [y = x + 1\n\n    return y]\n',
  }),
  typescript('10: one character is a suggestion', {
    before: 'const x = foo()█',
    generated: ';',
    after: 'const x = foo()[;]',
  }),
  typescript('11: the block is finished and a second call begins', {
    before: 'function f() {\n  █\n}\n',
    generated: 'go();\n}\n\nfunction g() {\n  stop();',
    after: 'function f() {\n  [go();]\n}\n',
  }),
  typescript('11: the same with a block of its own', {
    before: 'if (x) █\n',
    generated: '{\n  go();\n}\nif (y) {\n  stop();',
    after: 'if (x) [{\n  go();\n}]\n',
  }),
  typescript('12: a right line that is much like the next one', {
    before: 'const w1 = getWidget(1);\n█\nconst w3 = getWidget(3);\n',
    generated: 'const w2 = getWidget(2);',
    after: 'const w1 = getWidget(1);\n[const w2 = getWidget(2);]\nconst w3 = getWidget(3);\n',
  }),
  typescript('13: a right line that is much like the one above', {
    before: 'app.get("/usersList", (req, res) => list(res));\n█\n',
    generated: 'app.put("/usersList", (req, res) => list(res));',
    after:
      'app.get("/usersList", (req, res) => list(res));\n[app.put("/usersList", (req, res) => list(res));]\n',
  }),
];
