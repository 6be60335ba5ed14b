/** copyContext: asks what a context is for and how large it may be, shows what was kept, and copies it. */

import {
  type ExtensionContext,
  env,
  ProgressLocation,
  type QuickPickItem,
  QuickPickItemKind,
  window,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type CompressedPiece, type CompressResponse, compressRequest } from '../../protocol/messages.ts';
import { codeAtCursor } from './search/code-at-cursor.ts';

/** Where the budget that was chosen last is kept. */
const budgetKey = 'contextBudgetTokens';
const defaultBudget = 2048;

/** `args`, as from a keybinding or a test, answer the questions. */
export async function copyContext(
  context: ExtensionContext,
  server: LanguageClient,
  args: { query?: unknown; budgetTokens?: unknown } = {},
): Promise<CompressResponse | undefined> {
  const query = typeof args.query === 'string' ? args.query : await askQuery();
  if (!query?.trim()) return undefined;
  let budgetTokens = Number(args.budgetTokens) || (await askBudget(context));
  while (budgetTokens) {
    const response = await compressed(server, query, budgetTokens);
    if (!response) return undefined;
    if (args.query !== undefined) {
      await env.clipboard.writeText(response.text);
      return response;
    }
    const next = await preview(response, budgetTokens);
    if (next === 'copy') await env.clipboard.writeText(response.text);
    if (next === 'open')
      await window.showTextDocument(await workspace.openTextDocument({ content: response.text }));
    if (next !== 'budget') return next && response;
    budgetTokens = await askBudget(context);
  }
  return undefined;
}

async function askQuery(): Promise<string | undefined> {
  const editor = window.activeTextEditor;
  const code = editor && (await codeAtCursor(editor));
  if (code) {
    const picked = await window.showQuickPick(
      [
        { label: `Code that has to do with ${code.title}`, text: code.similarTo.text },
        { label: 'Code that answers a question…', text: undefined },
      ],
      { title: 'Copy compressed context' },
    );
    if (!picked || picked.text) return picked?.text;
  }
  return window.showInputBox({
    title: 'Copy compressed context',
    prompt: 'What is the context for?',
    placeHolder: 'how are rows of the cache reused after an edit',
  });
}

async function askBudget(context: ExtensionContext): Promise<number> {
  const last = context.globalState.get<number>(budgetKey, defaultBudget);
  const text = await window.showInputBox({
    title: 'Copy compressed context',
    prompt: 'The most tokens of the context, as the loaded model counts them',
    value: String(last),
    validateInput: (value) => (/^[1-9]\d{0,5}$/.test(value) ? undefined : 'A number from 1 to 999999.'),
  });
  if (text === undefined) return 0;
  await context.globalState.update(budgetKey, Number(text));
  return Number(text);
}

/** Undefined when it was cancelled or failed; a failure is shown. */
async function compressed(
  server: LanguageClient,
  query: string,
  budgetTokens: number,
): Promise<CompressResponse | undefined> {
  const options = {
    location: ProgressLocation.Notification,
    title: 'Stet: choosing the code that matters…',
    cancellable: true,
  };
  return window.withProgress(options, async (_, token) => {
    try {
      const response: CompressResponse | null = await server.sendRequest(
        compressRequest,
        { query, budgetTokens },
        token,
      );
      if (response) return response;
    } catch {
      // The server has told the log; a person is told below.
    }
    if (!token.isCancellationRequested) {
      void window.showErrorMessage('Stet: the context could not be made. “Stet: Show Log” says why.');
    }
    return undefined;
  });
}

type Next = 'copy' | 'open' | 'budget';

/** What was kept and dropped, under what can be done with it. */
async function preview(response: CompressResponse, budgetTokens: number): Promise<Next | undefined> {
  const { nTokens, nTokensBefore, pieces, note } = response;
  const ratio = nTokens > 0 ? `, ${(nTokensBefore / nTokens).toFixed(1)} times smaller` : '';
  const kept = pieces.filter(({ form }) => form !== 'dropped');
  const dropped = pieces.filter(({ form }) => form === 'dropped');
  const actions: (QuickPickItem & { next?: Next })[] = [
    ...(response.text ? [{ label: '$(copy) Copy', next: 'copy' as const }] : []),
    ...(response.text ? [{ label: '$(go-to-file) Open in an editor', next: 'open' as const }] : []),
    { label: '$(settings) Another budget…', next: 'budget' },
    ...section(`kept (${kept.length})`, kept),
    ...section(`dropped (${dropped.length})`, dropped),
  ];
  const picked = await window.showQuickPick(actions, {
    title: note ?? `${nTokens} of ${budgetTokens} tokens${ratio}`,
    matchOnDescription: true,
  });
  return picked && (picked.next ?? 'open');
}

function section(label: string, pieces: readonly CompressedPiece[]): QuickPickItem[] {
  if (pieces.length === 0) return [];
  const icons = {
    full: '$(check-all)',
    blocks: '$(check)',
    skeleton: '$(symbol-method)',
    dropped: '$(dash)',
  };
  return [
    { label, kind: QuickPickItemKind.Separator },
    ...pieces.map(({ path, name, form, startLine, endLine }) => ({
      label: `${icons[form]} ${name || path.split('/').at(-1)}`,
      description: `${path}:${startLine + 1}-${endLine + 1}${form === 'dropped' ? '' : `, ${form}`}`,
    })),
  ];
}
