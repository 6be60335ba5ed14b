/** trim on generated code: whatever the model repeats is cut off at every indentation, and no valid line with it. */

import { expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { CodeWriter, codeStyles, writtenCode } from '../testing/written-code.ts';
import { trim } from './trim.ts';

const nPerStyle = 2000;

test.each(codeStyles)('with %s nothing is shown twice and nothing valid is dropped', (_, unit, eol) => {
  const wrong: string[] = [];
  for (const { excess, wanted, ...input } of writtenCode(unit, eol, nPerStyle)) {
    const trimmed = trim(input);
    if (trimmed?.text === wanted && trimmed.replaceAfter === 0) continue;
    const { textBefore, textAfter, generated } = input;
    wrong.push(
      `${excess}:\n${textBefore}█${textAfter}\n-- wrote --\n${generated}\n-- shown --\n${trimmed?.text}`,
    );
  }
  expect(wrong.length, wrong.slice(0, 3).join('\n\n')).toBe(0);
});

test.each(codeStyles)('with %s lines that say what the lines above say are not shown', (_, unit, eol) => {
  const random = seededRandom(43);
  for (let round = 0; round < nPerStyle / 4; round++) {
    const isPython = round % 2 === 1;
    const write = new CodeWriter(random, unit, isPython);
    const head = isPython ? `def ${write.name()}():` : `function ${write.name()}() {`;
    const above = Array.from({ length: 3 }, () => unit + write.statement());
    const again = above.slice(1 + write.below(2));
    const trimmed = trim({
      languageId: isPython ? 'python' : 'typescript',
      textBefore: [head, ...above, unit].join(eol),
      textAfter: isPython ? eol : `${eol}}${eol}`,
      generated: again.join('\n').slice(unit.length),
    });
    expect(trimmed, again.join('\n')).toBeUndefined();
  }
});
