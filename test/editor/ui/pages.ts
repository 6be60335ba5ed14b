/** Our pages as the extension makes them, from figures and requests made up here; what the accessibility test looks at. */

import type { Uri, Webview } from 'vscode';
import type { Figures } from '../../../client/src/accepted/statistics.ts';
import { statisticsPage } from '../../../client/src/accepted/statistics-html.ts';
import { buildReport, type Measurement } from '../../../client/src/benchmark/report.ts';
import { reportHtml } from '../../../client/src/benchmark/report-html.ts';
import type { StageMs } from '../../../client/src/stages.ts';
import type { LoggedRequest } from '../../../client/src/trace/request-log.ts';
import { tracePage } from '../../../client/src/trace/trace-html.ts';
import { webviewPage } from '../../../client/src/webview-page.ts';

const trace = {
  uri: 'file:///w/loans.ts',
  outcome: 'generated',
  ms: 60,
  firstTokenMs: 40,
  nKept: 90,
  nShifted: 300,
  nNew: 10,
  nRepaired: 4,
  rows: 'repaired' as const,
  nTokens: 7,
  nPasses: 3,
  nGuessed: 5,
  nRight: 4,
  stages: { debounce: 30, context: 2, queue: 1, prefill: 10, decode: 15, oracle: 3, filter: 1 },
  masks: [{ kind: 'member', receiver: 'Loan', isClosed: true, nNames: 4, nRejected: 2, ms: 3 }],
};

const stages: StageMs = {
  editor: 5,
  debounce: 30,
  context: 2,
  queue: 1,
  prefill: 10,
  decode: 15,
  oracle: 3,
  filter: 1,
  wire: 2,
};

function report() {
  const kinds = ['opened', 'jump', 'typing'] as const;
  const measurements = (ms: number): Measurement[] =>
    Array.from({ length: 12 }, (_, i) => ({
      session: i % 4,
      question: i % 2,
      round: Math.floor(i / 4),
      kind: kinds[i % 3] as (typeof kinds)[number],
      outcome: i % 4 ? 'generated' : 'unsure',
      ms: ms + i,
      stages,
      isHit: i % 2 === 0,
      trace,
    }));
  const machine = {
    cpu: 'Some processor',
    cores: 2,
    memoryGb: 8,
    platform: 'linux x64',
    editor: 'VS Code 1.100.0',
    stet: '0.1.0',
    loadAverage: 1,
  };
  const facts = { date: '2026-11-21 10:00', source: 'Typing', model: 'stet-7m', machine, settings: {} };
  return buildReport(facts, [
    { name: 'as set', measurements: measurements(80) },
    { name: 'prefix reuse only', measurements: measurements(160) },
  ]);
}

const request = (id: number, outcome: string): LoggedRequest => ({
  id,
  uri: trace.uri,
  languageId: 'typescript',
  line: 4,
  character: 2,
  offset: 40,
  documentVersion: 2,
  at: new Date(0),
  keydownMs: 0,
  requestedMs: 12,
  answeredMs: 75,
  outcome,
  text: 'loan.days;',
  trace: { ...trace, outcome },
});

const figures: Figures = {
  typescript: { nAccepted: 4, nChars: 90, after: { 30: { n: 4, nChars: 90, nRetained: 80 } } },
  python: { nAccepted: 1, nChars: 9, after: {} },
};

const bodies: Readonly<Record<string, readonly [folder: string, body: () => string]>> = {
  benchmark: ['benchmark-view', () => reportHtml(report(), true)],
  trace: [
    'trace-panel',
    () => tracePage(['generated', 'unsure', 'secret', 'too-large'].map((outcome, i) => request(i, outcome))),
  ],
  statistics: ['statistics', () => statisticsPage(figures, true)],
  'statistics-empty': ['statistics', () => statisticsPage({}, false)],
  'trace-empty': ['trace-panel', () => tracePage([])],
};

export const pageNames = Object.keys(bodies);

/** The whole HTML of a page whose files are below `base`. */
export function pageHtml(name: string, base: string): string {
  const [folder, body] = bodies[name] as (typeof bodies)[string];
  const webview = { cspSource: base, asWebviewUri: (uri: Uri) => uri } as unknown as Webview;
  return webviewPage(webview, base as unknown as Uri, { folder, title: `Stet: ${name}`, body: body() });
}
