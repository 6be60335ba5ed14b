/** dotCases: member accesses inside function bodies of real repositories, with the text after them removed to the function's end. */

// DotPrompts (Agrawal et al. 2023, section 4.1, https://arxiv.org/abs/2306.10763) rebuilt: theirs are
// Java methods completed from a dot on. The repositories are laid out on disk, because static
// analysis reads the rest of the project.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Node, Parsers } from '../src/engine/syntax/parsers.ts';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { filesOfFolder, type QualityFile } from './quality-files.ts';

export interface DotCase {
  readonly file: QualityFile;
  readonly uri: string;
  readonly languageId: string;
  /** Ends in the dot. */
  readonly before: string;
  /** From behind the dot to the end of the function's body, its closing brace left out. */
  readonly truth: string;
  readonly after: string;
  /** Width of the body's indentation: what is less of it ends a Python function. */
  readonly indent: number;
}

/** A longer rest of a function is too much for the tokens that are generated. */
const maxTruthChars = 500;
const maxPerFile = 4;

const bodies = new Set([
  'function_declaration',
  'method_definition',
  'function_expression',
  'arrow_function',
  'generator_function_declaration',
  'function_definition',
]);

/** Puts the newest commit of each bare git directory into a folder below `scratch`. */
export function layOut(gitDirs: readonly string[], scratch: string): string[] {
  return gitDirs.map((gitDir) => {
    const name = basename(gitDir) === 'repo' ? basename(dirname(gitDir)) : basename(gitDir);
    const folder = join(scratch, name);
    mkdirSync(folder, { recursive: true });
    const archive = execFileSync('git', ['--git-dir', gitDir, 'archive', 'HEAD'], { maxBuffer: 1 << 30 });
    execFileSync('tar', ['x', '-C', folder], { input: archive });
    return folder;
  });
}

/** `n` cases of the language, spread over files; the same for the same folders. */
export async function dotCases(
  parsers: Parsers,
  folders: readonly string[],
  languageId: string,
  n: number,
): Promise<DotCase[]> {
  const random = seededRandom(11);
  const parser = await parsers.of(languageId);
  if (!parser) return [];
  const all: { file: QualityFile; folder: string; key: number }[] = [];
  for (const folder of folders) {
    for (const file of await filesOfFolder(folder)) {
      const isTest =
        /(^|\/)(tests?|__tests__|benchmarks?|examples?|docs?(_src)?)\/|[._](test|spec)\.|(^|\/)test_/.test(
          file.name,
        );
      if (file.languageId === languageId && !isTest) all.push({ file, folder, key: random() });
    }
  }
  all.sort((a, b) => a.key - b.key);
  const cases: DotCase[] = [];
  for (const { file, folder } of all) {
    const tree = parser.parse(file.text);
    if (!tree) continue;
    const found = accessesIn(tree.rootNode, file.text)
      .map((access) => ({ access, key: random() }))
      .sort((a, b) => a.key - b.key)
      .slice(0, maxPerFile);
    const uri = pathToFileURL(join(dirname(folder), file.name)).href;
    for (const { access } of found) cases.push({ file, uri, languageId, ...cut(file.text, access) });
    tree.delete();
    if (cases.length >= n) break;
  }
  return cases.slice(0, n);
}

interface Access {
  /** Behind the dot. */
  readonly offset: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

function accessesIn(root: Node, text: string): Access[] {
  const found: Access[] = [];
  const visit = (node: Node, body: Node | undefined) => {
    let inner = body;
    if (bodies.has(node.type)) {
      const own = node.childForFieldName('body');
      if (own && (own.type === 'statement_block' || own.type === 'block')) inner = own;
    }
    const isAccess = node.type === 'member_expression' || node.type === 'attribute';
    const name = isAccess
      ? node.childForFieldName(node.type === 'attribute' ? 'attribute' : 'property')
      : null;
    if (name && inner && name.startIndex > inner.startIndex && text.charAt(name.startIndex - 1) === '.') {
      const isBlock = inner.type === 'statement_block';
      const bodyEnd = isBlock ? inner.endIndex - 1 : inner.endIndex;
      const access = { offset: name.startIndex, bodyStart: inner.startIndex, bodyEnd };
      if (bodyEnd - access.offset <= maxTruthChars && name.endIndex < bodyEnd) found.push(access);
    }
    for (const child of node.children) if (child) visit(child, inner);
  };
  visit(root, undefined);
  return found;
}

function cut(text: string, { offset, bodyStart, bodyEnd }: Access) {
  const line = text.slice(text.lastIndexOf('\n', bodyStart) + 1);
  const end = text.slice(offset, bodyEnd).trimEnd().length + offset;
  return {
    before: text.slice(0, offset),
    truth: text.slice(offset, end),
    after: text.slice(end),
    indent: /^[ \t]*/.exec(line)?.[0].length ?? 0,
  };
}
