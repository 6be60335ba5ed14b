/** Builds dist/: the bundles (extension, server, engine, oracle-typescript, cli), the ONNX Runtime of one platform, the grammars. */

// onnxruntime-node's JavaScript is bundled, and the binding of this platform alone is copied to dist/ort.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeNotices } from './notices.mjs';
import { copyRuntime } from './onnx-runtime.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Points onnxruntime-node's own require of its binding at dist/ort. */
const runtimeBinding = {
  name: 'runtime-binding',
  setup(bundler) {
    bundler.onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async (args) => {
      const source = await fs.promises.readFile(args.path, 'utf8');
      const contents = source.replace(
        /require\(`\.\.\/bin\/napi-v\d+\/[^`]*onnxruntime_binding\.node`\)/,
        "require('./ort/onnxruntime_binding.node')",
      );
      if (contents === source) throw new Error('onnxruntime-node loads its binding in an unknown way.');
      return { contents, loader: 'js' };
    });
    bundler.onResolve({ filter: /^\.\/ort\/onnxruntime_binding\.node$/ }, (args) => ({
      path: args.path,
      external: true,
    }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  logLevel: 'warning',
  metafile: true,
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.cjs' },
  // web-tree-sitter and others ask for import.meta.url, which CommonJS does not have.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

function run(script) {
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', script)], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`scripts/${script} failed`);
}

/** The declarations of the language itself, which the bundled compiler reads from the disk. */
function copyTypeScriptLibraries() {
  const from = path.join(root, 'node_modules/typescript/lib');
  const to = path.join(root, 'dist/typescript-lib');
  fs.mkdirSync(to, { recursive: true });
  for (const name of fs.readdirSync(from).filter((file) => /^lib\..*d\.ts$/.test(file))) {
    fs.copyFileSync(path.join(from, name), path.join(to, name));
  }
}

/**
 * Pyright as it is, without its maps, and what keeps it from starting programs. It is 34 MB of many
 * small files, so it is copied only when its version is not there yet.
 */
function copyPyright() {
  const from = path.join(root, 'node_modules', 'pyright');
  const to = path.join(root, 'dist', 'pyright');
  const oracles = path.join(root, 'server', 'src', 'node', 'oracles');
  fs.mkdirSync(path.join(root, 'dist'), { recursive: true });
  fs.copyFileSync(path.join(oracles, 'no-children.cjs'), path.join(root, 'dist', 'no-children.cjs'));
  const versionOf = (folder) => {
    const manifest = path.join(folder, 'package.json');
    return fs.existsSync(manifest) ? JSON.parse(fs.readFileSync(manifest, 'utf8')).version : undefined;
  };
  if (versionOf(from) === versionOf(to)) return;
  fs.rmSync(to, { recursive: true, force: true });
  for (const part of ['langserver.index.js', 'LICENSE.txt', 'dist', 'package.json']) {
    fs.cpSync(path.join(from, part), path.join(to, part), {
      recursive: true,
      filter: (file) => !file.endsWith('.map'),
    });
  }
}

/** Typing sessions that the benchmark in the editor plays: short ones, in two languages. */
function copySessions() {
  const to = path.join(root, 'dist', 'sessions');
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(to, { recursive: true });
  for (const name of ['complete-1b3451d', 'engine-42bf5c1', 'train-8872ed0']) {
    const file = `${name}.jsonl`;
    fs.copyFileSync(path.join(root, 'server', 'bench', 'traces', file), path.join(to, file));
  }
}

copyRuntime(`${process.platform}-${process.arch}`, path.join(root, 'dist', 'ort'));
run('grammars.mjs');
fs.copyFileSync(
  path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.wasm'),
  path.join(root, 'grammars/web-tree-sitter.wasm'),
);
copyTypeScriptLibraries();
copyPyright();
copySessions();
fs.copyFileSync(
  path.join(root, 'node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm'),
  path.join(root, 'dist/node-sqlite3-wasm.wasm'), // it is looked for beside the bundle
);
const built = await Promise.all([
  build({
    ...common,
    entryPoints: { 'oracle-typescript': 'server/src/oracle-typescript-main.ts' },
    outdir: 'dist',
    sourcemap: false, // it would be larger than the compiler
    minifyWhitespace: true,
    minifySyntax: true,
  }),
  build({
    ...common,
    entryPoints: { extension: 'client/src/extension.ts' },
    outdir: 'dist',
    external: ['vscode'],
  }),
  build({
    ...common,
    entryPoints: {
      server: 'server/src/main.ts',
      engine: 'server/src/engine-main.ts',
      search: 'server/src/search-main.ts',
      cli: 'server/src/cli/main.ts',
      bench: 'server/bench/main.ts',
    },
    outdir: 'dist',
    plugins: [runtimeBinding],
  }),
]);
writeNotices(
  root,
  built.map(({ metafile }) => metafile),
  path.join(root, 'dist', 'THIRD_PARTY_NOTICES.txt'),
);
