/** copyRuntime: the one ONNX Runtime binding of a platform, out of the package that ships them all (290 MB). */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** Puts the binding of `target` (`linux-x64`) and the libraries it needs into the folder `to`, and nothing else. */
export function copyRuntime(target, to) {
  const [platform, arch] = target.split('-');
  const packageFolder = path.join(path.dirname(require.resolve('onnxruntime-node')), '..');
  const from = path.join(packageFolder, 'bin', 'napi-v6', platform, arch);
  if (!fs.existsSync(from)) throw new Error(`onnxruntime-node has no binaries for ${target}.`);
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(to, { recursive: true });
  for (const file of fs.readdirSync(from)) {
    const isGpuProvider = /providers_(cuda|tensorrt|shared)/.test(file);
    const isSecondCopy = /^libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(file); // darwin has it twice
    if (!isGpuProvider && !isSecondCopy) fs.copyFileSync(path.join(from, file), path.join(to, file));
  }
}
