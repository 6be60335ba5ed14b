/** The extension starts by itself, gets ready, brings its commands, and says what typing costs its process. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeAll, newLineBelow, openFile, pause, ready, stet, traceAfter, type, until } from './editor.ts';

/** A fast typist's eight keys a second. */
const msPerKey = 125;

/**
 * Percent of one core that the extension host took while a line was typed. This suite runs in that
 * process; the model and static analysis have processes of their own.
 */
async function hostShare(): Promise<number> {
  const editor = await openFile('src/fines.ts');
  await newLineBelow(editor, 'for (const loan of loans) {');
  await pause(1000); // what opening costs is not typing's
  const [before, startMs] = [process.cpuUsage(), Date.now()];
  await type(editor, '  const total = loans.length;', msPerKey);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 10 / (Date.now() - startMs);
  await closeAll();
  return share;
}

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

  it('costs the extension host processor time that can be said', async () => {
    const settings = () => vscode.workspace.getConfiguration('stet');
    const editor = await openFile('src/fines.ts');
    await traceAfter(editor, () => vscode.commands.executeCommand('stet.trigger')); // all is loaded
    try {
      const api = await stet();
      const last = api.lastTrace();
      const on = await hostShare();
      assert.notEqual(api.lastTrace(), last, 'typing asked for nothing');
      await settings().update('enable', false, vscode.ConfigurationTarget.Global);
      const off = await hostShare();
      const shown = [on, off].map((share) => `${share.toFixed(1)} %`);
      console.log(
        `      extension host while typing: ${shown[0]} of one core, ${shown[1]} with suggestions off`,
      );
    } finally {
      await settings().update('enable', undefined, vscode.ConfigurationTarget.Global);
      await closeAll();
    }
  });
});
