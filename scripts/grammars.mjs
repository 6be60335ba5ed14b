/** grammars: copies each grammar's WebAssembly from node_modules to grammars/<lang>/parser.wasm. */

// Run by the build; the copies are git-ignored, so that a grammar is updated by one version number.

import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packaged = join(root, 'node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');

/** Returns the names copied, in order. `regex` is left out: it only serves inside other grammars. */
export async function copyGrammars(target = join(root, 'grammars')) {
  const names = (await readdir(packaged))
    .flatMap((file) => /^tree-sitter-(.+)\.wasm$/.exec(file)?.[1] ?? [])
    .filter((name) => name !== 'regex')
    .sort();
  for (const name of names) {
    await mkdir(join(target, name), { recursive: true });
    await copyFile(join(packaged, `tree-sitter-${name}.wasm`), join(target, name, 'parser.wasm'));
  }
  return names;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`grammars: ${(await copyGrammars()).join(' ')}`);
}
