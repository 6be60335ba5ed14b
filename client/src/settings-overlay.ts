/** SettingsOverlay: settings that hold for a measurement only; the user's own are never written. */

import { EventEmitter } from 'vscode';
import type { SettingKey, Settings } from '../../protocol/settings.ts';

export type OverlaidSettings = Partial<Pick<Settings, SettingKey>>;

/** Until the server has asked for its settings again; it asks at once, unless it is busy starting. */
const patienceMs = 3000;

export class SettingsOverlay {
  private readonly changed = new EventEmitter<void>();
  /** The server is to be told that its settings changed. */
  readonly onDidChange = this.changed.event;
  private readonly read = new EventEmitter<void>();
  private overlaid: OverlaidSettings = {};

  /** For the middleware: what lies over the settings now. */
  take(): OverlaidSettings {
    setTimeout(() => this.read.fire(), 0); // the answer is on its way
    return this.overlaid;
  }

  /** Resolves when the server has been given these. */
  async set(settings: OverlaidSettings): Promise<void> {
    if (JSON.stringify(settings) === JSON.stringify(this.overlaid)) return;
    this.overlaid = settings;
    const taken = new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        listener.dispose();
        resolve();
      };
      const timer = setTimeout(done, patienceMs);
      const listener = this.read.event(done);
    });
    this.changed.fire();
    await taken;
  }
}
