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

export class Toggles {
  private readonly changed = new EventEmitter<void>();
  /** After every change of what is on or off, whether by command or by setting. */
  readonly onDidChange = this.changed.event;
  private readonly memento: Memento;

  constructor(context: ExtensionContext) {
    this.memento = context.globalState;
    context.subscriptions.push(
      this.changed,
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
    return effectiveSettings(this.settings, this.overrides);
  }

  /** Why there are no suggestions while typing in this language; undefined when there are. */
  offReason(languageId: string): OffReason | undefined {
    return offReason(this.effective, languageId);
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
