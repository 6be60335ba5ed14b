/** writeNotices: the licences of everything that the bundles hold, in one file beside them. */

import fs from 'node:fs';
import path from 'node:path';

/** Copied into the product whole, so no bundle names them. */
const copied = [
  '@vscode/tree-sitter-wasm',
  'node-sqlite3-wasm',
  'onnxruntime-node',
  'pyright',
  'typescript',
  'web-tree-sitter',
];

const licenceFile = /^(licen[cs]e|copying|notice|thirdpartynotice)/i;

/** `metafiles` are esbuild's; the bench bundle is left out, because it is not shipped. */
export function writeNotices(root, metafiles, to) {
  const folders = new Set(copied.map((name) => path.join(root, 'node_modules', name)));
  for (const { outputs } of metafiles) {
    for (const [output, { inputs }] of Object.entries(outputs)) {
      if (output === 'dist/bench.cjs' || output.endsWith('.map')) continue;
      for (const input of Object.keys(inputs)) {
        const inner = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
        if (inner) folders.add(path.join(root, inner));
      }
    }
  }
  const sections = [...folders].map((folder) => sectionOf(folder)).sort();
  const head = 'Stet contains the following third-party software.\n';
  fs.writeFileSync(to, [head, ...sections].join(`\n${'-'.repeat(80)}\n`));
}

function sectionOf(folder) {
  const { name, version, license, homepage } = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  const files = fs
    .readdirSync(folder)
    .filter((file) => licenceFile.test(file))
    .sort();
  const texts = files.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').trim());
  const from = homepage ? `\n${homepage}` : '';
  return `${name} ${version} (${license ?? 'see below'})${from}\n\n${texts.join('\n\n') || 'Its package has no licence file.'}\n`;
}
