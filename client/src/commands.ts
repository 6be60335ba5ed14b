/** commands: what a person can ask of Stet, in the palette and in the status item's menu. */

// Titles and keybindings are in scripts/manifest.mjs. `stet.accepted` is not here: the language
// client registers it itself, because the server announces it.

import {
  commands,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  type QuickPickItem,
  window,
} from 'vscode';
import { type LanguageClient, State } from 'vscode-languageclient/node';
import type { IndexStatusParams } from '../../protocol/messages.ts';
import { copyContext } from './copy-context.ts';
import { chooseModel, type ModelChoice } from './models.ts';
import type { Status } from './status.ts';
import type { Toggles } from './toggles.ts';

/** Opens the menu of the status item; not in the palette, which has its entries anyway. */
export const menuCommand = 'stet.showMenu';

export interface CommandParts {
  readonly context: ExtensionContext;
  readonly client: LanguageClient;
  readonly toggles: Toggles;
  readonly models: ModelChoice;
  readonly status: Status;
  readonly log: LogOutputChannel;
}

export function registerCommands(parts: CommandParts): Disposable[] {
  const { context, client, toggles, models, status, log } = parts;
  const handlers: Record<string, (argument?: unknown) => unknown> = {
    'stet.toggle': () => toggles.toggle(),
    'stet.toggleLanguage': () => {
      const languageId = window.activeTextEditor?.document.languageId;
      if (languageId === undefined) return window.showInformationMessage('Stet: open a file first.');
      return toggles.toggleLanguage(languageId);
    },
    'stet.snooze': (minutes: unknown) => snooze(toggles, minutes),
    'stet.trigger': () => commands.executeCommand('editor.action.inlineSuggest.trigger'),
    'stet.chooseModel': () => chooseModel(client, models),
    'stet.copyContext': (args: unknown) => copyContext(context, client, args ?? {}),
    'stet.restartServer': () => restart(client, status, log),
    'stet.showLog': () => log.show(true),
    [menuCommand]: () => showMenu(status),
  };
  return Object.entries(handlers).map(([id, handler]) => commands.registerCommand(id, handler));
}

/** For so many minutes where they are given, as by a keybinding; else asks. */
async function snooze(toggles: Toggles, minutes: unknown): Promise<void> {
  if (typeof minutes === 'number' && Number.isFinite(minutes)) return toggles.snoozeFor(minutes);
  const choices = [5, 15, 60].map((value) => ({ label: `${value} minutes`, minutes: value }));
  const end = toggles.snoozedUntil ? [{ label: 'End the snooze', minutes: 0 }] : [];
  const title = 'No suggestions while typing for…';
  const picked = await window.showQuickPick([...end, ...choices], { title });
  if (picked) toggles.snoozeFor(picked.minutes);
}

async function restart(client: LanguageClient, status: Status, log: LogOutputChannel): Promise<void> {
  status.setServer({ state: 'loading', detail: 'Starting again…' });
  try {
    await stopped(client);
    await client.start();
  } catch (error) {
    log.error(String(error));
    status.setServer({
      state: 'error',
      detail: 'The language server could not be started. “Stet: Show Log” says why.',
    });
  }
}

/**
 * Stops the server. One that does not end in time is killed, and gone when this resolves: the client
 * takes the end of an old connection for that of a new one.
 */
async function stopped(client: LanguageClient): Promise<void> {
  const old = client.serverProcess;
  try {
    await client.stop();
  } catch (error) {
    if (client.state !== State.Stopped || !old) throw error; // it is just being started
    if (old.exitCode !== null || old.signalCode !== null) return;
    const isOver = new Promise((resolve) => old.once('close', resolve));
    old.kill('SIGKILL');
    await isOver;
  }
}

interface MenuItem extends QuickPickItem {
  readonly run: () => unknown;
}

async function showMenu(status: Status): Promise<void> {
  const languageId = window.activeTextEditor?.document.languageId;
  const command = (label: string, id: string): MenuItem => ({
    label,
    run: () => commands.executeCommand(id),
  });
  const items: MenuItem[] = [
    command(`$(circle-slash) ${status.off === 'everywhere' ? 'Turn on' : 'Turn off'}`, 'stet.toggle'),
    ...(languageId === undefined
      ? []
      : [
          command(
            `$(file-code) ${status.off === 'language' ? 'Turn on' : 'Turn off'} for ${languageId}`,
            'stet.toggleLanguage',
          ),
        ]),
    command('$(bell-slash) Snooze…', 'stet.snooze'),
    command('$(play) Suggest now', 'stet.trigger'),
    command('$(search) Search code', 'stet.searchCode'),
    ...indexItems(status.currentIndex?.state).map(([label, id]) => command(label, id)),
    command('$(copy) Copy compressed context…', 'stet.copyContext'),
    command('$(chip) Choose model…', 'stet.chooseModel'),
    command('$(question) Why this suggestion, or none?', 'stet.whyThisSuggestion'),
    command('$(dashboard) Benchmark', 'stet.benchmark'),
    command('$(debug-restart) Restart server', 'stet.restartServer'),
    command('$(output) Show log', 'stet.showLog'),
    {
      label: '$(gear) Open settings',
      run: () => commands.executeCommand('workbench.action.openSettings', '@ext:stet.stet'),
    },
  ];
  const picked = await window.showQuickPick(items, { title: `Stet: ${status.current.detail}` });
  await picked?.run();
}

/** What can be done with the index as it is. */
function indexItems(state: IndexStatusParams['state'] | undefined): readonly (readonly [string, string])[] {
  if (state === undefined || state === 'off' || state === 'starting') return [];
  if (state === 'indexing') return [['$(debug-pause) Pause indexing', 'stet.index.pause']];
  if (state === 'paused') return [['$(debug-continue) Go on indexing', 'stet.index.resume']];
  return [['$(refresh) Rebuild the search index', 'stet.index.rebuild']];
}
