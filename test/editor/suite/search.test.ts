/** Search in the editor: results stream, similar code, the same answer by every way to ask. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import * as vscode from 'vscode';
import type { SearchApi } from '../../../client/src/search/attach-search.ts';
import type { SearchResult } from '../../../protocol/messages.ts';
import { searchText } from '../../../protocol/search-text.ts';
import { closeAll, openFile, stet, until } from './editor.ts';

const run = promisify(execFile);

/** What people ask: in words, by name, with filters, and for something that is not there. */
const queries = [
  'how many days is a book late',
  'parseShelfMark',
  'lang:python read loans from a file',
  'kind:class loan',
  '"already lent"',
  'path:tools due date',
];

describe('search', () => {
  let search: SearchApi;
  let cli: string;
  let folder: string;

  before(async () => {
    ({ search } = await stet());
    const extension = vscode.extensions.getExtension('stet.stet');
    cli = path.join(extension?.extensionPath ?? '', 'dist', 'cli.cjs');
    folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    await until('the files to be indexed', () => {
      const status = search.indexStatus();
      assert.notEqual(status?.state, 'error', status?.detail);
      return status?.state === 'ready' && status.nFiles > 0;
    });
  });

  afterEach(closeAll);

  const names = (results: readonly SearchResult[]) => results.map(({ name }) => name);

  it('view, chat tool, MCP server and command line give the same results', async () => {
    const limit = 8;
    const mcp = new Client({ name: 'test', version: '0.0.0' });
    await mcp.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [cli, 'mcp', '--root', folder],
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } as Record<string, string>,
      }),
    );
    try {
      for (const query of queries) {
        const response = await search.search(query, limit);
        assert.ok(response && response.results.length > 0, `nothing for ${query}`);
        // Without the note: what a watcher tells meanwhile makes the index look again.
        const expected = searchText({ results: response.results });

        const tool = await vscode.lm.invokeTool('stet_search_code', {
          input: { query, limit },
          toolInvocationToken: undefined,
        });
        const [part] = tool.content;
        assert.ok(part instanceof vscode.LanguageModelTextPart);
        assert.equal(withoutNote(part.value), expected, `tool: ${query}`);

        const { content } = await mcp.callTool({ name: 'search_code', arguments: { query, limit } });
        const [{ text }] = content as [{ text: string }];
        assert.equal(withoutNote(text), expected, `MCP: ${query}`);

        const { stdout } = await run(
          process.execPath,
          [cli, 'search', query, '--json', '--limit', String(limit), '--folder', folder],
          { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } },
        );
        const { results } = JSON.parse(stdout) as { results: readonly CommandLineResult[] };
        assert.deepEqual(
          results.map(asSearchResult).map(placeOf),
          response.results.map(placeOf),
          `CLI: ${query}`,
        );
      }
    } finally {
      await mcp.close();
    }
  });

  it('finds by meaning and by name, best first', async () => {
    const response = await search.search('how many days is a book late', 10);
    assert.ok(response && response.results.length > 0);
    assert.ok(
      names(response.results.slice(0, 5)).some((name) => /days_?late/i.test(name)),
      names(response.results).join(),
    );
    const scores = response.results.map(({ score }) => score);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
  });

  it('streams into the quick pick: words first, then all', async () => {
    await vscode.commands.executeCommand('stet.searchCode', 'days late');
    const view = await until('final results in the pick', () => {
      const view = search.pick();
      return view && !view.isBusy && view.nResults > 0 && view;
    });
    assert.equal(view.stages.at(-1), 'final');
    assert.ok(view.stages.length > 1, `no results before the last ones: ${view.stages}`);
    assert.ok(view.labels.some((label) => /days_?late/i.test(label)));
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await until('the pick to be gone', () => search.pick() === undefined);
  });

  it('finds what resembles the function at the cursor, but not the function itself', async () => {
    const editor = await openFile('src/loans.ts');
    const at = editor.document.positionAt(editor.document.getText().indexOf('const late ='));
    editor.selection = new vscode.Selection(at, at);
    await vscode.commands.executeCommand('stet.findSimilar');
    const { results, message } = search.shown();
    assert.ok(results.length > 0, message);
    assert.match(message, /^Similar to /);
    const isItself = ({ uri, startLine, endLine }: SearchResult) =>
      vscode.Uri.parse(uri).fsPath === editor.document.uri.fsPath &&
      startLine <= at.line &&
      at.line <= endLine;
    assert.ok(!results.some(isItself), 'it found the function that it was asked about');
    await vscode.commands.executeCommand('stet.search.clear');
    assert.deepEqual(search.shown().results, []);
  });

  it('a file that is saved is found as it is now', async () => {
    const uri = vscode.Uri.file(path.join(folder, 'src', 'zebra-crossing.ts'));
    const write = (text: string) => vscode.workspace.fs.writeFile(uri, Buffer.from(text));
    const found = async (query: string) => names((await search.search(query, 5))?.results ?? []);
    try {
      await write('export function zebraStripes() {\n  return 77;\n}\n');
      await until('the new file to be found', async () =>
        (await found('zebraStripes')).includes('zebraStripes'),
      );
      await write('export function giraffeNeck() {\n  return 78;\n}\n');
      await until('the changed file to be found', async () =>
        (await found('giraffeNeck')).includes('giraffeNeck'),
      );
      assert.ok(!(await found('zebraStripes')).includes('zebraStripes'));
    } finally {
      await vscode.workspace.fs.delete(uri);
    }
    await until(
      'the deleted file to be forgotten',
      async () => !(await found('giraffeNeck')).includes('giraffeNeck'),
    );
  });

  it('what is wrong is said: a bad expression, an action that there is not', async () => {
    const response = await search.search('/(unclosed/', 5);
    assert.ok(response);
    assert.ok(response.note && response.note.length > 0, JSON.stringify(response));
  });
});

const withoutNote = (text: string) => text.replace(/^Note: .*\n\n/, '');

/** As `stet search --json` prints it: lines from 1, as people count. */
type CommandLineResult = SearchResult & { readonly relativePath: string };

const asSearchResult = (result: CommandLineResult): SearchResult => ({
  ...result,
  path: result.relativePath,
  startLine: result.startLine - 1,
  endLine: result.endLine - 1,
});

/** Without the score: files that are open in the editor count a little more there than elsewhere. */
const placeOf = ({ path, startLine, endLine, name }: SearchResult) => ({ path, startLine, endLine, name });
