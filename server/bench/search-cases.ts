/** searchCases: repositories as search problems: what a function's documentation says first must find the function. */

// The documentation is cut out of the files before anything is indexed, so a query shares no text with
// its answer but what the code itself says. The rules are those of training/stetlm/pairs.py, read from a
// syntax tree instead: first sentence, 4 to 40 words, ASCII, no tags, no tests, no sentence that more
// than three functions share.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Node, Parsers } from '../src/engine/syntax/parsers.ts';
import { seededRandom } from '../src/engine/testing/tiny-model.ts';

export interface SearchFile {
  readonly path: string;
  readonly languageId: string;
  /** Without documentation. */
  readonly text: string;
}

export interface Target {
  readonly path: string;
  /** [start, endExclusive) of the file's text. */
  readonly start: number;
  readonly endExclusive: number;
  readonly name: string;
}

export interface SearchCase {
  readonly query: string;
  readonly targets: readonly Target[];
}

export interface SearchTask {
  readonly name: string;
  readonly files: readonly SearchFile[];
  readonly cases: readonly SearchCase[];
}

const languageOf: Readonly<Record<string, string>> = {
  '.py': 'python',
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.tsx': 'typescriptreact',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.jsx': 'javascript',
};

const excluded = /(^|\/)node_modules\/|\.min\.js$|\.d\.ts$/;
const isTest =
  /(^|\/)(tests?|__tests__|testing|integration|e2e)(\/|$)|[._-](test|spec)\.|_test\.|(^|\/)test_|conftest/;
const isUnusable =
  /@(param|return|inheritdoc|deprecated|internal|see)|copyright|TODO|eslint|^see |^deprecated|>>>/i;
const maxFileBytes = 400_000;

/** The newest commit of a bare git directory; at most `nCase` of its cases, the same ones each time. */
export async function repositoryTask(gitDir: string, parsers: Parsers, nCase: number): Promise<SearchTask> {
  const name = (basename(gitDir) === 'repo' ? basename(join(gitDir, '..')) : basename(gitDir)).replace(
    '+',
    '/',
  );
  const files: SearchFile[] = [];
  const documented: { readonly query: string; readonly target: Target }[] = [];
  for (const [path, text] of readRepository(gitDir)) {
    const languageId = languageOf[extname(path)] as string;
    const cut = await withoutDocumentation(path, languageId, text, parsers);
    files.push({ path, languageId, text: cut.text });
    documented.push(...cut.documented);
  }
  const byQuery = groupBy(documented, ({ query }) => query);
  const cases = [...byQuery]
    .filter(([, found]) => found.length <= 3)
    .map(([query, found]) => ({ query, targets: found.map(({ target }) => target) }));
  return { name, files, cases: sample(cases, nCase) };
}

/** CoSQA's development half: web queries over Python functions, each function a file of its own. */
export async function cosqaTask(folder: string, parsers: Parsers): Promise<SearchTask> {
  const readJson = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;
  const codes = (await readJson('code_idx_map.txt')) as Record<string, number>;
  const items = (await readJson('cosqa-retrieval-dev-500.json')) as { doc: string; retrieval_idx: number }[];
  const files = await Promise.all(
    Object.entries(codes).map(async ([code, index]) => {
      const cut = await withoutDocumentation(`${index}.py`, 'python', code, parsers);
      return { path: `${index}.py`, languageId: 'python', text: cut.text };
    }),
  );
  const lengthOf = new Map(files.map(({ path, text }) => [path, text.length]));
  const cases = items.map(({ doc, retrieval_idx }) => {
    const path = `${retrieval_idx}.py`;
    return { query: doc, targets: [{ path, start: 0, endExclusive: lengthOf.get(path) ?? 0, name: '' }] };
  });
  return { name: 'CoSQA dev', files, cases };
}

/** Functions asked for by their own names, as a person does who knows them. */
export function identifierCases(task: SearchTask): SearchCase[] {
  const targets = task.cases.flatMap((one) => one.targets);
  const byName = groupBy(targets, ({ name }) => name);
  return [...byName].filter(([name]) => name.length > 3).map(([query, found]) => ({ query, targets: found }));
}

function readRepository(gitDir: string): [path: string, text: string][] {
  const git = (args: readonly string[], input?: string) =>
    execFileSync('git', ['--git-dir', gitDir, ...args], { maxBuffer: 1 << 30, ...(input && { input }) });
  const paths = git(['ls-tree', '-r', '--name-only', '-z', 'HEAD'])
    .toString('utf8')
    .split('\0')
    .filter((path) => extname(path) in languageOf && !excluded.test(path) && !path.includes('\n'));
  const output = git(['cat-file', '--batch'], paths.map((path) => `HEAD:${path}\n`).join(''));
  const files: [string, string][] = [];
  let at = 0;
  for (const path of paths) {
    const lineEnd = output.indexOf(10, at);
    const [, type, size] = output.toString('utf8', at, lineEnd).split(' ');
    at = lineEnd + 1;
    if (type !== 'blob') continue;
    const bytes = output.subarray(at, at + Number(size));
    at += Number(size) + 1;
    if (bytes.length <= maxFileBytes && !bytes.includes(0))
      files.push([path, bytes.toString('utf8').replaceAll('\r\n', '\n')]);
  }
  return files;
}

interface Cut {
  readonly text: string;
  readonly documented: readonly { readonly query: string; readonly target: Target }[];
}

interface Removed {
  readonly start: number;
  readonly endExclusive: number;
  readonly by: string;
}

const functionTypes = new Set([
  'function_definition',
  'function_declaration',
  'generator_function_declaration',
  'method_definition',
  'arrow_function',
  'function_expression',
]);

async function withoutDocumentation(
  path: string,
  languageId: string,
  text: string,
  parsers: Parsers,
): Promise<Cut> {
  const parser = await parsers.of(languageId);
  const tree = parser?.parse(text);
  if (!tree) return { text, documented: [] };
  try {
    const removed: Removed[] = [];
    const functions: { node: Node; name: string; doc: string }[] = [];
    const visit = (node: Node): void => {
      if (languageId === 'python') {
        const doc = docstringOf(node);
        if (doc)
          removed.push({
            start: doc.startIndex,
            endExclusive: doc.endIndex,
            by: soleStatement(doc) ? 'pass' : '',
          });
        if (node.type === 'function_definition')
          functions.push({
            node,
            name: node.childForFieldName('name')?.text ?? '',
            doc: doc ? unquoted(doc.text) : '',
          });
      } else {
        if (node.type === 'comment' && node.text.startsWith('/**'))
          removed.push({ start: node.startIndex, endExclusive: node.endIndex, by: '' });
        if (functionTypes.has(node.type) && node.childForFieldName('body'))
          functions.push(scriptFunction(node));
      }
      for (const child of node.children) if (child) visit(child);
    };
    visit(tree.rootNode);
    removed.sort((a, b) => a.start - b.start);
    const moved = (offset: number) =>
      removed.reduce(
        (sum, { start, endExclusive, by }) =>
          start < offset ? sum - (Math.min(endExclusive, offset) - start) + by.length : sum,
        offset,
      );
    const documented = functions.flatMap(({ node, name, doc }) => {
      const target = { path, name, start: moved(node.startIndex), endExclusive: moved(node.endIndex) };
      const query = queryOf(path, name, doc);
      return query ? [{ query, target }] : [];
    });
    const cut = removed.reduceRight(
      (rest, { start, endExclusive, by }) => rest.slice(0, start) + by + rest.slice(endExclusive),
      text,
    );
    const isLongEnough = ({ target }: { target: Target }) =>
      cut
        .slice(target.start, target.endExclusive)
        .split('\n')
        .filter((line) => line.trim()).length >= 3;
    return { text: cut, documented: documented.filter(isLongEnough) };
  } finally {
    tree.delete();
  }
}

/** The string that begins a module, class or function. */
function docstringOf(node: Node): Node | undefined {
  const body =
    node.type === 'module'
      ? node
      : node.type === 'function_definition' || node.type === 'class_definition'
        ? node.childForFieldName('body')
        : undefined;
  const first = body?.namedChildren.find((child) => child?.type !== 'comment');
  const only =
    first?.type === 'expression_statement' && first.namedChildCount === 1 ? first.firstNamedChild : undefined;
  return only?.type === 'string' ? only : undefined;
}

const soleStatement = (doc: Node) =>
  doc.parent?.parent?.type === 'block' && doc.parent.parent.namedChildCount === 1;

function scriptFunction(node: Node): { node: Node; name: string; doc: string } {
  let outer = node;
  let name = node.childForFieldName('name')?.text ?? '';
  const holders =
    /^(variable_declarator|lexical_declaration|variable_declaration|export_statement|public_field_definition|field_definition|pair|assignment_expression|expression_statement)$/;
  while (outer.parent && holders.test(outer.parent.type)) {
    outer = outer.parent;
    const given =
      outer.childForFieldName('name') ?? outer.childForFieldName('key') ?? outer.childForFieldName('left');
    name ||= given?.text.replace(/^.*\./s, '') ?? '';
  }
  let before = outer.previousNamedSibling;
  while (before && before.type === 'decorator') before = before.previousNamedSibling;
  const doc =
    before?.type === 'comment' && before.text.startsWith('/**') && outer.startIndex - before.endIndex < 200;
  return { node, name, doc: doc && before ? jsdocProse(before.text) : '' };
}

const unquoted = (text: string) => text.replace(/^[a-zA-Z]*("""|'''|"|')/, '').replace(/("""|'''|"|')$/, '');

function jsdocProse(comment: string): string {
  const text = comment
    .slice(3, -2)
    .replace(/^[ \t]*\*+ ?/gm, '')
    .replace(/\{@\w+\s+(?:[^}|]*\|)?([^}]*)\}/g, '$1');
  return (text.split(/(?:^|\s)@\w/)[0] ?? '').trim();
}

function queryOf(path: string, name: string, doc: string): string | undefined {
  if (doc.trim() === '' || isTest.test(path) || name.startsWith('__')) return undefined;
  const paragraph = (doc.trim().split(/\n\s*\n/)[0] ?? '').replace(/\s+/g, ' ').trim();
  const query = (/^(.+?[.!?])(\s|$)/.exec(paragraph)?.[1] ?? paragraph).replaceAll('`', '').trim();
  const nWords = query.split(' ').length;
  const isUsable = !isUnusable.test(query) && nWords >= 4 && nWords <= 40 && /^[\x20-\x7e]+$/.test(query);
  return isUsable ? query : undefined;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function sample<T>(items: readonly T[], n: number): T[] {
  const random = seededRandom(7);
  return items
    .map((item, index) => ({ item, index, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, n)
    .sort((a, b) => a.index - b.index)
    .map(({ item }) => item);
}
