/** Statistics: how much of what was accepted is still there after a while, by language; pure but for time and store. */

import { RetainedText, type TextReplaced } from './retained-text.ts';

/** Seconds after which is looked: who takes a suggestion back does so at once or while reading on. */
export const lookSeconds = [30, 120] as const;

export interface LanguageFigures {
  readonly nAccepted: number;
  /** Characters of all of these. */
  readonly nChars: number;
  /** By the seconds of {@link lookSeconds}; what was closed before is not in them. */
  readonly after: Readonly<Record<string, { readonly n: number; nChars: number; nRetained: number }>>;
}

/** By language identifier. */
export type Figures = Readonly<Record<string, LanguageFigures>>;

export interface StatisticsPorts {
  /** What is kept between sessions; `undefined` where nothing is yet. */
  readonly load: () => Figures | undefined;
  readonly save: (figures: Figures | undefined) => void;
  /** Runs `act` once after so many seconds; gives back what calls that off. */
  readonly after: (seconds: number, act: () => void) => () => void;
  /** Whether the user wants to be counted. */
  readonly isEnabled: () => boolean;
}

interface Tracked {
  readonly uri: string;
  readonly text: RetainedText;
  readonly callOff: readonly (() => void)[];
}

/** Texts that are watched at once: more than anyone accepts in two minutes. */
const maxTracked = 200;

export class Statistics {
  private readonly tracked = new Set<Tracked>();

  constructor(private readonly ports: StatisticsPorts) {}

  get figures(): Figures {
    return this.ports.load() ?? {};
  }

  /** A suggestion was accepted and stands at [start, endExclusive). */
  accepted(uri: string, languageId: string, start: number, endExclusive: number): void {
    if (!this.ports.isEnabled()) return;
    const nChars = endExclusive - start;
    this.add(languageId, (old) => ({ ...old, nAccepted: old.nAccepted + 1, nChars: old.nChars + nChars }));
    if (this.tracked.size >= maxTracked) return;
    const text = new RetainedText(start, endExclusive);
    const last = lookSeconds.at(-1);
    const callOff = lookSeconds.map((seconds) =>
      this.ports.after(seconds, () => {
        this.look(languageId, seconds, text);
        if (seconds === last) this.tracked.delete(one);
      }),
    );
    const one: Tracked = { uri, text, callOff };
    this.tracked.add(one);
  }

  edited(uri: string, changes: readonly TextReplaced[]): void {
    for (const { uri: own, text } of this.tracked) {
      if (own === uri) for (const change of changes) text.edited(change);
    }
  }

  closed(uri: string): void {
    for (const one of this.tracked) if (one.uri === uri) this.forget(one);
  }

  /** Forgets all that was counted. */
  reset(): void {
    for (const one of this.tracked) this.forget(one);
    this.ports.save(undefined);
  }

  dispose(): void {
    for (const one of this.tracked) this.forget(one);
  }

  private forget(one: Tracked): void {
    for (const callOff of one.callOff) callOff();
    this.tracked.delete(one);
  }

  private look(languageId: string, seconds: number, { nAccepted, nRetained }: RetainedText): void {
    if (!this.ports.isEnabled()) return;
    this.add(languageId, (old) => {
      const before = old.after[seconds] ?? { n: 0, nChars: 0, nRetained: 0 };
      const now = {
        n: before.n + 1,
        nChars: before.nChars + nAccepted,
        nRetained: before.nRetained + nRetained,
      };
      return { ...old, after: { ...old.after, [seconds]: now } };
    });
  }

  private add(languageId: string, change: (old: LanguageFigures) => LanguageFigures): void {
    const { figures } = this; // read anew: another window may have counted meanwhile
    const old = figures[languageId] ?? { nAccepted: 0, nChars: 0, after: {} };
    this.ports.save({ ...figures, [languageId]: change(old) });
  }
}
