/** Tests of the trace panel's words. */

import { expect, test } from 'vitest';
import type { LoggedRequest } from './request-log.ts';
import { traceHtml } from './trace-html.ts';

const trace = {
  uri: 'file:///w/a%20b.ts',
  outcome: 'unsure',
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
  stages: { debounce: 30, prefill: 10, decode: 15, filter: 1 },
};
const request: LoggedRequest = {
  id: 1,
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
  outcome: 'unsure',
  trace,
};

test('a reason, the way out, tokens, cache and stages', () => {
  const html = traceHtml([request]);
  expect(html).toContain('not sure enough');
  expect(html).toContain('stet.completion.eagerness');
  expect(html).toContain('a b.ts:5:3');
  expect(html).toContain('400 tokens: 90 kept, 300 moved, 10 computed (4 to repair)');
  expect(html).toContain('4 of 5 tokens were right');
  expect(html).toContain('editor, before it asks <b>12 ms</b>');
  expect(html).toContain('between the processes <b>7.0 ms</b>');
  expect(html).toContain('75 ms</span>');
});

test('what was typed afterwards, with and without other files', () => {
  const regret = { nTokens: 6, ownFile: -3.456, relatedPieces: -2.1, allFiles: -2 };
  const html = traceHtml([{ ...request, regret }]);
  expect(html).toContain(
    '6 tokens, log-probability of each by model and cache model: -3.46 with this file alone, -2.10 with related pieces of other files, -2.00 with all',
  );
  expect(traceHtml([request])).not.toContain('typed after it');
});

test('whatever else the server tells is shown, such as masks', () => {
  const masks = [{ kind: 'member', receiver: 'list', nNames: 12, waitedMs: 1.234 }];
  const html = traceHtml([{ ...request, trace: { ...trace, masks } as typeof trace }]);
  expect(html).toContain('<dt>masks</dt><dd>kind member, receiver list, n names 12, waited ms 1.23</dd>');
});

test('what a file holds cannot become markup', () => {
  const html = traceHtml([{ ...request, text: '<img src=x onerror=alert(1)>', uri: 'file:///%3Cb%3E' }]);
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<b>:');
});

test('an unknown outcome is shown as it is, and nothing yet is said', () => {
  expect(traceHtml([{ ...request, outcome: 'some-thing' }])).toContain('some thing.');
  expect(traceHtml([])).toContain('No request yet');
});
