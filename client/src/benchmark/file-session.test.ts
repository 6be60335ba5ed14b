/** Tests of the sessions that are made of a file: they can be played, and end as the file does. */

import { expect, test } from 'vitest';
import { formatSession, parseSession } from '../../../protocol/session.ts';
import { sessionOfFile } from './file-session.ts';

const text = Array.from({ length: 120 }, (_, i) => (i % 9 ? `  const value${i} = compute(${i});` : '')).join(
  '\n',
);

test.each(['typescript', 'python'])('%s: what is erased is typed again, below comments', (languageId) => {
  const events = sessionOfFile({ name: 'a', languageId, text }, 6);
  expect(parseSession(formatSession(events))).toEqual(events);
  let now = text;
  let nQuestion = 0;
  for (const event of events.slice(1)) {
    if (event.kind === 'edit') {
      now = now.slice(0, event.start) + event.text + now.slice(event.endExclusive);
    } else if (event.kind === 'complete') {
      nQuestion++;
      const [line] = now.slice(event.offset).split('\n');
      expect(line).toBe(''); // the cursor stands at the end of a line that goes on
      expect(text).toContain(event.truth);
    }
  }
  expect(nQuestion).toBe(24);
  const mark = languageId === 'python' ? '#' : '//';
  expect(now.replaceAll(`${mark} measured here\n`, '')).toBe(text);
});

test('a short or empty file gives nothing to ask', () => {
  expect(sessionOfFile({ name: 'a', languageId: 'c', text: '' }, 5)).toHaveLength(1);
  expect(sessionOfFile({ name: 'a', languageId: 'c', text: 'x\ny\n' }, 5)).toHaveLength(1);
});
