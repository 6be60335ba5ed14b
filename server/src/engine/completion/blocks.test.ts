/** Blocks of real files: tree-sitter says where each one ends, and stop rules and trimming must agree. */

// Our own sources are the sample: at statements inside blocks, the "model" writes the true rest of
// the block and runs on into what follows. What is kept must be the rest of the block and nothing
// else: the text after the cursor begins where the block's own text ends.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createStopper } from '../decoding/stopping.ts';
import { type Node, Parsers } from '../syntax/parsers.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { trim } from './trim.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const wasm = (file: string) => readFileSync(`${root}node_modules/${file}`);
const parsers = Parsers.load(
  async (name) => wasm(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`),
  wasm('web-tree-sitter/web-tree-sitter.wasm'),
);

interface Case {
  readonly at: string;
  readonly textBefore: string;
  readonly block: string;
  readonly textAfter: string;
}

function filesIn(folder: string, extension: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/** Statements that begin their line, inside blocks of several lines; each with the rest of its block. */
async function casesOf(languageId: string, file: string, blockTypes: readonly string[]): Promise<Case[]> {
  const text = readFileSync(root + file, 'utf8');
  const tree = (await parsers.then((all) => all.of(languageId)))?.parse(text);
  const cases: Case[] = [];
  const visit = (node: Node) => {
    for (const child of node.namedChildren) {
      visit(child);
      const start = child.startIndex;
      const isFirst = text.slice(text.lastIndexOf('\n', start - 1) + 1, start).trim() === '';
      if (!blockTypes.includes(node.type) || !isFirst || node.startPosition.row === node.endPosition.row)
        continue;
      const end = languageId === 'python' ? node.endIndex : node.endIndex - 1;
      const block = text.slice(start, end).trimEnd();
      const textAfter = text.slice(start + block.length);
      const at = `${file}:${child.startPosition.row + 1}`;
      if (block.length < 3000) cases.push({ at, textBefore: text.slice(0, start), block, textAfter });
    }
  };
  if (tree) visit(tree.rootNode);
  tree?.delete();
  return cases;
}

/** Where the two do not agree, of at most `nCases` cases. */
async function check(languageId: string, files: readonly string[], types: readonly string[], nCases: number) {
  const random = seededRandom(5);
  const all = (await Promise.all(files.map((file) => casesOf(languageId, file, types)))).flat();
  const cases = all.filter(() => random() < nCases / all.length);
  const wrong = cases.filter(({ textBefore, block, textAfter }) => {
    const generated = block + textAfter.slice(0, 400);
    const place = { textBefore, textAfter, languageId };
    const stopper = createStopper({ ...place, maxLines: 1000 });
    let state = stopper.push('');
    for (let i = 0; i < generated.length && !state.stop; i += 4)
      state = stopper.push(generated.slice(i, i + 4));
    const trimmed = trim({ ...place, generated });
    return (
      generated.slice(0, state.keep).trimEnd() !== block ||
      trimmed?.text !== block ||
      trimmed.replaceAfter > 0
    );
  });
  return { nCases: cases.length, wrong: wrong.map(({ at }) => at) };
}

describe('blocks end where tree-sitter says', () => {
  test('TypeScript', async () => {
    const types = ['statement_block', 'class_body', 'interface_body', 'switch_body', 'object'];
    const { nCases, wrong } = await check('typescript', filesIn('server/src/engine', '.ts'), types, 150);
    expect(nCases).toBeGreaterThan(100);
    expect(wrong.length / nCases, wrong.join('\n')).toBeLessThan(0.01);
  });
  test('Python', async () => {
    const { nCases, wrong } = await check('python', filesIn('training/stetlm', '.py'), ['block'], 150);
    expect(nCases).toBeGreaterThan(100);
    expect(wrong.length / nCases, wrong.join('\n')).toBeLessThan(0.01);
  });
});

test('trim is safe with anything: it fits the line, says something and is stable', () => {
  const random = seededRandom(9);
  const pieces = [
    'foo',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '`',
    ';',
    ',',
    ' ',
    '  ',
    '\n',
    '\r\n',
    '\n  ',
    ':',
    '//',
    '/*',
    '*/',
    '#',
    '=> ',
    '🙂',
    '\ufffd',
    'return x',
    '$',
  ];
  const text = (n: number) =>
    Array.from({ length: random() * n }, () => pieces[Math.floor(random() * pieces.length)]).join('');
  for (let i = 0; i < 1500; i++) {
    const languageId = ['typescript', 'python', 'ruby', 'html', 'klingon'][i % 5] as string;
    const place = { textBefore: text(20), textAfter: text(20), languageId };
    const trimmed = trim({ ...place, generated: text(25), isCutOff: i % 2 === 0 });
    if (!trimmed) continue;
    expect(trimmed.text.trim()).not.toBe('');
    expect(place.textAfter.slice(0, trimmed.replaceAfter)).not.toMatch(/\n/);
    expect(trimmed.text).not.toContain('\ufffd');
    const again = trim({ ...place, generated: trimmed.text });
    expect(again, JSON.stringify({ ...place, text: trimmed.text })).toEqual(trimmed);
  }
});
