/** writtenCode: made-up code with a cursor in it, and what a model that cannot stop would write there. */

import { seededRandom } from './tiny-model.ts';

/** Name, unit of indentation, line end. */
export const codeStyles = [
  ['two spaces', '  ', '\n'],
  ['three spaces', '   ', '\n'],
  ['four spaces', '    ', '\n'],
  ['eight spaces', '        ', '\n'],
  ['tabs', '\t', '\n'],
  ['four spaces and CR LF', '    ', '\r\n'],
  ['tabs and CR LF', '\t', '\r\n'],
] as const;

/** Lines of a suggestion: more than the settings' default. */
const maxWanted = 12;

/** Code with names that come once, so that whatever is there twice is a duplicate. */
export class CodeWriter {
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
type Excess = (parts: { wanted: readonly string[]; below: readonly string[] }) => readonly string[];

const excesses: readonly (readonly [string, Excess])[] = [
  ['the next line', ({ below }) => below.slice(0, 1)],
  ['the next lines', ({ below }) => below.slice(0, 3)],
  ['all lines below, and the closing of the block', ({ below }) => below],
  ['its own lines again', ({ wanted }) => wanted],
  ['its own lines again and again', ({ wanted }) => [...wanted, ...wanted, ...wanted]],
  ['nothing', () => []],
];

/** One question to a filter. */
export interface WrittenCode {
  readonly languageId: 'python' | 'typescript';
  readonly textBefore: string;
  readonly textAfter: string;
  /** With line feeds, whatever the document's line ends are. */
  readonly generated: string;
  /** What of it is to be inserted, with the document's line ends. */
  readonly wanted: string;
  /** What it says too much: `the next lines`. */
  readonly excess: string;
}

/** `n` of them, the same ones each time. */
export function* writtenCode(unit: string, eol: string, n: number): Generator<WrittenCode> {
  const random = seededRandom(41);
  for (let round = 0; round < n; round++) {
    const isPython = round % 2 === 1;
    const write = new CodeWriter(random, unit, isPython);
    const depth = 1 + write.below(3);
    const indent = unit.repeat(depth);
    const heads = Array.from({ length: depth }, (_, i) =>
      isPython ? `${unit.repeat(i)}while ${write.name()}:` : `${unit.repeat(i)}while (${write.name()}) {`,
    );
    const above = write.lines(depth);
    let wanted = write.lines(depth);
    while (wanted.length > maxWanted) wanted = write.lines(depth);
    const below = write.lines(depth);
    const closers = isPython ? [] : heads.map((_, i) => `${unit.repeat(depth - 1 - i)}}`);
    const after = [...below, ...closers];
    const [excess, addTo] = excesses[round % excesses.length] as (typeof excesses)[number];
    yield {
      languageId: isPython ? 'python' : 'typescript',
      textBefore: [...heads, ...above, indent].join(eol),
      textAfter: eol + [...after, ''].join(eol),
      generated: [...wanted, ...addTo({ wanted, below: after })].join('\n').slice(indent.length),
      wanted: wanted.join(eol).slice(indent.length),
      excess,
    };
  }
}
