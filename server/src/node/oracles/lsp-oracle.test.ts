/** LspOracle against a language server that hangs, crashes, answers late, in part, with snippets, or grows. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import type { OracleHealth } from './kept-server.ts';
import { LspOracle, type LspOracleOptions } from './lsp-oracle.ts';

const server = path.resolve(import.meta.dirname, '../../../../test/fixtures/language-server/fake-server.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'stet-lsp-'));
const log = path.join(folder, 'log.txt');
const uri = 'file:///p/a.fake';
const patience = { timeout: 30_000, interval: 20 };
const never = new AbortController().signal;

afterEach(() => rmSync(log, { force: true }));

interface Opened {
  readonly oracle: LspOracle;
  readonly healths: [OracleHealth, string][];
}

/** An oracle over the scripted server, disposed of with the test. */
function open(more: Partial<LspOracleOptions> = {}, args: readonly string[] = []): Opened {
  const healths: [OracleHealth, string][] = [];
  const oracle = new LspOracle({
    name: 'fake',
    languages: ['fake'],
    traits: {},
    launch: async () => ({
      command: process.execPath,
      args: [server, `--log=${log}`, ...args],
      settings: {},
      root: folder,
    }),
    rootOf: async () => folder,
    memoryMb: 2000,
    clock: systemClock,
    onHealth: (health, detail) => healths.push([health, detail]),
    limits: { restartDelayMs: 20, ...more.limits },
    deadlines: { symbolsMs: 30_000, diagnosticsMs: 30_000, ...more.deadlines }, // the machine may be busy
    ...(more.memoryMb && { memoryMb: more.memoryMb }),
    ...(more.traits && { traits: more.traits }),
  });
  onTestFinished(() => oracle.dispose());
  return { oracle, healths };
}

async function openWarm(more: Partial<LspOracleOptions> = {}, args: readonly string[] = []): Promise<Opened> {
  const opened = open(more, args);
  opened.oracle.edit({ uri, languageId: 'fake', version: 1, text: 'x = 1\n' });
  await vi.waitUntil(() => opened.oracle.isWarm(uri), patience);
  return opened;
}

const ask = (oracle: LspOracle, behaviour: string, before = 'x.', signal = never) => {
  const start = `#! ${behaviour}\n${before}`;
  return oracle.symbols(
    { kind: 'member', uri, languageId: 'fake', text: `${start}\ny = 2\n`, offset: start.length },
    signal,
  );
};

const lines = () => readFileSync(log, 'utf8').trim().split('\n');

describe('LspOracle', () => {
  test('knows nothing while the server starts, and asks nothing of other languages', async () => {
    const { oracle } = open();
    expect(await ask(oracle, 'whole')).toBeUndefined();
    expect(oracle.serves('fake')).toBe(true);
    expect(oracle.serves('python')).toBe(false);
  });

  test('a whole list closes the set; the server sees the speculative text', async () => {
    const { oracle, healths } = await openWarm();
    expect(await ask(oracle, 'whole')).toEqual({ names: ['clear', 'size'], isClosed: true, receiver: 'x' });
    expect(lines().at(-1)).toContain('complete whole 1:2 "#! whole\\nx.\\ny = 2\\n"');
    expect(healths.map(([health]) => health)).toEqual(['starting', 'ready']);
  });

  test('whole texts are sent to a server that takes no changes', async () => {
    const { oracle } = await openWarm({}, ['--full-sync']);
    await ask(oracle, 'whole', 'a.');
    await ask(oracle, 'whole', 'bb.');
    expect(lines().at(-1)).toContain('complete whole 1:3 "#! whole\\nbb.\\ny = 2\\n"');
  });

  test.each([
    ['partial', 'x.', { names: ['clear', 'size'], isClosed: false, receiver: 'x' }],
    ['snippets', 'x.', { names: ['#secret', 'length', 'push'], isClosed: true, receiver: 'x' }],
    ['keywords', 'x.', { names: ['clear', 'size', 'while'], isClosed: true, receiver: 'x' }],
    ['imports', 'x.', { names: ['clear', 'distant', 'size'], isClosed: false, receiver: 'x' }],
    ['whole', 'a = self.', { names: ['clear', 'size'], isClosed: false, receiver: 'self' }],
    ['whole', 'super().', { names: ['clear', 'size'], isClosed: false, receiver: 'super()' }],
    ['words', 'x.', undefined],
    ['nonsense', 'x.', undefined],
    ['empty', 'x.', undefined],
    ['error', 'x.', undefined],
  ])('%s after %s', async (behaviour, before, expected) => {
    const { oracle } = await openWarm();
    expect(await ask(oracle, behaviour, before)).toEqual(expected);
  });

  test('keywords mean no members where the server says so', async () => {
    const { oracle } = await openWarm({ traits: { keywordsMeanNoMembers: true } });
    expect(await ask(oracle, 'keywords')).toBeUndefined();
  });

  test('a language with members made at run time closes nothing', async () => {
    const { oracle } = await openWarm({ traits: { isDynamic: true } });
    expect((await ask(oracle, 'whole'))?.isClosed).toBe(false);
  });

  test('a late answer is given up on and does not become the next question’s', async () => {
    const { oracle } = await openWarm({ deadlines: { symbolsMs: 150 }, limits: { maxSilences: 9 } });
    expect(await ask(oracle, 'late')).toBeUndefined();
    await vi.waitUntil(async () => (await ask(oracle, 'whole'))?.names.includes('size'), patience);
  });

  test('an aborted question rejects with the signal’s reason and leaves the server usable', async () => {
    const { oracle } = await openWarm();
    const controller = new AbortController();
    const reason = new Error('typed on');
    const answer = ask(oracle, 'hang', 'x.', controller.signal);
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect((await ask(oracle, 'whole'))?.names).toEqual(['clear', 'size']);
  });

  test('a server that hangs is ended after some silence and comes back', async () => {
    const { oracle, healths } = await openWarm({ deadlines: { symbolsMs: 100 }, limits: { maxSilences: 2 } });
    const { pid } = oracle;
    expect(await ask(oracle, 'hang')).toBeUndefined();
    expect(await ask(oracle, 'hang')).toBeUndefined();
    await vi.waitUntil(() => healths.filter(([health]) => health === 'ready').length === 2, patience);
    expect(oracle.pid).not.toBe(pid);
    expect(healths.find(([health]) => health === 'restarting')?.[1]).toContain('stopped answering');
    await vi.waitUntil(async () => (await ask(oracle, 'whole')) !== undefined, patience);
  });

  test('a crash costs the question under way; the documents are told to the next server', async () => {
    const { oracle, healths } = await openWarm();
    expect(await ask(oracle, 'crash')).toBeUndefined();
    await vi.waitUntil(() => oracle.isWarm(uri) && healths.at(-1)?.[0] === 'ready', patience);
    expect(healths.find(([health]) => health === 'restarting')?.[1]).toContain('a bad day');
    expect((await ask(oracle, 'whole'))?.names).toEqual(['clear', 'size']);
  });

  test('kill -9 in mid-request costs that request and the server comes back', async () => {
    const { oracle } = await openWarm();
    const pid = oracle.pid as number;
    const answer = ask(oracle, 'hang');
    await vi.waitUntil(() => lines().at(-1)?.includes('complete hang'), patience);
    process.kill(pid, 'SIGKILL');
    expect(await answer).toBeUndefined();
    await vi.waitUntil(async () => (await ask(oracle, 'whole')) !== undefined, patience);
    expect(oracle.pid).not.toBe(pid);
  });

  test('a server that dies at every start is given up on', async () => {
    const { oracle, healths } = open({ limits: { maxDeaths: 3, restartDelayMs: 5 } }, ['--crash-at-start']);
    oracle.edit({ uri, languageId: 'fake', version: 1, text: '' });
    await vi.waitUntil(() => healths.at(-1)?.[0] === 'failed', patience);
    expect(lines()).toHaveLength(3);
    expect(await ask(oracle, 'whole')).toBeUndefined();
  });

  test('a server that Node does not even try to start costs nothing but its answers', async () => {
    const { oracle, healths } = open({ limits: { maxDeaths: 2, restartDelayMs: 5 } }, ['\0']);
    oracle.edit({ uri, languageId: 'fake', version: 1, text: '' });
    await vi.waitUntil(() => healths.at(-1)?.[0] === 'failed', patience);
    expect(healths.at(-1)?.[1]).toContain('cannot be started');
    expect(await ask(oracle, 'whole')).toBeUndefined();
  });

  test('a server that says nothing of how it takes texts is sent whole ones', async () => {
    const { oracle } = await openWarm({}, ['--no-sync']);
    expect((await ask(oracle, 'whole'))?.names).toEqual(['clear', 'size']);
  });

  test('a server that never greets is ended', async () => {
    const { oracle, healths } = open({ limits: { initializeMs: 300, maxDeaths: 1 } }, ['--never-greet']);
    oracle.edit({ uri, languageId: 'fake', version: 1, text: '' });
    await vi.waitUntil(() => healths.at(-1)?.[0] === 'failed', patience);
    expect(healths.at(-1)?.[1]).toContain('it did not start');
  });

  test('stet.types.memoryMb: a server that grows past its memory is started anew', async () => {
    const { oracle, healths } = await openWarm({ memoryMb: 250, limits: { memoryCheckMs: 50 } });
    const { pid } = oracle;
    await ask(oracle, 'grow');
    await vi.waitUntil(() => healths.filter(([health]) => health === 'ready').length === 2, patience);
    expect(oracle.pid).not.toBe(pid);
    expect(healths.find(([health]) => health === 'restarting')?.[1]).toContain('stet.types.memoryMb');
  });

  test('other documents are shown as their users have them', async () => {
    const { oracle } = await openWarm();
    const other = 'file:///p/b.fake';
    oracle.edit({ uri: other, languageId: 'fake', version: 1, text: 'old\n' });
    await vi.waitUntil(() => oracle.isWarm(other), patience);
    oracle.edit({ uri: other, languageId: 'fake', version: 2, text: '#! whole\nnew\n' });
    await ask(oracle, 'whole'); // speculates in the first document and shows the second one's new text
    await oracle.symbols(
      { kind: 'member', uri: other, languageId: 'fake', text: 'old\nx.', offset: 6 },
      never,
    );
    expect(lines().at(-1)).toContain('"old\\nx."');
    oracle.edit({ uri: other, languageId: 'fake', version: 3, text: undefined });
    await vi.waitUntil(() => lines().some((line) => line.endsWith(`close ${other}`)), patience);
  });

  test('published errors are answered for the very text that was asked about', async () => {
    const { oracle } = await openWarm();
    const diagnose = (text: string, start = 0) =>
      oracle.diagnostics({ uri, languageId: 'fake', text, start, endExclusive: text.length }, never);
    expect(await diagnose('fine\n')).toEqual([]);
    expect(await diagnose('all\n is wrong\n')).toEqual([
      { start: 8, endExclusive: 13, message: 'it is wrong' },
    ]);
    expect(await diagnose('all\n is wrong\n', 13)).toEqual([]);
    expect(await diagnose('fine\n')).toEqual([]);
  });

  test('a server that publishes nothing is not waited for without end', async () => {
    const { oracle } = await openWarm({ deadlines: { diagnosticsMs: 100 } });
    const text = '#! mute\nwrong\n';
    expect(
      await oracle.diagnostics({ uri, languageId: 'fake', text, start: 0, endExclusive: text.length }, never),
    ).toBeUndefined();
  });

  test('errors of the same text need not be published again', async () => {
    const { oracle } = await openWarm();
    const diagnose = (text: string) =>
      oracle.diagnostics({ uri, languageId: 'fake', text, start: 0, endExclusive: text.length }, never);
    expect(await diagnose('wrong\n#! once\n')).toHaveLength(1);
    await oracle.symbols({ kind: 'member', uri, languageId: 'fake', text: '#! mute\nx.', offset: 10 }, never);
    expect(await diagnose('wrong\n#! once\n')).toHaveLength(1);
  });

  test('disposing ends the process', async () => {
    const { oracle } = await openWarm();
    const pid = oracle.pid as number;
    await oracle.dispose();
    expect(() => process.kill(pid, 0)).toThrow();
  });
});

describe('a check that nobody waits for', () => {
  const text = '#! mute\nwrong\n';
  const query = { uri, languageId: 'fake', text, start: 0, endExclusive: text.length };

  test('gives way to a question about names', async () => {
    const { oracle } = await openWarm();
    const check = oracle.diagnostics(query, never);
    expect((await ask(oracle, 'whole'))?.names).toEqual(['clear', 'size']);
    expect(await check).toBeUndefined();
  });

  test('is left out for a while once it was given up', async () => {
    const { oracle } = await openWarm();
    const reason = new Error('too late');
    const controller = new AbortController();
    const check = oracle.diagnostics(query, controller.signal);
    controller.abort(reason);
    await expect(check).rejects.toBe(reason);
    const fine = { ...query, text: 'fine\n' };
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await oracle.diagnostics(fine, never));
    expect(answers[0]).toBeUndefined();
    expect(answers.at(-1)).toEqual([]);
  });
});
