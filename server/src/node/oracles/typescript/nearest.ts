/** filesBehind: which imported files a first program does without, so that its first answer comes soon. */

// Reading is most of what a first program costs, and the imports of imports of a file in a project of
// thousands lead to half of it. The nearest files tell most of the types that are used in this one.

import ts from 'typescript';

/**
 * The files that the nearest ones import and that there is no room for: whoever leaves these out
 * leaves out all that is behind them as well. Empty: `maxChars` is enough for everything.
 */
export function filesBehind(
  roots: readonly string[],
  host: Pick<ts.CompilerHost, 'readFile'> & ts.ModuleResolutionHost,
  options: ts.CompilerOptions,
  maxChars: number,
): ReadonlySet<string> {
  const behind = new Set<string>();
  const known = new Set(roots);
  const cache = ts.createModuleResolutionCache(host.getCurrentDirectory?.() ?? '/', (name) => name, options);
  let nChars = 0;
  for (const name of known) {
    const isRoot = roots.includes(name);
    const text = host.readFile(name); // known grows while it is walked: the nearest come first
    if (text === undefined) continue;
    if (!isRoot && nChars + text.length >= maxChars) {
      behind.add(name); // a smaller one may still have room
      continue;
    }
    nChars += text.length;
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      const { resolvedModule } = ts.resolveModuleName(fileName, name, options, host, cache);
      if (resolvedModule && !/\.json$/.test(resolvedModule.resolvedFileName)) {
        known.add(resolvedModule.resolvedFileName);
      }
    }
  }
  return behind;
}
