/** The extension starts by itself, gets ready, and brings its commands. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ready, stet, until } from './editor.ts';

describe('activation', () => {
  it('is activated by the editor, without a file and without being asked', async () => {
    const extension = vscode.extensions.getExtension('stet.stet');
    assert.ok(extension);
    await until('the extension to be active', () => extension.isActive);
  });

  it('is ready once the model is loaded', async () => {
    const api = await stet();
    const first = await api.ready;
    assert.equal(first.state, 'ready', first.detail);
    assert.notEqual(api.status().detail, '');
  });

  it('has its commands', async () => {
    await ready();
    const commands = new Set(await vscode.commands.getCommands(true));
    const { contributes } = vscode.extensions.getExtension('stet.stet')?.packageJSON ?? {};
    const promised: string[] = contributes.commands.map(({ command }: { command: string }) => command);
    assert.ok(promised.length > 20);
    assert.deepEqual(
      promised.filter((id) => !commands.has(id)),
      [],
    );
  });
});
