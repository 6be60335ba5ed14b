/** Typing sessions: what was typed and asked in one file, as JSON lines; docs/trace-format.md says more. */

// Recorded by the editor (client/src/recording), derived from commits (scripts/traces.mjs), replayed in
// the editor and by `npm run bench -- replay`. Offsets are UTF-16 code units of the text as it is then.

export type SessionEvent = OpenEvent | EditEvent | AskEvent;

/** First event: the file as it was. */
export interface OpenEvent {
  readonly kind: 'open';
  /** Relative path, or a made-up name. */
  readonly name: string;
  readonly languageId: string;
  readonly text: string;
  /** Letters and digits were replaced: times can be measured, hits cannot. */
  readonly isRedacted?: boolean;
}

/** [start, endExclusive) was replaced by `text`. */
export interface EditEvent {
  readonly kind: 'edit';
  readonly start: number;
  readonly endExclusive: number;
  readonly text: string;
  /** Milliseconds since the session began; absent where nobody typed. */
  readonly atMs?: number;
}

/** A suggestion was asked for. */
export interface AskEvent {
  readonly kind: 'complete';
  readonly offset: number;
  /** What the line then went on with. */
  readonly truth: string;
  /** The first question after the cursor came from elsewhere. */
  readonly isJump: boolean;
  readonly atMs?: number;
}

/** More than anyone types in a day; a file that claims more is no session. */
const maxEvents = 200_000;
const maxTextLength = 4 << 20;

/** Reads a session and checks that it can be played. Throws an Error that names the line that is wrong. */
export function parseSession(jsonLines: string): SessionEvent[] {
  const lines = jsonLines.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > maxEvents) throw new Error(`The session has more than ${maxEvents} events.`);
  const events: SessionEvent[] = [];
  let length = -1;
  for (const [i, line] of lines.entries()) {
    const event = parseEvent(line);
    const next = event && lengthAfter(event, length);
    if (event === undefined || next === undefined || next > maxTextLength) {
      throw new Error(`Line ${i + 1} of the session is no event, or does not fit the text before it.`);
    }
    length = next;
    events.push(event);
  }
  if (events.length === 0) throw new Error('The session is empty.');
  return events;
}

export function formatSession(events: readonly SessionEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

function parseEvent(line: string): SessionEvent | undefined {
  let event: Partial<Record<string, unknown>>;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof event !== 'object' || event === null) return undefined;
  const isText = (...keys: string[]) => keys.every((key) => typeof event[key] === 'string');
  const isCount = (...keys: string[]) => keys.every((key) => Number.isInteger(event[key]));
  const isEvent =
    (event.kind === 'open' && isText('name', 'languageId', 'text')) ||
    (event.kind === 'edit' && isText('text') && isCount('start', 'endExclusive')) ||
    (event.kind === 'complete' && isText('truth') && isCount('offset'));
  return isEvent ? (event as unknown as SessionEvent) : undefined;
}

/** The text's length after `event`; undefined when the event does not fit. -1: nothing is open yet. */
function lengthAfter(event: SessionEvent, length: number): number | undefined {
  if (event.kind === 'open') return length < 0 ? event.text.length : undefined;
  if (event.kind === 'complete') return event.offset >= 0 && event.offset <= length ? length : undefined;
  const { start, endExclusive, text } = event;
  if (start < 0 || start > endExclusive || endExclusive > length) return undefined;
  return length - (endExclusive - start) + text.length;
}
