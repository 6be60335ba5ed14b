/** The user's own language servers, for real, where they are installed: clangd and gopls. */

// They are not among the project's dependencies. `apt install clangd gopls golang-go` brings them;
// without them these tests say so and are skipped.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TraceEvent } from '../../engine/base/ports.ts';
import { systemClock } from '../clock.ts';
import { type OracleOptions, Oracles } from './oracles.ts';

const never = new AbortController().signal;
const patience = { timeout: 50_000, interval: 20 };
const options: OracleOptions = {
  isEnabled: true,
  isTrusted: true,
  disabledLanguages: [],
  disabledKinds: [],
  memoryMb: 1500,
  servers: {},
};

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, [program === 'gopls' ? 'version' : '--version']);
    return true;
  } catch {
    return false;
  }
}

function open(more: Partial<OracleOptions> = {}) {
  const events: Extract<TraceEvent, { kind: 'oracle' }>[] = [];
  const oracles = new Oracles({
    clock: systemClock,
    tracer: (event) => event.kind === 'oracle' && events.push(event),
    typescriptPath: '/nowhere/oracle-typescript.cjs',
    pyright: { pyrightFolder: '/nowhere', preload: '/nowhere' },
  });
  oracles.configure({ ...options, ...more });
  onTestFinished(() => oracles.dispose());
  return { oracles, events };
}

/** Asks behind the █ of `marked`, once the server has read the document. */
async function namesAt(
  languageId: string,
  fileName: string,
  marked: string,
  files: Record<string, string> = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'stet-user-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const offset = marked.indexOf('█');
  const text = marked.replace('█', '');
  const file = path.join(folder, fileName);
  writeFileSync(file, text);
  const uri = pathToFileURL(file).href;
  const { oracles } = open();
  oracles.edit({ uri, languageId, version: 1, text });
  await vi.waitUntil(() => oracles.isWarm(uri), patience);
  expect(oracles.serves(languageId)).toBe(true);
  const set = await vi.waitUntil(
    () => oracles.symbols({ kind: 'member', uri, languageId, text, offset }, never),
    patience,
  );
  const end = { start: 0, endExclusive: text.length };
  const diagnostics = await oracles.diagnostics({ uri, languageId, text, ...end }, never);
  return { set, diagnostics };
}

const struct = `struct point { int across; int down; };\nint sum(struct point *place) {\n  return place->█;\n}\n`;

describe.skipIf(!isInstalled('clangd'))('clangd (skipped: not installed)', () => {
  test('the members of a C struct, and the error of a text that lacks one', async () => {
    const { set, diagnostics } = await namesAt('c', 'a.c', struct);
    expect(set).toEqual({ names: ['across', 'down'], isClosed: true, receiver: 'place' });
    expect(diagnostics?.[0]?.message).toContain('Expected identifier');
  });
});

describe.skipIf(!isInstalled('gopls'))('gopls (skipped: not installed)', () => {
  test('the fields and methods of a Go value', async () => {
    const go = [
      'package main',
      '',
      'type point struct{ across, down int }',
      '',
      'func (p point) sum() int { return p.across }',
      '',
      'func main() {',
      '\tplace := point{}',
      '\t_ = place.█',
      '}',
      '',
    ].join('\n');
    const { set } = await namesAt('go', 'main.go', go, { 'go.mod': 'module example.com/a\n\ngo 1.19\n' });
    expect([...(set?.names ?? [])].sort()).toEqual(['across', 'down', 'sum']);
    expect(set?.isClosed).toBe(true);
  });
});

describe('which server', () => {
  const fakeServer = path.resolve(
    import.meta.dirname,
    '../../../../test/fixtures/language-server/fake-server.mjs',
  );
  const memberQuery = {
    kind: 'member' as const,
    uri: 'file:///tmp/a.fake',
    languageId: 'fake',
    text: 'x.',
    offset: 2,
  };
  const edit = (oracles: Oracles, languageId: string) =>
    oracles.edit({ uri: `file:///tmp/a.${languageId}`, languageId, version: 1, text: 'x' });

  test('none is started in a workspace that is not trusted', async () => {
    const { oracles, events } = open({ isTrusted: false });
    edit(oracles, 'c');
    await vi.waitUntil(() => events.length > 0, patience);
    expect(events).toMatchObject([{ health: 'untrusted', name: 'clangd', languageIds: ['c'] }]);
    expect(oracles.serves('c')).toBe(false);
  });

  test('one that is not installed says how to get it; none is known for prose', async () => {
    const { oracles, events } = open({ servers: { go: ['no-such-program'] } });
    edit(oracles, 'go');
    edit(oracles, 'markdown');
    await vi.waitUntil(() => events.length === 2, patience);
    expect(events.find(({ health }) => health === 'missing')?.detail).toContain(
      'no-such-program is not on PATH',
    );
    expect(events.find(({ health }) => health === 'unknown')?.languageIds).toEqual(['markdown']);
  });

  test('a relative program is never run: it would come from the folder we happen to be in', async () => {
    const { oracles, events } = open({ servers: { go: ['./server'] } });
    edit(oracles, 'go');
    await vi.waitUntil(() => events.length > 0, patience);
    expect(events[0]?.health).toBe('missing');
  });

  test('an empty command and a disabled language are off', async () => {
    const { oracles, events } = open({ servers: { python: [] }, disabledLanguages: ['typescript'] });
    edit(oracles, 'python');
    edit(oracles, 'typescript');
    await vi.waitUntil(() => events.length > 0, patience);
    expect(events).toMatchObject([{ health: 'off', languageIds: ['python'] }]);
    expect(oracles.serves('typescript')).toBe(false);
  });

  test('stet.types.disabledKinds: such a place has no names, other kinds have', async () => {
    const servers = { fake: [process.execPath, fakeServer] };
    const { oracles } = open({ servers, disabledKinds: ['member'] });
    edit(oracles, 'fake');
    await vi.waitUntil(() => oracles.isWarm('file:///tmp/a.fake'), patience);
    expect(await oracles.symbols(memberQuery, never)).toBeUndefined();
    oracles.configure({ ...options, servers, disabledKinds: ['object-key'] });
    await vi.waitUntil(() => oracles.isWarm('file:///tmp/a.fake'), patience);
    expect(await oracles.symbols(memberQuery, never)).toMatchObject({ names: ['clear', 'size'] });
  });

  test('trust that is granted later starts what waited for it', async () => {
    const servers = { fake: [process.execPath, fakeServer] };
    const { oracles, events } = open({ isTrusted: false, servers });
    edit(oracles, 'fake');
    await vi.waitUntil(() => events.length > 0, patience);
    expect(events[0]?.health).toBe('untrusted');
    oracles.configure({ ...options, servers });
    await vi.waitUntil(() => oracles.isWarm('file:///tmp/a.fake'), patience);
    // Somebody's own program: nothing that it says forbids.
    expect(await oracles.symbols(memberQuery, never)).toMatchObject({
      names: ['clear', 'size'],
      isClosed: false,
    });
    oracles.configure({ ...options, isEnabled: false });
    expect(events.at(-1)).toMatchObject({ health: 'off', languageIds: ['fake'] });
    expect(oracles.serves('fake')).toBe(false);
  });
});
