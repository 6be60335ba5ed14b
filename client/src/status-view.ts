/** statusView: what the status item says, as plain texts; pure, so that it can be tested anywhere. */

import type { IndexStatusParams, OracleParams, StatusParams, TraceParams } from '../../protocol/messages.ts';
import type { OffReason } from './overrides.ts';
import { indexLine, percentOf } from './search/result-lines.ts';

export interface StatusInput {
  readonly server: StatusParams;
  /** Why the active editor gets no suggestions while typing. */
  readonly off: OffReason | undefined;
  readonly languageId: string | undefined;
  /** The time of day when a snooze ends, for people. */
  readonly snoozedUntil?: string | undefined;
  readonly trace: TraceParams | undefined;
  /** Static analysis of the active editor's language. */
  readonly oracle?: OracleParams | undefined;
  readonly index?: IndexStatusParams | undefined;
}

export interface StatusView {
  /** With codicons, as StatusBarItem.text takes them. */
  readonly text: string;
  /** Markdown. */
  readonly hover: string;
  /** What a screen reader says. */
  readonly label: string;
  readonly isError: boolean;
}

export function statusView(input: StatusInput): StatusView {
  const { server, off, languageId, snoozedUntil, trace, oracle, index } = input;
  const isError = server.state === 'error';
  const lines = [headline(server)];
  if (off === 'everywhere') lines.push('Suggestions while typing are off.');
  if (off === 'language') lines.push(`Suggestions while typing are off in ${languageId} files.`);
  if (off === 'snoozed') lines.push(`Suggestions while typing are snoozed until ${snoozedUntil}.`);
  if (server.power) lines.push(escapeMarkdown(server.power));
  if (trace) lines.push(traceLine(trace));
  if (oracle && oracle.health !== 'off') lines.push(oracleLine(oracle, languageId));
  if (index && index.state !== 'off') lines.push(`Search: ${escapeMarkdown(indexLine(index))}`);
  const percent = index?.state === 'indexing' ? ` ${percentOf(index)} %` : '';
  const label = `Stet: ${[server.detail, ...(index ? [indexLine(index)] : [])].join(', ')}`;
  return { text: `$(${icon(server, off)}) Stet${percent}`, hover: lines.join('\n\n'), label, isError };
}

function icon(server: StatusParams, off: OffReason | undefined): string {
  if (server.state === 'error') return 'warning';
  if (server.state === 'loading') return 'loading~spin';
  if (off === 'snoozed') return 'bell-slash';
  return off ? 'circle-slash' : 'ellipsis'; // the proofreader's dots: let it stand
}

function headline({ state, detail }: StatusParams): string {
  if (state === 'ready') return `**Stet** is ready: ${escapeMarkdown(detail)}`;
  return `**Stet**: ${escapeMarkdown(detail)}`;
}

/** One request in one line: what came of it, how long it took, and what the cache saved. */
function traceLine({ outcome, ms, nKept, nShifted, nNew, rows, nTokens }: TraceParams): string {
  const nPrompt = nKept + nShifted + nNew;
  const moved = nShifted > 0 ? `, moved ${nShifted}` : '';
  const cost = nPrompt > 0 ? `, read ${nNew} of ${nPrompt} tokens anew${moved} (${rows})` : '';
  return `Last request: ${outcome} in ${Math.round(ms)} ms${cost}, wrote ${nTokens}.`;
}

/** Who knows the names of the active file, or how somebody could. */
function oracleLine({ name, health, detail }: OracleParams, languageId: string | undefined): string {
  if (health === 'ready') return `Types: ${escapeMarkdown(name)} says which names exist.`;
  if (health === 'starting') return `Types: ${escapeMarkdown(name)} is starting…`;
  return `Types: nobody says which names exist in ${languageId} files: ${escapeMarkdown(detail)}`;
}

/** A path with underscores must not turn into italics. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!<>|]/g, '\\$&');
}
