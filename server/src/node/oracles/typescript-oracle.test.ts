/** TypeScriptOracle: the real process, really killed, and the real engine with the embedded model on top of it. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { defaultSettings } from '../../../../protocol/settings.ts';
import type { CompletionRequest } from '../../engine/engine.ts';
import { systemClock } from '../clock.ts';
import { openLocalEngine } from '../open-local-engine.ts';
import { TypeScriptOracle } from './typescript-oracle.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-oracle-'));
const bundle = path.join(folder, 'oracle-typescript.cjs');
const patience = { timeout: 90_000, interval: 20 };
const never = new AbortController().signal;

beforeAll(async () => {
  await build({
    entryPoints: [path.join(root, 'server/src/oracle-typescript-main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'error',
  });
  fs.symlinkSync(
    path.join(root, 'node_modules/typescript/lib'),
    path.join(folder, 'typescript-lib'),
    'junction',
  );
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const uri = 'file:///nowhere/cat.ts';
const before = `interface Cat { meow(): void; purr(): void }
export function greet(cat: Cat) {
  cat.`;
const text = `${before}\n}\n`;
const question = { kind: 'member', uri, languageId: 'typescript', text, offset: before.length } as const;

function start(memoryMb = 1500) {
  const healths: string[] = [];
  const oracle = new TypeScriptOracle({
    path: bundle,
    memoryMb,
    clock: systemClock,
    onHealth: (health) => healths.push(health),
    onLog: () => {},
  });
  onTestFinished(() => oracle.dispose());
  return { oracle, healths };
}

test('names come once it is warm, and nothing waits before', async () => {
  const { oracle, healths } = start();
  oracle.edit({ uri, languageId: 'typescript', version: 1, text });
  expect(await oracle.symbols(question, never)).toBeUndefined();
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  expect((await oracle.symbols(question, never))?.names).toEqual(['meow', 'purr']);
  expect(healths).toEqual(['starting', 'ready']);
});

test('killed in mid-request it costs that answer, and comes back knowing the documents as they are', {
  timeout: 200_000,
}, async () => {
  const { oracle } = start();
  oracle.edit({ uri, languageId: 'typescript', version: 1, text });
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  const killed = oracle.pid as number;
  const underWay = oracle.diagnostics({ ...question, start: 0, endExclusive: text.length }, never);
  process.kill(killed, 'SIGKILL');
  expect(await underWay).toBeUndefined();
  const next = text.replace('meow', 'hiss');
  oracle.edit({ uri, languageId: 'typescript', version: 2, text: next });
  expect(await oracle.symbols({ ...question, text: next }, never)).toBeUndefined();
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  expect(oracle.pid).not.toBe(killed);
  expect((await oracle.symbols({ ...question, text: next }, never))?.names).toEqual(['hiss', 'purr']);
});

test('an aborted question rejects with the reason at once', async () => {
  const { oracle } = start();
  oracle.edit({ uri, languageId: 'typescript', version: 1, text });
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  const controller = new AbortController();
  const reason = new Error('typed on');
  const asked = oracle.symbols(question, controller.signal);
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
});

test('too large a process is ended and started again, and not for ever', { timeout: 240_000 }, async () => {
  const { oracle, healths } = start(60); // the compiler alone takes more
  oracle.edit({ uri, languageId: 'typescript', version: 1, text });
  await vi.waitUntil(() => healths.includes('failed'), { timeout: 200_000, interval: 50 });
  expect(healths.filter((health) => health === 'restarting')).toHaveLength(3);
  expect(await oracle.symbols(question, never)).toBeUndefined();
});

test('the engine with the embedded model names only what exists, and suggests on without the oracle', {
  timeout: 240_000,
}, async () => {
  const { oracle } = start();
  const engine = await openLocalEngine({
    modelFolder: path.join(root, 'model'),
    format: 'int8',
    threads: 1,
    cacheMemoryMb: 64,
    grammarsFolder: path.join(root, 'grammars'),
    tracer: () => {},
    oracle,
  });
  onTestFinished(() => engine.dispose());
  // No model has seen these names: without the list it cannot write them.
  const opened =
    'export interface Gadget { zorblifyQuux(): void }\n\nexport function run(gadget: Gadget) {\n  gadget.';
  const document = `${opened}\n}\n`;
  const settings = defaultSettings();
  let version = 1;
  const complete = async (more: Partial<CompletionRequest['settings']> = {}) => {
    const edits = [{ start: 0, endExclusive: document.length, text: document }];
    engine.edit({ kind: 'change', uri, version: ++version, edits });
    const request: CompletionRequest = {
      uri,
      version,
      offset: opened.length,
      trigger: 'invoked',
      explain: true,
      settings: {
        maxLines: 1,
        maxTokens: 24,
        contextTokens: 0,
        debounceMs: 0,
        maxFileSizeKb: settings.maxFileSizeKb,
        editReuse: true,
        lookAhead: false,
        ...more,
      },
    };
    return engine.complete(request, never);
  };
  engine.edit({ kind: 'open', uri, languageId: 'typescript', version, text: document });
  const free = await complete({ watchedKinds: [] });
  expect(free.explanation?.generated).not.toMatch(/^zorblifyQuux/);
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  // Held to the list, the model writes the only name, or breaks the line, which may stand behind a dot.
  const isNamed = async () => {
    const { cost, explanation } = await complete();
    const isHeld = cost?.masks?.some(
      ({ kind, nNames, isLate }) => kind === 'member' && nNames > 0 && !isLate,
    );
    if (isHeld) expect(explanation?.generated).toMatch(/^(?:zorblifyQuux\b|\s|$)/);
    return isHeld;
  };
  await vi.waitUntil(isNamed, patience); // a busy machine may miss the monitor's deadline
  process.kill(oracle.pid as number, 'SIGKILL');
  const { outcome } = await complete();
  expect(outcome).toBeDefined();
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  await vi.waitUntil(isNamed, patience);
});
