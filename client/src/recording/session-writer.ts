/** SessionWriter: collects what is typed and asked in one document; pure, so that it can be tested anywhere. */

import type { SessionEvent } from '../../../protocol/session.ts';
import { redacted } from './redact.ts';

export interface WriterOptions {
  readonly name: string;
  readonly languageId: string;
  readonly text: string;
  readonly isRedacted: boolean;
}

/** A recording ends here; a day's typing is less. */
const maxEvents = 50_000;
/** What a question's line went on with is noted up to this length. */
const maxTruth = 200;

export class SessionWriter {
  private readonly events: SessionEvent[];
  /** Where the last change ended: a question elsewhere is a jump. */
  private lastEnd = -1;
  private hasAsked = false;

  constructor(private readonly options: WriterOptions) {
    const { name, languageId, text, isRedacted } = options;
    const hidden = name.replace(/^.*?(\.[^./\\]*)?$/, 'file$1');
    this.events = [
      {
        kind: 'open',
        name: isRedacted ? hidden : name,
        languageId,
        text: this.clean(text),
        ...(isRedacted && { isRedacted }),
      },
    ];
  }

  get isFull(): boolean {
    return this.events.length >= maxEvents;
  }

  get nQuestion(): number {
    return this.events.filter(({ kind }) => kind === 'complete').length;
  }

  edit(start: number, endExclusive: number, text: string, atMs: number): void {
    const isNear = start === this.lastEnd || endExclusive === this.lastEnd;
    if (!isNear) this.hasAsked = false;
    this.events.push({ kind: 'edit', start, endExclusive, text: this.clean(text), atMs: Math.round(atMs) });
    this.lastEnd = start + text.length;
  }

  ask(offset: number, atMs: number): void {
    const isJump = !this.hasAsked || offset !== this.lastEnd;
    this.events.push({ kind: 'complete', offset, truth: '', isJump, atMs: Math.round(atMs) });
    this.hasAsked = true;
  }

  /** The session, each question with what was typed after it. */
  finish(): SessionEvent[] {
    return this.events.map((event, i) =>
      event.kind === 'complete' ? { ...event, truth: typedAfter(this.events, i, event.offset) } : event,
    );
  }

  private clean(text: string): string {
    return this.options.isRedacted ? redacted(text) : text;
  }
}

/** What was typed at `offset` after event `i`, to the end of the line, as long as typing went on there. */
function typedAfter(events: readonly SessionEvent[], i: number, offset: number): string {
  let typed = '';
  for (let j = i + 1; j < events.length && typed.length < maxTruth; j++) {
    const event = events[j] as SessionEvent;
    if (event.kind !== 'edit') continue;
    const end = offset + typed.length;
    const isAppended = event.start === end && event.endExclusive === end;
    const isErased = event.endExclusive === end && event.start >= offset && event.text === '';
    if (isErased) typed = typed.slice(0, event.start - offset);
    else if (isAppended) typed += event.text;
    else break;
    const newline = typed.search(/[\r\n]/);
    if (newline >= 0) return typed.slice(0, newline);
  }
  return typed.slice(0, maxTruth);
}
