/** Compiles the extension-host suite to out/editor/suite: one CommonJS file per test file, for any VS Code. */

import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../../scripts/setup.mjs';

const sources = path.join(root, 'test', 'editor', 'suite');
const compiled = path.join(root, 'out', 'editor', 'suite');

/** Gives back the module that the editor is to run. */
export async function buildSuite() {
  rmSync(compiled, { recursive: true, force: true });
  const entryPoints = readdirSync(sources)
    .filter((name) => name === 'index.ts' || name.endsWith('.test.ts'))
    .map((name) => path.join(sources, name));
  await build({
    entryPoints,
    outdir: compiled,
    outExtension: { '.js': '.cjs' }, // package.json says that .js files are ES modules
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return path.join(compiled, 'index.cjs');
}
