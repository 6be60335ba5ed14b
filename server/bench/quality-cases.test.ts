/** The cases of the quality bench: they join to the file again, and answers are cut as the case asks. */

import { expect, test } from 'vitest';
import { caseKinds, cutToCase, isCaseDone, qualityCases } from './quality-cases.ts';

const text = `import { a } from './a.ts';

/** Adds. */
export function add(first: number, second: number): number {
  const sum = Math.max(first, 0) + second;
  report(sum, { isLast: true });
  return sum;
}

export class Counter {
  private n = 0;
  increase(by: number): void {
    this.n = add(this.n, by);
    if (this.n > 10) throw new Error(\`too many: \${this.n}\`);
  }
}
`;
const file = { name: 'r/a.ts', languageId: 'typescript', text, neighbours: [] };

test.each(caseKinds)('%s: holes of the file, the same each time', (kind) => {
  const cases = qualityCases([file], kind, 30);
  expect(cases.length).toBeGreaterThan(5);
  expect(qualityCases([file], kind, 30)).toEqual(cases);
  for (const one of cases) {
    expect(one.before + one.middle + one.after).toBe(text);
    expect(cutToCase(one, one.middle + one.after)).toBe(one.middle.trimEnd());
    expect(isCaseDone(one, one.middle)).toBe(false);
    expect(isCaseDone(one, `${one.middle})\n}\n`)).toBe(true);
  }
});

test('line and argument holes stay in their line; an argument is followed by its bracket', () => {
  for (const { middle, after } of qualityCases([file], 'line', 30)) {
    expect(middle).not.toContain('\n');
    expect(after.startsWith('\n')).toBe(true);
  }
  for (const { before, middle, after } of qualityCases([file], 'argument', 30)) {
    expect(before).toMatch(/\w\($/);
    expect(middle).not.toContain('\n');
    expect(after.startsWith(')')).toBe(true);
    expect(before).not.toMatch(/(function add|increase)\($/); // definitions are no calls
  }
});

test('several lines: two to five', () => {
  for (const { middle } of qualityCases([file], 'lines', 30)) {
    expect(middle.split('\n').length).toBeGreaterThanOrEqual(2);
    expect(middle.split('\n').length).toBeLessThanOrEqual(5);
  }
});
