/** Models: “Stet: Choose Model…”: which model runs, downloads with consent and progress, deletes. */

// The choice is remembered by VS Code beside the settings, which we never write. The setting
// stet.model.folder, where a user fills it in, counts more.

import path from 'node:path';
import {
  CancellationTokenSource,
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
  measureModelRequest,
  modelsRequest,
} from '../../protocol/messages.ts';
import { adviceOn, describeModel, memoryText, sizeText } from './model-text.ts';

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
  /** The same before and after the list is filled anew. */
  readonly key?: string;
  readonly run?: (() => Promise<unknown>) | undefined;
  /** It measures, and the list stays. */
  readonly measures?: true;
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
  await new ModelPicker(client, choice).show();
}

/** The list of models. Opened for the first time on a machine it measures that, and puts the figures in. */
class ModelPicker {
  private readonly picker = window.createQuickPick<ModelItem>();
  private readonly measuring = new CancellationTokenSource();

  constructor(
    private readonly client: LanguageClient,
    private readonly choice: ModelChoice,
  ) {}

  async show(): Promise<void> {
    const { picker, client, choice } = this;
    const list = await client.sendRequest<ModelsResponse>(modelsRequest, {});
    picker.title = 'Stet: Choose Model';
    picker.matchOnDescription = true;
    picker.onDidTriggerItemButton(async ({ item }) => {
      picker.hide();
      if (item.model) await deleteModel(item.model, client, choice);
    });
    picker.onDidAccept(async () => {
      const [item] = picker.selectedItems;
      if (item?.measures) return void this.measure(list);
      picker.hide();
      await item?.run?.();
    });
    picker.onDidHide(() => {
      this.measuring.cancel();
      picker.dispose();
    });
    this.fill(list, `Which model writes the suggestions? ${memoryText(list.memory)}`);
    picker.show();
    if (!list.isMeasured) await this.measure(list);
  }

  /** Ended by hiding the list. */
  private async measure(list: ModelsResponse): Promise<void> {
    const { picker } = this;
    if (picker.busy) return;
    picker.busy = true;
    picker.placeholder = 'Measuring this machine, for five seconds at most… You can choose meanwhile.';
    const { token } = this.measuring;
    try {
      const measured = await this.client.sendRequest<ModelsResponse>(measureModelRequest, {}, token);
      if (!token.isCancellationRequested)
        this.fill(measured, `Which model writes the suggestions? ${memoryText(list.memory)}`);
    } catch (error) {
      if (!token.isCancellationRequested)
        picker.placeholder = `This machine could not be measured: ${(error as Error).message}`;
    } finally {
      if (!token.isCancellationRequested) picker.busy = false;
    }
  }

  /** Puts the entries in, and stays at the one that was chosen. */
  private fill(list: ModelsResponse, placeholder: string): void {
    const { picker } = this;
    const key = picker.activeItems[0]?.key;
    picker.placeholder = placeholder;
    picker.items = itemsOf(list, this.client, this.choice);
    const active = picker.items.filter((item) => key !== undefined && item.key === key);
    if (active.length > 0) picker.activeItems = active;
  }
}

function itemsOf(list: ModelsResponse, client: LanguageClient, choice: ModelChoice): ModelItem[] {
  const embedded = list.models.find(({ isEmbedded }) => isEmbedded);
  const others = list.models.filter((model) => model !== embedded);
  const here = others.filter(({ folder }) => folder !== undefined);
  const offered = others.filter(({ folder }) => folder === undefined);
  const isListed = choice.folder === undefined || here.some(({ folder }) => folder === choice.folder);
  const separator = (label: string): ModelItem => ({ label, kind: QuickPickItemKind.Separator });
  const entry = (
    model: ListedModelParams | undefined,
    icon: string,
    label: string,
    run: ModelItem['run'],
  ): ModelItem => {
    const advice = model && adviceOn(model);
    return {
      label: icon + label,
      key: label,
      ...(model && { description: describeModel(model) }),
      ...(advice && { detail: advice }),
      run,
    };
  };
  const mark = (folder: string | undefined) => (folder === choice.folder ? '$(check) ' : '');
  return [
    separator('On this machine'),
    entry(embedded, mark(undefined), 'Embedded model', () => choice.choose(undefined)),
    ...here.map((model) => ({
      ...entry(model, mark(model.folder), model.title, () => choice.choose(model.folder)),
      ...(model.repo !== undefined && { buttons: [deleteButton], model }),
    })),
    ...(isListed || !choice.folder
      ? []
      : [{ label: mark(choice.folder) + path.basename(choice.folder), description: choice.folder }]),
    separator('To be downloaded'),
    ...offered.map((model) =>
      entry(model, '$(cloud-download) ', model.title, () =>
        download(model.repo as string, model, list, client, choice),
      ),
    ),
    separator('Another'),
    { label: '$(folder-opened) Import from a Folder…', run: () => importFolder(choice) },
    { label: '$(cloud-download) Download by Name…', run: () => downloadByName(list, client, choice) },
    { label: '$(dashboard) Measure This Machine Again', measures: true },
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
