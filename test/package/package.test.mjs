/** Builds the VSIX of every platform and looks into them: all that is needed, once, and nothing else. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { mustRun } from '../../scripts/command.mjs';
import { root } from '../../scripts/setup.mjs';
import { listVsix, unpackVsix } from './vsix.mjs';

const run = promisify(execFile);
const vsixFolder = path.join(root, 'out', 'vsix');

/** The most megabytes that a VSIX may have: people wait for it, and marketplaces have limits. */
const budgetMb = 80;

const bindings = {
  'linux-x64': /^dist\/ort\/libonnxruntime\.so/,
  'linux-arm64': /^dist\/ort\/libonnxruntime\.so/,
  'darwin-arm64': /^dist\/ort\/libonnxruntime\..*dylib$/,
  'win32-x64': /^dist\/ort\/onnxruntime\.dll$/,
  'win32-arm64': /^dist\/ort\/onnxruntime\.dll$/,
};
const targets = [...Object.keys(bindings), 'universal'];
const thisTarget = `${process.platform}-${process.arch}`;

describe('packages', { timeout: 600_000 }, () => {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'stet-vsix-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const files = {}; // target → its VSIX
  const folders = {}; // target → the folder that it was unpacked to, once
  const unpacked = (target) => (folders[target] ??= unpackVsix(files[target], path.join(scratch, target)));

  before(async () => {
    rmSync(vsixFolder, { recursive: true, force: true });
    await mustRun(process.execPath, [path.join(root, 'scripts', 'package.mjs')], {
      cwd: root,
      timeoutMs: 500_000,
      step: 'npm run package',
    });
    for (const name of readdirSync(vsixFolder)) {
      const target = targets.find((target) => name.startsWith(`stet-${target}-`));
      if (target) files[target] = path.join(vsixFolder, name);
    }
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('there is one for each platform and one without native code', () => {
    assert.deepEqual(Object.keys(files).sort(), [...targets].sort());
  });

  for (const target of targets) {
    it(`${target}: ${target === 'universal' ? 'no' : 'exactly one'} ONNX Runtime, and nothing for development`, async () => {
      const names = [...(await listVsix(files[target])).keys()].map((name) => name.replace('extension/', ''));
      const native = names.filter((name) => name.endsWith('.node'));
      const libraries = names.filter((name) => bindings[target]?.test(name));
      const isUniversal = target === 'universal';
      assert.deepEqual(native, isUniversal ? [] : ['dist/ort/onnxruntime_binding.node']);
      assert.equal(libraries.length, isUniversal ? 0 : 1);
      const needed = ['dist/extension.cjs', 'dist/server.cjs', 'dist/engine.cjs', 'model/model.safetensors'];
      assert.deepEqual(
        needed.filter((name) => !names.includes(name)),
        [],
      );
      const unwanted = /\.map$|\.test\.|^(node_modules|server|client|test|training|out|scripts)\/|\.ts$/;
      const isTypeScriptLibrary = (name) => /\/lib\.[\w.]*d\.ts$|\.pyi?$|typeshed|\/@types\//.test(name);
      assert.deepEqual(
        names.filter((name) => unwanted.test(name) && !isTypeScriptLibrary(name)),
        [],
      );
      const sizeMb = statSync(files[target]).size / 1e6;
      assert.ok(sizeMb <= budgetMb, `${sizeMb.toFixed(1)} MB`);
    });
  }

  it('its manifest names no package to install and no script to run', async () => {
    const folder = await unpacked('universal');
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    for (const key of ['dependencies', 'devDependencies', 'scripts']) assert.equal(manifest[key], undefined);
    assert.ok(existsSync(path.join(folder, manifest.main)));
    assert.ok(existsSync(path.join(folder, manifest.icon)));
    for (const [, picture] of readFileSync(path.join(folder, 'readme.md'), 'utf8').matchAll(
      /!\[[^\]]*\]\(([^)]+)\)/g,
    )) {
      assert.ok(existsSync(path.join(folder, picture)), `the README shows ${picture}`);
    }
  });

  it('has the licences of all that is in it', async () => {
    const folder = await unpacked('universal');
    const notices = readFileSync(path.join(folder, 'dist', 'THIRD_PARTY_NOTICES.txt'), 'utf8');
    for (const name of ['typescript', 'pyright', 'onnxruntime-node', 'vscode-languageserver', 'undici']) {
      assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|Apache-2.0)\\)$`, 'm'));
    }
  });

  it('the model in it is the one of the repository, byte by byte', async () => {
    const folder = await unpacked('universal');
    const hash = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
    const weights = path.join('model', 'model.safetensors');
    assert.equal(hash(path.join(folder, weights)), hash(path.join(root, weights)));
  });

  it('completes from an unpacked package of this platform', { skip: !(thisTarget in bindings) }, async () => {
    const folder = await unpacked(thisTarget);
    const { stdout } = await complete(folder);
    assert.match(stdout, /prompt tokens read/);
  });

  it('says without native code why it does not complete', async () => {
    const folder = await unpacked('universal');
    await assert.rejects(complete(folder), (error) => {
      assert.match(error.stderr, /no inference runtime .* Search works without it/);
      return error.code === 1;
    });
  });

  /** `stet complete` of the package, at a place of its own README's neighbour. */
  function complete(folder) {
    const cli = path.join(folder, 'dist', 'cli.cjs');
    const place = `${path.join(root, 'scripts', 'package.mjs')}:20:1`;
    const env = { ...process.env, XDG_CACHE_HOME: path.join(scratch, 'cache') };
    return run(process.execPath, [cli, 'complete', place], { env, timeout: 300_000 });
  }
});
