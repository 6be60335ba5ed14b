/** `npm run package`: builds one VSIX per platform into out/vsix, and one without native code for all the rest. */

// Everything is bundled, so a VSIX holds dist/ and what it reads at run time, named below. What else is
// in the repository cannot get in. The files are the same everywhere but for the ONNX Runtime binding.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runMain, UserError } from './command.mjs';
import { copyRuntime } from './onnx-runtime.mjs';
import { root, say, setUp } from './setup.mjs';

/** `universal` has no ONNX Runtime: it searches, and says why it does not complete. */
const targets = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64', 'universal'];

/** What the extension reads at run time besides dist/, and what the extensions view shows. */
const parts = ['grammars', 'media', 'model', 'docs/images', 'README.md', 'CHANGELOG.md', 'LICENSE'];

/** Never shipped, wherever it lies: for development only. */
const isForDevelopment = (file) =>
  /(\.gitattributes|\.map|\.test\.[cm]?[jt]s|\.tsbuildinfo)$|^dist\/(bench\.cjs|ort\/)/.test(file);

const usage = `npm run package -- [options]

  --target NAME   one of ${targets.join(', ')}; may be given several times (default: all)
  --out FOLDER    where the VSIX files go (default: out/vsix)
  --help
`;

async function main() {
  const { values: options } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: targets },
      out: { type: 'string', default: path.join(root, 'out', 'vsix') },
      help: { type: 'boolean', default: false },
    },
  });
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = options.target.find((target) => !targets.includes(target));
  if (unknown) throw new UserError(`There is no target “${unknown}”.\n\n${usage}`);
  await setUp();
  fs.mkdirSync(options.out, { recursive: true });
  const waiting = [...options.target];
  const worker = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      const file = await packageFor(target, path.resolve(options.out));
      const bytes = fs.readFileSync(file);
      const hash = createHash('sha256').update(bytes).digest('hex');
      say(`${path.basename(file)}  ${(bytes.length / 1e6).toFixed(1)} MB  sha256 ${hash}`);
    }
  };
  await Promise.all([worker(), worker()]); // compressing is half of the work, and has threads of its own
  return 0;
}

/** Lays out the extension's folder for `target` and zips it. Resolves to the VSIX. */
async function packageFor(target, out) {
  const folder = path.join(root, 'out', 'package', target);
  fs.rmSync(folder, { recursive: true, force: true });
  for (const part of ['dist', ...parts]) {
    fs.cpSync(path.join(root, part), path.join(folder, part), {
      recursive: true,
      filter: (from) => !isForDevelopment(path.relative(root, from).replaceAll('\\', '/')),
    });
  }
  if (target !== 'universal') copyRuntime(target, path.join(folder, 'dist', 'ort'));
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  fs.writeFileSync(path.join(folder, '.vscodeignore'), ''); // all of it; without the file vsce warns
  const { devDependencies, dependencies, scripts, bin, ...shipped } = manifest; // bundled, or for development
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(shipped, undefined, 2)}\n`);
  const file = path.join(out, `stet-${target}-${manifest.version}.vsix`);
  const { createVSIX } = await import('@vscode/vsce'); // installed by now
  await createVSIX({
    cwd: folder,
    packagePath: file,
    ...(target !== 'universal' && { target }),
    dependencies: false,
    // Nothing is packaged but what is named above; scanning pyright's 5,000 stubs for secrets takes minutes.
    allowPackageAllSecrets: true,
    allowPackageEnvFile: true,
    allowMissingRepository: true,
    rewriteRelativeLinks: false, // the pictures are in the VSIX
  });
  return file;
}

await runMain(main);
