/** trim on generated code: whatever the model repeats is cut off at every indentation, and no valid line with it. */

import { expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { trim } from './trim.ts';

const nPerStyle = 2000;

/** Lines of a suggestion: more than the settings' default. */
const maxWanted = 12;

const styles = [
  ['two spaces', '  ', '\n'],
  ['three spaces', '   ', '\n'],
  ['four spaces', '    ', '\n'],
  ['eight spaces', '        ', '\n'],
  ['tabs', '\t', '\n'],
  ['four spaces and CR LF', '    ', '\r\n'],
  ['tabs and CR LF', '\t', '\r\n'],
] as const;

/** Code with names that come once, so that whatever is there twice is a duplicate. */
class Writer {
  private nNames = 0;
  constructor(
    private readonly random: () => number,
    private readonly unit: string,
    private readonly isPython: boolean,
  ) {}

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  name(): string {
    return `${['load', 'store', 'item', 'total', 'next'][this.below(5)]}${++this.nNames}`;
  }

  /** A statement on one line. */
  statement(): string {
    const end = this.isPython ? '' : ';';
    const kinds = [
      () => `${this.name()}(${this.name()}, ${this.name()})${end}`,
      () => `${this.isPython ? '' : 'const '}${this.name()} = ${this.name()}.${this.name()}${end}`,
      () => `${this.name()}[${this.below(9)}] = "${this.name()}"${end}`,
      () => `${this.name()} += ${this.below(100)} * ${this.name()}${end}`,
    ];
    return (kinds[this.below(kinds.length)] as () => string)();
  }

  /** One to four statements, one of which may be a block, as lines at `depth`. */
  lines(depth: number, n = 1 + this.below(4)): string[] {
    return Array.from({ length: n }, () => {
      if (depth > 3 || this.random() > 0.25) return [this.unit.repeat(depth) + this.statement()];
      const indent = this.unit.repeat(depth);
      const inner = this.lines(depth + 1, 1 + this.below(2));
      const open = this.isPython ? `${indent}if ${this.name()}:` : `${indent}if (${this.name()}) {`;
      return this.isPython ? [open, ...inner] : [open, ...inner, `${indent}}`];
    }).flat();
  }
}

/** What a model adds to the lines that it was to write; the cursor stands at their first one's indentation. */
type Excess = (parts: {
  wanted: readonly string[];
  above: readonly string[];
  below: readonly string[];
}) => readonly string[];

const excesses: readonly (readonly [string, Excess])[] = [
  ['the next line', ({ below }) => below.slice(0, 1)],
  ['the next lines', ({ below }) => below.slice(0, 3)],
  ['all lines below, and the closing of the block', ({ below }) => below],
  ['its own lines again', ({ wanted }) => wanted],
  ['its own lines again and again', ({ wanted }) => [...wanted, ...wanted, ...wanted]],
  ['nothing', () => []],
];

test.each(styles)('with %s nothing is shown twice and nothing valid is dropped', (_, unit, eol) => {
  const random = seededRandom(41);
  const wrong: string[] = [];
  for (let round = 0; round < nPerStyle; round++) {
    const isPython = round % 2 === 1;
    const write = new Writer(random, unit, isPython);
    const depth = 1 + write.below(3);
    const indent = unit.repeat(depth);
    const heads = Array.from({ length: depth }, (_unused, i) =>
      isPython ? `${unit.repeat(i)}while ${write.name()}:` : `${unit.repeat(i)}while (${write.name()}) {`,
    );
    const above = write.lines(depth);
    let wanted = write.lines(depth);
    while (wanted.length > maxWanted) wanted = write.lines(depth);
    const below = write.lines(depth);
    const closers = isPython ? [] : heads.map((_unused, i) => `${unit.repeat(depth - 1 - i)}}`);
    const [what, excess] = excesses[round % excesses.length] as (typeof excesses)[number];
    const after = [...below, ...closers];
    const written = [...wanted, ...excess({ wanted, above, below: after })].join('\n').slice(indent.length);
    const trimmed = trim({
      languageId: isPython ? 'python' : 'typescript',
      textBefore: [...heads, ...above, indent].join(eol),
      textAfter: eol + [...after, ''].join(eol),
      generated: written,
    });
    const expected = wanted.join(eol).slice(indent.length);
    if (trimmed?.text === expected && trimmed.replaceAfter === 0) continue;
    wrong.push(
      `${what}:\n${[...heads, ...above, `${indent}█`, ...after].join('\n')}\n-- wrote --\n${written}\n-- shown --\n${trimmed?.text}`,
    );
  }
  expect(wrong.length, wrong.slice(0, 3).join('\n\n')).toBe(0);
});

test.each(styles)('with %s lines that say what the lines above say are not shown', (_, unit, eol) => {
  const random = seededRandom(43);
  for (let round = 0; round < nPerStyle / 4; round++) {
    const isPython = round % 2 === 1;
    const write = new Writer(random, unit, isPython);
    const head = isPython ? `def ${write.name()}():` : `function ${write.name()}() {`;
    const above = Array.from({ length: 3 }, () => unit + write.statement());
    const again = above.slice(1 + write.below(2));
    const trimmed = trim({
      languageId: isPython ? 'python' : 'typescript',
      textBefore: [head, ...above, unit].join(eol),
      textAfter: isPython ? eol : `${eol}}${eol}`,
      generated: again.join('\n').slice(unit.length),
    });
    expect(trimmed, again.join('\n')).toBeUndefined();
  }
});
