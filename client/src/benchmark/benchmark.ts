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
import type { SessionEvent } from '../../../protocol/session.ts';
import { defaultSettings, type SettingKey } from '../../../protocol/settings.ts';
import type { OverlaidSettings, SettingsOverlay } from '../settings-overlay.ts';
import type { Status } from '../status.ts';
import type { RequestLog } from '../trace/request-log.ts';
import { BenchmarkView } from './benchmark-view.ts';
import { InterruptedError, playSession } from './player.ts';
import {
  type BenchmarkReport,
  buildReport,
  type Machine,
  type Measurement,
  reportVersion,
} from './report.ts';
import { roundsOf, warmUpOf } from './rounds.ts';
import { type Source, type SourceKind, sourceOf } from './sources.ts';
import { parseComparison, type Variant, variantsOf } from './variants.ts';

export interface BenchmarkParts {
  readonly context: ExtensionContext;
  readonly status: Status;
  readonly requests: RequestLog;
  readonly overlay: SettingsOverlay;
}

/** What the command takes as its argument, for keybindings and tests; what is absent is asked for. */
export interface BenchmarkOptions {
  readonly source?: SourceKind;
  /** Questions per setting, all rounds together. */
  readonly nQuestion?: number;
  /** What is compared with the settings as they are; absent: edit reuse and types the other way round. */
  readonly against?: OverlaidSettings;
}

const previousKey = 'benchmark.previous';
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
      const isAsked = kind === 'recorded' && !options.source;
      const against = options.against ?? (isAsked ? await pickComparison() : undefined);
      const switches = {
        'completion.editReuse': settingOf('completion.editReuse'),
        'types.enable': settingOf('types.enable'),
      };
      const variants = variantsOf(switches, against);
      const report = await window.withProgress(
        { location: ProgressLocation.Notification, title: 'Stet: benchmark', cancellable: true },
        (progress, token) => {
          token.onCancellationRequested(() => own.cancel());
          return this.measure(
            source,
            { variants, nQuestion: options.nQuestion ?? source.nQuestion },
            progress,
            own.token,
          );
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
    this.view.show(report, previous?.version === reportVersion ? previous : undefined);
  }

  private async measure(
    source: Source,
    { variants, nQuestion }: { readonly variants: readonly Variant[]; readonly nQuestion: number },
    progress: Progress<{ message?: string; increment?: number }>,
    token: CancellationToken,
  ): Promise<BenchmarkReport> {
    const { requests, overlay, status, context } = this.parts;
    const folder = Uri.joinPath(context.globalStorageUri, 'benchmark');
    await workspace.fs.createDirectory(folder);
    const measured = variants.map(({ name }) => ({ name, measurements: [] as Measurement[] }));
    const play = (session: readonly SessionEvent[], n: number) =>
      playSession(session, folder, requests, token, n);
    const plan = roundsOf(source.sessions, nQuestion);
    const increment = 100 / (plan.length * variants.length);
    try {
      // What only the first question of a language waits for belongs to nobody's figures.
      progress.report({ message: 'warming up' });
      for (const session of warmUpOf(source.sessions)) await play(session, 1);
      for (const [i, { session, at, round, nQuestion }] of plan.entries()) {
        // Settings take turns at being first, so that none always has the warm machine.
        for (let j = 0; j < variants.length; j++) {
          const nth = (i + j) % variants.length;
          const variant = variants[nth] as Variant;
          await overlay.set(variant.overlay);
          progress.report({ message: `${variant.name}, round ${round + 1}, session ${at + 1}`, increment });
          const answered = await play(session, nQuestion);
          const measurements = answered.map((one, question) => ({ ...one, session: at, question, round }));
          measured[nth]?.measurements.push(...measurements);
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
      detail: 'What was typed in real commits. Compares machines and settings; one to two minutes.',
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

/** Undefined: as for any other source. Throws a CancellationError when the user gives up. */
async function pickComparison(): Promise<OverlaidSettings | undefined> {
  const usual = { label: '$(arrow-swap) Edit reuse and types, the other way round' };
  const other = { label: '$(settings) Another value of a setting…' };
  const title = 'Stet: Benchmark';
  const placeHolder = 'What to compare with the settings as they are';
  const picked = await window.showQuickPick([usual, other], { title, placeHolder });
  if (picked === usual) return undefined;
  const text =
    picked &&
    (await window.showInputBox({
      title,
      prompt: 'The session is played as it is set and with this, by turns; your settings stay as they are',
      value: 'completion.contextTokens 512',
      validateInput: (typed) => {
        const read = parseComparison(typed);
        return typeof read === 'string' ? read : undefined;
      },
    }));
  const read = text === undefined ? undefined : parseComparison(text);
  if (read === undefined || typeof read === 'string') throw new CancellationError();
  return read;
}
