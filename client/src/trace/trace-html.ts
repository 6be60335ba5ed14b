/** traceHtml: the last requests as HTML; pure, so that it can be tested anywhere. */

import type { RegretParams, TraceParams } from '../../../protocol/messages.ts';
import { escapeHtml } from '../escape-html.ts';
import { type StageName, stageNames, stagesOf } from '../stages.ts';
import { reasonOf } from './reasons.ts';
import type { LoggedRequest } from './request-log.ts';

/** A suggestion's text is cut here; the rest is on screen anyway. */
const maxShownText = 300;

/** The panel's body when it is opened. */
export function tracePage(requests: readonly LoggedRequest[]): string {
  return `<main><h1>Why this suggestion, or none</h1>
<p class="lead">The last requests, newest first. Nothing here leaves your machine, and nothing is kept.</p>
<div id="requests">${traceHtml(requests)}</div></main>`;
}

/** Newest first; the newest is open. */
export function traceHtml(requests: readonly LoggedRequest[]): string {
  if (requests.length === 0) {
    return '<p class="nothing">No request yet. Type in a file, or ask with Alt+\\.</p>';
  }
  return [...requests].reverse().map(requestHtml).join('\n');
}

function requestHtml(request: LoggedRequest, i: number): string {
  const { outcome, uri, line, character, trace, text, at } = request;
  const reason = reasonOf(outcome);
  const stages = stagesOf(request);
  const total = Object.values(stages).reduce((a, b) => a + b, 0);
  const name = decodeURIComponent(uri.split('/').at(-1) ?? uri);
  const place = `${name}:${line + 1}:${character + 1}`;
  return `<details data-id="${request.id}"${i === 0 ? ' open' : ''}>
<summary><span class="mark ${reason.isShown ? 'shown' : 'silent'}">${reason.isShown ? 'shown' : 'silent'}</span>
<span class="words">${escapeHtml(reason.words)}</span>
<span class="place">${escapeHtml(place)}</span>
<span class="ms">${ms(total)}</span></summary>
<div class="more">
${reason.wayOut ? `<p class="way-out">${escapeHtml(reason.wayOut)}</p>` : ''}
${text === undefined ? '' : `<pre tabindex="0" aria-label="Suggestion">${escapeHtml(text.slice(0, maxShownText))}</pre>`}
${bar(stages, total)}
${facts(request, trace)}
<p class="small">${escapeHtml(at.toLocaleTimeString())} · reason code <code>${escapeHtml(outcome)}</code></p>
</div>
</details>`;
}

const ms = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** The stages side by side, and the same in words. */
function bar(stages: ReturnType<typeof stagesOf>, total: number): string {
  const spent = (Object.keys(stages) as StageName[]).filter((name) => stages[name] >= 0.05);
  if (total <= 0 || spent.length === 0) return '';
  let at = 0;
  const rects = spent.map((name) => {
    const width = (1000 * stages[name]) / total;
    const rect = `<rect class="stage-${name}" x="${at.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="12"></rect>`;
    at += width;
    return rect;
  });
  const items = spent.map(
    (name) =>
      `<li><span class="key stage-${name}"></span>${stageNames[name]} <b>${ms(stages[name])}</b></li>`,
  );
  return `<svg class="bar" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">${rects.join('')}</svg>
<ul class="stages">${items.join('')}</ul>`;
}

/** Tokens, cache and constraints, as far as the trace says. */
function facts({ languageId, regret }: LoggedRequest, trace: TraceParams | undefined): string {
  if (!trace) return '';
  const rows: (readonly [string, string])[] = [['language', languageId]];
  const { nKept, nShifted, nNew, nRepaired, nTokens, nPasses, nGuessed, nRight, rows: truth } = trace;
  const nPrompt = nKept + nShifted + nNew;
  if (nPrompt > 0) {
    const repaired = nRepaired > 0 ? ` (${nRepaired} to repair)` : '';
    rows.push(
      ['prompt', `${nPrompt} tokens: ${nKept} kept, ${nShifted} moved, ${nNew} computed${repaired}`],
      ['cache', cacheWords[truth]],
      ['written', `${nTokens} tokens${nPasses === undefined ? '' : ` in ${nPasses} passes`}`],
    );
  }
  if (nGuessed) rows.push(['guessed ahead', `${nRight} of ${nGuessed} tokens were right`]);
  if (regret) rows.push(['typed after it', regretInWords(regret)]);
  rows.push(...others(trace));
  return `<dl>${rows.map(([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
}

/** Nearer to 0 is likelier. No prompt holds other files: they feed the cache model. */
function regretInWords({ nTokens, ownFile, relatedPieces, allFiles }: RegretParams['regret']): string {
  const parts = [
    `${ownFile.toFixed(2)} with this file alone`,
    ...(relatedPieces === undefined
      ? []
      : [`${relatedPieces.toFixed(2)} with related pieces of other files`]),
    `${allFiles.toFixed(2)} with all that other files say`,
  ];
  return `${nTokens} tokens, log-probability of each by model and cache model: ${parts.join(', ')}`;
}

const cacheWords: Readonly<Record<TraceParams['rows'], string>> = {
  exact: 'exact',
  repaired: 'moved after an edit, the rows that matter most computed anew; a pause makes it exact',
  shifted: 'moved after an edit; a pause makes it exact',
};

const shownElsewhere = new Set([
  ...['uri', 'outcome', 'ms', 'firstTokenMs', 'nKept', 'nShifted', 'nNew', 'nRepaired', 'rows'],
  ...['nTokens', 'nPasses', 'nGuessed', 'nRight', 'stages', 'rssBytes'],
]);

/** Whatever else the server tells, such as the masks of the types, so that nothing stays hidden. */
function others(trace: TraceParams): (readonly [string, string])[] {
  return Object.entries(trace)
    .filter(([key, value]) => !shownElsewhere.has(key) && value !== undefined && value !== null)
    .map(([key, value]) => [inWords(key), valueInWords(value)] as const)
    .filter(([, value]) => value !== '');
}

const inWords = (key: string) => key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

function valueInWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueInWords).join('; ');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => `${inWords(key)} ${valueInWords(part)}`)
      .join(', ');
  }
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : String(value);
}
