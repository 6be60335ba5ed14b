/** Benchmark: “Stet: Benchmark”, from the choice of what to play to the report on screen. */

import os from 'node:os';
import {
  CancellationError,
  type CancellationToken,
  CancellationTokenSource,
  type ExtensionContext,
  type Progress,
  ProgressLocation,
  type QuickPickItem,
  Uri,
  version,
  window,
  workspace,
} from 'vscode';
import { defaultSettings, type SettingKey } from '../../../protocol/settings.ts';
import type { OverlaidSettings, SettingsOverlay } from '../settings-overlay.ts';
import type { Status } from '../status.ts';
import type { RequestLog } from '../trace/request-log.ts';
import { BenchmarkView } from './benchmark-view.ts';
import { InterruptedError, playSession } from './player.ts';
import { type BenchmarkReport, buildReport, type Machine, type Measurement } from './report.ts';
import { type Source, type SourceKind, sourceOf } from './sources.ts';

export interface BenchmarkParts {
  readonly context: ExtensionContext;
  readonly status: Status;
  readonly requests: RequestLog;
  readonly overlay: SettingsOverlay;
}

/** What the command takes as its argument, for keybindings and tests; what is absent is asked for. */
export interface BenchmarkOptions {
  readonly source?: SourceKind;
  /** Questions per setting. */
  readonly nQuestion?: number;
}

interface Variant {
  readonly name: string;
  readonly overlay: OverlaidSettings;
}

const previousKey = 'benchmark.previous';
const defaultQuestions = 60;
/** What a report says of the settings. */
const reported: readonly SettingKey[] = [
  'completion.contextTokens',
  'completion.debounceMs',
  'completion.editReuse',
  'completion.maxTokens',
  'types.enable',
  'model.format',
  'threads',
];

export class Benchmark {
  private readonly view: BenchmarkView;
  private running: CancellationTokenSource | undefined;

  constructor(private readonly parts: BenchmarkParts) {
    this.view = new BenchmarkView(parts.context);
  }

  /** Runs once at a time. Resolves to the report, or undefined when there is none. */
  async run(options: BenchmarkOptions = {}): Promise<BenchmarkReport | undefined> {
    if (this.running) return void window.showInformationMessage('Stet: a benchmark is running already.');
    if (this.parts.status.current.state !== 'ready') {
      return void window.showWarningMessage(`Stet is not ready: ${this.parts.status.current.detail}`);
    }
    const own = new CancellationTokenSource();
    this.running = own;
    try {
      const kind = options.source ?? (await pickSource());
      const source = kind && (await sourceOf(kind, this.parts.context));
      if (!source || source.sessions.length === 0) return undefined;
      const report = await window.withProgress(
        { location: ProgressLocation.Notification, title: 'Stet: benchmark', cancellable: true },
        (progress, token) => {
          token.onCancellationRequested(() => own.cancel());
          return this.measure(source, options.nQuestion ?? defaultQuestions, progress, own.token);
        },
      );
      await this.show(report);
      return report;
    } catch (error) {
      if (error instanceof CancellationError) return undefined;
      const message = error instanceof Error ? error.message : String(error);
      void window.showWarningMessage(`Stet: no benchmark. ${message}`);
      return undefined;
    } finally {
      own.dispose();
      this.running = undefined;
    }
  }

  /** Ends the run that is under way. */
  cancel(): void {
    this.running?.cancel();
  }

  private async show(report: BenchmarkReport): Promise<void> {
    const { globalState } = this.parts.context;
    const previous = globalState.get<BenchmarkReport>(previousKey);
    await globalState.update(previousKey, report);
    this.view.show(report, previous?.version === 1 ? previous : undefined);
  }

  private async measure(
    source: Source,
    nQuestion: number,
    progress: Progress<{ message?: string; increment?: number }>,
    token: CancellationToken,
  ): Promise<BenchmarkReport> {
    const { requests, overlay, status, context } = this.parts;
    const folder = Uri.joinPath(context.globalStorageUri, 'benchmark');
    await workspace.fs.createDirectory(folder);
    const variants = variantsHere();
    const measured = variants.map(({ name }) => ({ name, measurements: [] as Measurement[] }));
    const perSession = Math.ceil(nQuestion / source.sessions.length);
    const increment = 100 / (perSession * source.sessions.length * variants.length);
    try {
      for (const [i, session] of source.sessions.entries()) {
        // Settings take turns at being first, so that none always has the warm machine.
        for (let j = 0; j < variants.length; j++) {
          const at = (i + j) % variants.length;
          const variant = variants[at] as Variant;
          await overlay.set(variant.overlay);
          const onQuestion = () =>
            progress.report({ message: `${variant.name}, session ${i + 1}`, increment });
          const limits = { nQuestion: perSession, onQuestion };
          measured[at]?.measurements.push(...(await playSession(session, folder, requests, token, limits)));
        }
      }
    } finally {
      await overlay.set({});
      await workspace.fs.delete(folder, { recursive: true });
    }
    if (measured.some(({ measurements }) => measurements.length === 0)) {
      throw new InterruptedError('There was nothing to ask.');
    }
    const facts = {
      date: new Date().toISOString().slice(0, 16).replace('T', ' '),
      source: source.name,
      model: status.current.detail,
      machine: machineHere(this.parts.context),
      settings: Object.fromEntries(reported.map((key) => [key, settingOf(key)])),
    };
    return buildReport(facts, measured);
  }
}

function settingOf<K extends SettingKey>(key: K) {
  return workspace.getConfiguration('stet').get(key, defaultSettings()[key]);
}

/** The product as it is set, and the same with one thing the other way round. */
function variantsHere(): Variant[] {
  const hasReuse = settingOf('completion.editReuse');
  const hasTypes = settingOf('types.enable');
  return [
    { name: 'as set', overlay: {} },
    {
      name: hasReuse ? 'prefix reuse only' : 'edit reuse',
      overlay: { 'completion.editReuse': !hasReuse },
    },
    { name: hasTypes ? 'without types' : 'with types', overlay: { 'types.enable': !hasTypes } },
  ];
}

function machineHere({ extension }: ExtensionContext): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown processor',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 1e9),
    platform: `${os.platform()} ${os.arch()}`,
    editor: `VS Code ${version}`,
    stet: String(extension.packageJSON.version),
    loadAverage: os.loadavg()[0] ?? 0,
  };
}

async function pickSource(): Promise<SourceKind | undefined> {
  const items: (QuickPickItem & { readonly source: SourceKind })[] = [
    {
      source: 'sessions',
      label: '$(history) Bundled typing sessions',
      detail: 'What was typed in real commits. Compares machines and settings; about a minute.',
    },
    {
      source: 'file',
      label: '$(file-code) Current file',
      detail: 'Lines of the active file are begun anew, in a copy that is closed afterwards.',
    },
    {
      source: 'workspace',
      label: '$(root-folder) Workspace',
      detail: 'The same in copies of a few files of the workspace.',
    },
    {
      source: 'recorded',
      label: '$(record) A recorded session…',
      detail: 'What “Stet: Record Typing Session” wrote.',
    },
  ];
  const picked = await window.showQuickPick(items, {
    title: 'Stet: Benchmark',
    placeHolder: 'What to type. Leave the editor alone meanwhile; no file is changed.',
  });
  return picked?.source;
}
