/** largeProject: made-up TypeScript files that import each other, to see what thousands of them cost. */

const filler = `/* ${'what the file is about '.repeat(30)} */\n`;

/**
 * `open.ts` and `nFiles` modules by name, a binary tree of imports below it: all of them matter to
 * what may stand behind `cat.` in `open.ts`, and none is near but the first ones.
 */
export function largeProject(nFiles: number): Record<string, string> & { readonly 'open.ts': string } {
  const files: Record<string, string> & { 'open.ts': string } = {
    'open.ts': "import type { Cat0 } from './f0';\nexport function greet(cat: Cat0) {\n  cat.;\n}\n",
  };
  for (let i = 0; i < nFiles; i++) {
    const next = [2 * i + 1, 2 * i + 2].filter((one) => one < nFiles);
    const imports = next.map((one) => `import type { Cat${one} } from './f${one}';\n`).join('');
    const members = next.map((one) => `to${one}: Cat${one}; `).join('');
    files[`f${i}.ts`] = `${imports}${filler}export interface Cat${i} { meow${i}(): void; ${members}}\n`;
  }
  return files;
}
