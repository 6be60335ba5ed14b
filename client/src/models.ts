/** Models: “Stet: Choose Model…”: which model runs, downloads with consent and progress, deletes. */

// The choice is remembered by VS Code beside the settings, which we never write. The setting
// stet.model.folder, where a user fills it in, counts more.

import path from 'node:path';
import {
  commands,
  EventEmitter,
  type ExtensionContext,
  type Memento,
  ProgressLocation,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  type DeleteModelParams,
  type DownloadModelParams,
  type DownloadProgressParams,
  deleteModelRequest,
  downloadModelRequest,
  downloadProgressNotification,
  type ListedModelParams,
  type ModelsResponse,
  modelsRequest,
} from '../../protocol/messages.ts';
import { describeModel, sizeText } from './model-text.ts';

const mementoKey = 'modelFolder';

/** The model that was chosen by command. */
export class ModelChoice {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly memento: Memento;

  constructor(context: ExtensionContext) {
    this.memento = context.globalState;
    context.subscriptions.push(this.changed);
  }

  /** Absolute; undefined: the embedded model. */
  get folder(): string | undefined {
    return this.memento.get<string>(mementoKey);
  }

  async choose(folder: string | undefined): Promise<void> {
    await this.memento.update(mementoKey, folder);
    this.changed.fire();
  }
}

interface ModelItem extends QuickPickItem {
  readonly run?: () => Promise<unknown>;
  readonly model?: ListedModelParams;
}

const deleteButton = { iconPath: new ThemeIcon('trash'), tooltip: 'Delete from this machine' };

/** The command. */
export async function chooseModel(client: LanguageClient, choice: ModelChoice): Promise<void> {
  const fixed = workspace.getConfiguration('stet').get<string>('model.folder');
  if (fixed) {
    const open = 'Open Setting';
    const picked = await window.showInformationMessage(
      `The setting stet.model.folder says which model runs: ${fixed}. Empty it to choose here.`,
      open,
    );
    if (picked) await commands.executeCommand('workbench.action.openSettings', 'stet.model.folder');
    return;
  }
  const list = await client.sendRequest<ModelsResponse>(modelsRequest, {});
  const picker = window.createQuickPick<ModelItem>();
  picker.title = 'Stet: Choose Model';
  picker.placeholder = 'Which model writes the suggestions?';
  picker.matchOnDescription = true;
  picker.items = itemsOf(list, client, choice);
  picker.onDidTriggerItemButton(async ({ item }) => {
    picker.hide();
    if (item.model) await deleteModel(item.model, client, choice);
  });
  picker.onDidAccept(async () => {
    const [item] = picker.selectedItems;
    picker.hide();
    await item?.run?.();
  });
  picker.onDidHide(() => picker.dispose());
  picker.show();
}

function itemsOf(list: ModelsResponse, client: LanguageClient, choice: ModelChoice): ModelItem[] {
  const mark = (folder: string | undefined) => (folder === choice.folder ? '$(check) ' : '');
  const here = list.models.filter(({ folder }) => folder !== undefined);
  const offered = list.models.filter(({ folder }) => folder === undefined);
  const isListed = choice.folder === undefined || here.some(({ folder }) => folder === choice.folder);
  const separator = (label: string): ModelItem => ({ label, kind: QuickPickItemKind.Separator });
  return [
    separator('On this machine'),
    {
      label: `${mark(undefined)}Embedded model`,
      description: 'comes with Stet',
      run: () => choice.choose(undefined),
    },
    ...here.map((model) => ({
      label: mark(model.folder) + model.title,
      description: describeModel(model),
      buttons: [deleteButton],
      model,
      run: () => choice.choose(model.folder),
    })),
    ...(isListed || !choice.folder
      ? []
      : [{ label: mark(choice.folder) + path.basename(choice.folder), description: choice.folder }]),
    separator('To be downloaded'),
    ...offered.map((model) => ({
      label: `$(cloud-download) ${model.title}`,
      description: describeModel(model),
      ...(model.isTooLarge && {
        detail: '$(warning) It needs more than half of the memory of this machine.',
      }),
      run: () => download(model.repo as string, model, list, client, choice),
    })),
    separator('Another'),
    { label: '$(folder-opened) Import from a Folder…', run: () => importFolder(choice) },
    { label: '$(cloud-download) Download by Name…', run: () => downloadByName(list, client, choice) },
  ];
}

async function importFolder(choice: ModelChoice): Promise<void> {
  const folders = await window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    openLabel: 'Use This Model',
    title: 'A folder with config.json, tokenizer.json and *.safetensors',
  });
  if (folders?.[0]) await choice.choose(folders[0].fsPath);
}

async function downloadByName(
  list: ModelsResponse,
  client: LanguageClient,
  choice: ModelChoice,
): Promise<void> {
  const repo = await window.showInputBox({
    title: `A model on ${list.host}`,
    placeHolder: 'owner/name',
    prompt: 'A Llama, Mistral or Qwen2 model trained to fill in the middle, with *.safetensors.',
    validateInput: (text) =>
      /^[\w.-]+\/[\w.-]+$/.test(text.trim()) ? undefined : 'It is written owner/name.',
  });
  if (repo) await download(repo.trim(), undefined, list, client, choice);
}

async function download(
  repo: string,
  model: ListedModelParams | undefined,
  { host, libraryFolder }: ModelsResponse,
  client: LanguageClient,
  choice: ModelChoice,
): Promise<void> {
  const what = model ? `${model.title} (${sizeText(model.sizeBytes)}, ${model.licence})` : repo;
  const agree = 'Download';
  const answer = await window.showWarningMessage(
    `Download ${what} from ${host}?`,
    { modal: true, detail: `It is kept in ${libraryFolder}. Nothing of yours is sent.` },
    agree,
  );
  if (answer !== agree) return;
  const folder = await window.withProgress(
    { location: ProgressLocation.Notification, title: `Stet: ${repo}`, cancellable: true },
    async (progress, token) => {
      let shown = 0;
      const listener = client.onNotification(
        downloadProgressNotification,
        (params: DownloadProgressParams) => {
          if (params.repo !== repo) return;
          const percent = (100 * params.doneBytes) / params.totalBytes;
          const message = `${sizeText(params.doneBytes)} of ${sizeText(params.totalBytes)}`;
          progress.report({ message, increment: percent - shown });
          shown = percent;
        },
      );
      const proxy = workspace.getConfiguration('http').get<string>('proxy');
      const params: DownloadModelParams = { repo, ...(proxy && { proxy }) };
      try {
        return await client.sendRequest<string>(downloadModelRequest, params, token);
      } catch (error) {
        if (!token.isCancellationRequested) void window.showErrorMessage(`Stet: ${(error as Error).message}`);
        return undefined;
      } finally {
        listener.dispose();
      }
    },
  );
  if (folder) await choice.choose(folder);
}

async function deleteModel(
  model: ListedModelParams,
  client: LanguageClient,
  choice: ModelChoice,
): Promise<void> {
  const agree = 'Delete';
  const answer = await window.showWarningMessage(
    `Delete ${model.title} (${sizeText(model.sizeBytes)}) from this machine?`,
    { modal: true },
    agree,
  );
  if (answer !== agree || !model.folder) return;
  if (choice.folder === model.folder) await choice.choose(undefined);
  const params: DeleteModelParams = { folder: model.folder };
  try {
    await client.sendRequest(deleteModelRequest, params);
  } catch (error) {
    void window.showErrorMessage(`Stet: ${(error as Error).message}`);
  }
}
