/** Toggles: on or off, as a whole and by language, laid over the user's settings and kept by VS Code. */

// The commands never write settings. What they choose is remembered beside them, and forgotten as
// soon as the user changes the setting itself.

import { EventEmitter, type ExtensionContext, type Memento, workspace } from 'vscode';
import { defaultSettings } from '../../protocol/settings.ts';
import {
  effectiveSettings,
  type OffReason,
  type Overrides,
  offReason,
  toggled,
  toggledLanguage,
} from './overrides.ts';

const mementoKey = 'toggles';

const msPerMinute = 60_000;

/** A day: whoever wants longer turns it off. */
const maxSnoozeMinutes = 24 * 60;

export class Toggles {
  private readonly changed = new EventEmitter<void>();
  /** After every change of what is on or off, whether by command or by setting. */
  readonly onDidChange = this.changed.event;
  private readonly memento: Memento;
  private snooze: { readonly until: Date; readonly timer: NodeJS.Timeout } | undefined;

  constructor(context: ExtensionContext) {
    this.memento = context.globalState;
    context.subscriptions.push(
      this.changed,
      { dispose: () => clearTimeout(this.snooze?.timer) },
      workspace.onDidChangeConfiguration((event) => {
        const { enable, languages } = this.overrides;
        const isEnableSet = event.affectsConfiguration('stet.enable');
        const areLanguagesSet = event.affectsConfiguration('stet.disabledLanguages');
        if (!isEnableSet && !areLanguagesSet) return;
        void this.store({
          ...(enable !== undefined && !isEnableSet && { enable }),
          languages: areLanguagesSet ? {} : languages,
        });
      }),
    );
  }

  /** The two settings as they count, for the server. */
  get effective(): { enable: boolean; disabledLanguages: readonly string[] } {
    const effective = effectiveSettings(this.settings, this.overrides);
    return this.snooze ? { ...effective, enable: false } : effective;
  }

  /** Until when suggestions while typing are snoozed. */
  get snoozedUntil(): Date | undefined {
    return this.snooze?.until;
  }

  /** No suggestions while typing for so long; 0 ends that. Forgotten when the window closes. */
  snoozeFor(minutes: number): void {
    clearTimeout(this.snooze?.timer);
    this.snooze = undefined;
    if (minutes > 0) {
      const ms = Math.min(minutes, maxSnoozeMinutes) * msPerMinute;
      const timer = setTimeout(() => this.snoozeFor(0), ms);
      this.snooze = { until: new Date(Date.now() + ms), timer };
    }
    this.changed.fire();
  }

  /** Why there are no suggestions while typing in this language; undefined when there are. What a snooze ends comes last. */
  offReason(languageId: string | undefined): OffReason | undefined {
    const lasting = offReason(effectiveSettings(this.settings, this.overrides), languageId);
    return lasting ?? (this.snooze && 'snoozed');
  }

  toggle(): Promise<void> {
    return this.store(toggled(this.settings, this.overrides));
  }

  toggleLanguage(languageId: string): Promise<void> {
    return this.store(toggledLanguage(this.settings, this.overrides, languageId));
  }

  private get settings() {
    const defaults = defaultSettings();
    const configuration = workspace.getConfiguration('stet');
    return {
      enable: configuration.get('enable', defaults.enable),
      disabledLanguages: configuration.get('disabledLanguages', defaults.disabledLanguages),
    };
  }

  private get overrides(): Overrides {
    return this.memento.get<Overrides>(mementoKey, { languages: {} });
  }

  private async store(overrides: Overrides): Promise<void> {
    await this.memento.update(mementoKey, overrides);
    this.changed.fire();
  }
}
