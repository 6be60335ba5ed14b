/** What is left of accepted texts: pieces against characters one by one, times, languages, and the page. */

import { expect, test } from 'vitest';
import { RetainedText } from './retained-text.ts';
import { type Figures, Statistics } from './statistics.ts';
import { statisticsPage } from './statistics-html.ts';

/** A linear congruential generator: the same edits every time. */
function seeded(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('pieces say what marking every character says, over random edits', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const below = seeded(seed);
    const start = below(20);
    const nAccepted = 1 + below(30);
    let marks = Array.from({ length: 60 }, (_, i) => i >= start && i < start + nAccepted);
    const text = new RetainedText(start, start + nAccepted);
    for (let i = 0; i < 12; i++) {
      const rangeOffset = below(marks.length + 1);
      const rangeLength = below(Math.min(8, marks.length - rangeOffset + 1));
      const inserted = 'x'.repeat(below(6));
      text.edited({ rangeOffset, rangeLength, text: inserted });
      marks = marks.toSpliced(rangeOffset, rangeLength, ...Array<boolean>(inserted.length).fill(false));
      expect(text.nRetained).toBe(marks.filter(Boolean).length);
    }
    expect(text.nAccepted).toBe(nAccepted);
  }
});

/** Statistics whose time passes when told. */
function counted({ isEnabled = true } = {}) {
  let figures: Figures | undefined;
  let timers: { atSeconds: number; act: () => void }[] = [];
  let now = 0;
  const switches = { isEnabled };
  const statistics = new Statistics({
    load: () => figures,
    save: (saved) => {
      figures = saved;
    },
    after: (seconds, act) => {
      const timer = { atSeconds: now + seconds, act };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    isEnabled: () => switches.isEnabled,
  });
  const pass = (seconds: number) => {
    now += seconds;
    const due = timers.filter(({ atSeconds }) => atSeconds <= now);
    timers = timers.filter(({ atSeconds }) => atSeconds > now);
    for (const { act } of due) act();
  };
  return { statistics, pass, switches, nTimers: () => timers.length };
}

test('looks after 30 s and after 2 min, by language', () => {
  const { statistics, pass, nTimers } = counted();
  statistics.accepted('file:///a.ts', 'typescript', 10, 20);
  statistics.accepted('file:///b.py', 'python', 0, 5);
  statistics.edited('file:///a.ts', [{ rangeOffset: 0, rangeLength: 0, text: 'above\n' }]);
  statistics.edited('file:///a.ts', [{ rangeOffset: 16, rangeLength: 4, text: '' }]);
  pass(30);
  statistics.edited('file:///b.py', [{ rangeOffset: 0, rangeLength: 9, text: '' }]);
  pass(90);
  expect(statistics.figures).toEqual({
    typescript: {
      nAccepted: 1,
      nChars: 10,
      after: { 30: { n: 1, nChars: 10, nRetained: 6 }, 120: { n: 1, nChars: 10, nRetained: 6 } },
    },
    python: {
      nAccepted: 1,
      nChars: 5,
      after: { 30: { n: 1, nChars: 5, nRetained: 5 }, 120: { n: 1, nChars: 5, nRetained: 0 } },
    },
  });
  expect(nTimers()).toBe(0);
});

test('a file that is closed is not looked at any more, and leaves no timer', () => {
  const { statistics, pass, nTimers } = counted();
  statistics.accepted('file:///a.ts', 'typescript', 0, 10);
  statistics.closed('file:///a.ts');
  expect(nTimers()).toBe(0);
  pass(300);
  expect(statistics.figures.typescript).toEqual({ nAccepted: 1, nChars: 10, after: {} });
});

test('reset forgets what was counted and what is being watched', () => {
  const { statistics, pass } = counted();
  statistics.accepted('file:///a.ts', 'typescript', 0, 10);
  statistics.reset();
  pass(300);
  expect(statistics.figures).toEqual({});
});

test('stet.statistics.enable: false counts nothing, also of what is being watched', () => {
  const off = counted({ isEnabled: false });
  off.statistics.accepted('file:///a.ts', 'typescript', 0, 10);
  off.pass(300);
  expect(off.statistics.figures).toEqual({});

  const { statistics, pass, switches } = counted();
  statistics.accepted('file:///a.ts', 'typescript', 0, 10);
  switches.isEnabled = false;
  pass(300);
  expect(statistics.figures.typescript?.after).toEqual({});
});

test('the page has a row for each language and one for all, and escapes', () => {
  const { statistics, pass } = counted();
  statistics.accepted('file:///a', '<b>', 0, 10);
  statistics.accepted('file:///b', 'go', 0, 10);
  statistics.edited('file:///b', [{ rangeOffset: 0, rangeLength: 5, text: '' }]);
  pass(30);
  const page = statisticsPage(statistics.figures, true);
  expect(page).toContain('&lt;b&gt;');
  expect(page).not.toContain('<b>');
  expect(page).toContain('50 % of 1');
  expect(page).toContain('75 % of 2');
  expect(page).toContain('–'); // two minutes are not over
  expect(page).not.toContain('disabled');
  expect(statisticsPage({}, false)).toMatch(/Nothing was accepted yet[\s\S]*disabled/);
  expect(statisticsPage({}, false)).toContain('stet.statistics.enable');
});
