/** statisticsPage: what was accepted and what is left of it, as a page; pure, so that it can be tested anywhere. */

import { escapeHtml } from '../escape-html.ts';
import { type Figures, type LanguageFigures, lookSeconds } from './statistics.ts';

export function statisticsPage(figures: Figures, isEnabled: boolean): string {
  const languages = Object.entries(figures).sort(([, a], [, b]) => b.nAccepted - a.nAccepted);
  const off = isEnabled ? '' : '<p class="lead">Counting is off (<code>stet.statistics.enable</code>).</p>\n';
  return `<main>
<h1>What you accepted, and kept</h1>
<p class="lead">Counted on this machine only; nothing is sent. A character counts as kept until it is replaced or deleted; files closed before the time is up are left out.</p>
${off}${languages.length === 0 ? '<p>Nothing was accepted yet.</p>' : table(languages)}
<p><button type="button" data-action="reset"${languages.length === 0 ? ' disabled' : ''}>Forget all of this</button></p>
</main>`;
}

function table(languages: readonly (readonly [string, LanguageFigures])[]): string {
  const head = ['language', 'accepted', 'characters', ...lookSeconds.map((s) => `kept after ${inWords(s)}`)];
  const rows = [...languages, ...(languages.length > 1 ? [['all', sumOf(languages)] as const] : [])];
  const row = ([language, { nAccepted, nChars, after }]: readonly [string, LanguageFigures]) =>
    `<tr><th scope="row">${escapeHtml(language)}</th>${[
      String(nAccepted),
      String(nChars),
      ...lookSeconds.map((seconds) => keptOf(after[seconds])),
    ]
      .map((cell) => `<td>${cell}</td>`)
      .join('')}</tr>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="Accepted suggestions by language"><table>
<thead><tr>${head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead>
<tbody>${rows.map(row).join('\n')}</tbody></table></div>`;
}

const inWords = (seconds: number) => (seconds < 60 ? `${seconds} s` : `${seconds / 60} min`);

function keptOf(after: LanguageFigures['after'][string] | undefined): string {
  if (!after || after.nChars === 0) return '–';
  return `${Math.round((100 * after.nRetained) / after.nChars)} % of ${after.n}`;
}

function sumOf(languages: readonly (readonly [string, LanguageFigures])[]): LanguageFigures {
  const all = languages.map(([, figures]) => figures);
  const sum = (of: (figures: LanguageFigures) => number) => all.reduce((total, one) => total + of(one), 0);
  const after = Object.fromEntries(
    lookSeconds.map((seconds) => [
      seconds,
      {
        n: sum((one) => one.after[seconds]?.n ?? 0),
        nChars: sum((one) => one.after[seconds]?.nChars ?? 0),
        nRetained: sum((one) => one.after[seconds]?.nRetained ?? 0),
      },
    ]),
  );
  return { nAccepted: sum((one) => one.nAccepted), nChars: sum((one) => one.nChars), after };
}
