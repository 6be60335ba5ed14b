/** EnergySaver: what is left undone while the machine runs on its battery (stet.performance.onBattery). */

import type { Settings } from '../../../protocol/settings.ts';
import type { CompletionSettings } from '../engine/engine.ts';
import type { CodeSearch, IndexAction, IndexStatus } from '../engine/search/code-search.ts';
import type { Reporter } from './reporter.ts';

/** Quiet before the model is asked: a fast typist's keys then cost nothing, and a pause still does not feel long. */
const leastDebounceMs = 150;

type Policy = Settings['performance.onBattery'];

const notes: Readonly<Record<Policy, string | undefined>> = {
  same: undefined,
  saveEnergy:
    'On battery: nothing is looked for ahead, repaired or indexed in pauses (stet.performance.onBattery).',
  whenAsked: 'On battery: suggestions come when asked for (Alt+\\) only (stet.performance.onBattery).',
};

export class EnergySaver {
  private isOnBattery = false;
  private policy: Policy = 'same';
  private state: IndexStatus['state'] = 'off';
  /** We paused the index, so we let it go on. */
  private hasPaused = false;
  /** The user let it go on all the same; asked again on the next battery. */
  private isOverruled = false;

  constructor(
    private readonly search: Pick<CodeSearch, 'act'>,
    private readonly reporter: Pick<Reporter, 'powerNote' | 'log'>,
  ) {}

  /** Whether suggestions come only when they are asked for. */
  get onlyWhenAsked(): boolean {
    return this.isSaving && this.policy === 'whenAsked';
  }

  configured(settings: Settings): void {
    this.policy = settings['performance.onBattery'];
    this.apply();
  }

  powered(isOnBattery: boolean): void {
    this.isOnBattery = isOnBattery;
    this.isOverruled = false;
    this.reporter.log('info', `The machine runs on ${isOnBattery ? 'its battery' : 'mains'}.`);
    this.apply();
  }

  /** The index is as it says; one that begins to work on battery is paused. */
  indexStatus({ state }: IndexStatus): void {
    this.state = state;
    if (state === 'starting' || state === 'off') this.hasPaused = false; // it is another one
    this.apply();
  }

  /** A person said what to do with the index: that counts more. */
  indexCommanded(action: IndexAction): void {
    this.hasPaused = false;
    this.isOverruled = action === 'resume' || action === 'rebuild';
  }

  /** What a completion does without while energy is saved. */
  saving(settings: CompletionSettings): CompletionSettings {
    if (!this.isSaving) return settings;
    const debounceMs = Math.max(leastDebounceMs, settings.debounceMs);
    return { ...settings, lookAhead: false, idleRepair: false, debounceMs };
  }

  private get isSaving(): boolean {
    return this.isOnBattery && this.policy !== 'same';
  }

  private apply(): void {
    this.reporter.powerNote(this.isSaving ? notes[this.policy] : undefined);
    if (this.isSaving && this.state === 'indexing' && !this.hasPaused && !this.isOverruled) {
      this.hasPaused = true;
      this.act('pause');
    } else if (!this.isSaving && this.hasPaused) {
      this.hasPaused = false;
      this.act('resume');
    }
  }

  private act(action: IndexAction): void {
    this.search.act(action).catch((error: unknown) => this.reporter.log('warn', `Index: ${error}`));
  }
}
