/** Cross-file context in a real editor: a name that only unopened files have, and the command that copies context. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CompressResponse } from '../../../protocol/messages.ts';
import { accept, closeAll, newLineBelow, openFile, pause, ready, traceAfter, type, until } from './editor.ts';

const name = 'reconcileLedgerEntries';

const files = {
  'src/ledger.ts': `/** Sums what a month moved. */
export function ${name}(entries: readonly Entry[], openingBalance: number): number {
  return entries.reduce((sum, entry) => sum + entry.amountCents, openingBalance);
}
`,
  'src/quarter.ts': `import { ${name} } from './ledger';

export function closeQuarter(entries: readonly Entry[], openingBalance: number): Closing {
  const closingBalance = ${name}(entries, openingBalance);
  return { closingBalance };
}
`,
  'src/month.ts': `import type { Entry } from './ledger';

export function closeMonth(entries: readonly Entry[], openingBalance: number): Closing {
}
`,
};

const uriOf = (file: string) => {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no workspace is open');
  return vscode.Uri.joinPath(folder.uri, file);
};

describe('context', () => {
  before(async () => {
    const api = await ready();
    for (const [file, text] of Object.entries(files)) {
      await vscode.workspace.fs.writeFile(uriOf(file), new TextEncoder().encode(text));
    }
    await until('the new files to be found', async () => {
      const found = await api.search.search(name, 5);
      return found?.results.some(({ text }) => text.includes(name));
    });
  });
  after(async () => {
    await closeAll();
    for (const file of Object.keys(files)) await vscode.workspace.fs.delete(uriOf(file));
  });

  it('suggests a name that only files which are not open have', async () => {
    const editor = await openFile('src/month.ts');
    const { document } = editor;
    assert.ok(vscode.workspace.textDocuments.every(({ uri }) => !/ledger|quarter/.test(uri.path)));
    const seen: string[] = [];
    await until(
      'the name to be suggested',
      async () => {
        // As on disk but for its length, so that an attempt neither sees nor remembers the ones before.
        const all = new vscode.Range(0, 0, document.lineCount, 0);
        const text = `${files['src/month.ts']}${'\n'.repeat(seen.length)}`;
        await editor.edit((edit) => edit.replace(all, text));
        await newLineBelow(editor, 'function closeMonth');
        await type(editor, '  const closingBalance = ');
        const { outcome } = await traceAfter(editor, () => vscode.commands.executeCommand('stet.trigger'));
        const added = /^(generated|reused|cached)$/.test(outcome) ? await accept(editor) : '';
        seen.push(`${outcome}: ${added}`);
        if (added.includes(name)) return true;
        await pause(800); // longer than the pause after which related files are looked for
        return false;
      },
      () => seen.join('\n'),
    );
  });

  it('copies what matters for a question, within the budget', async () => {
    const args = { query: `what does ${name} sum`, budgetTokens: 200 };
    const response = await vscode.commands.executeCommand<CompressResponse>('stet.copyContext', args);
    assert.ok(response.nTokens > 0 && response.nTokens <= 200, `${response.nTokens} tokens`);
    assert.ok(response.text.includes(`function ${name}`), response.text);
    assert.ok(response.pieces.some(({ form }) => form === 'dropped'));
    assert.equal(await vscode.env.clipboard.readText(), response.text);
  });
});
