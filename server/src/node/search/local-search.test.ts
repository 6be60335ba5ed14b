/** LocalSearch: a real folder, the real encoder, a real index; files change, windows come and go. */

import { chmod, mkdir, mkdtemp, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CodeSearch, IndexStatus, SearchSettings } from '../../engine/search/code-search.ts';
import { LocalSearch } from './local-search.ts';

const repository = resolve(import.meta.dirname, '../../../..');
const patience = { timeout: 50_000, interval: 20 };
const never = new AbortController().signal;

let root = '';
let indexFolder = '';
let opened: LocalSearch[] = [];
beforeEach(async () => {
  root = (await mkdtemp(join(tmpdir(), 'stet-search-'))).replaceAll('\\', '/');
  indexFolder = await mkdtemp(join(tmpdir(), 'stet-index-'));
});
afterEach(async () => {
  for (const search of opened) await search.dispose();
  opened = [];
  await rm(root, { recursive: true, force: true });
  await rm(indexFolder, { recursive: true, force: true });
});

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const settings = (change: Partial<SearchSettings> = {}): SearchSettings => ({
  isEnabled: true,
  exclude: [],
  maxFileSizeKb: 256,
  maxFiles: 10_000,
  indexFolder,
  ...change,
});

function window(change: Partial<SearchSettings> = {}, roots = [{ path: root, name: 'space' }]) {
  const statuses: IndexStatus[] = [];
  const logs: string[] = [];
  const search = new LocalSearch({
    modelFolder: join(repository, 'model'),
    grammarsFolder: join(repository, 'grammars'),
    tracer: (event) => void (event.kind === 'log' && logs.push(event.message)),
    onStatus: (status) => void statuses.push(status),
  });
  opened.push(search);
  search.open(roots, settings(change));
  return { search, statuses, logs };
}

async function found(search: CodeSearch, query: string): Promise<string[]> {
  const { hits } = await search.search({ query, limit: 10 }, never);
  return hits.map(({ relativePath, chunk }) => `${relativePath}${chunk.name && ` ${chunk.name}`}`);
}

const sample = {
  'src/mail.ts':
    '/** Sends a letter to a customer. */\nexport function deliverMail(address: string, body: string): void {\n  post(address, body);\n}\n',
  'src/sort.py': 'def quick_sort(items):\n    """Orders a list in place."""\n    return sorted(items)\n',
  'README.md': '# Zebra\n\nA program about zebras.\n',
};

describe('LocalSearch', () => {
  test('finds by words and by meaning, tells both stages, and is ready after', async () => {
    await put(sample);
    const { search, statuses } = window();
    await search.settled();
    expect((await found(search, 'deliverMail'))[0]).toBe('src/mail.ts deliverMail');
    expect((await found(search, 'email to a client'))[0]).toBe('src/mail.ts deliverMail');
    expect((await found(search, 'lang:py order a list'))[0]).toBe('src/sort.py quick_sort');
    const stages: string[] = [];
    await search.search({ query: 'zebra', limit: 5 }, never, ({ stage }) => stages.push(stage));
    expect(stages).toEqual(['lexical', 'semantic']);
    await vi.waitFor(() => expect(search.status).toMatchObject({ state: 'ready', nFiles: 3, nFilesDone: 3 }));
    expect(statuses.map(({ state }) => state)).toEqual(
      expect.arrayContaining(['starting', 'indexing', 'ready']),
    );
  });

  test('similar code leaves its own place out; related gives chunks for a prompt', async () => {
    await put({ ...sample, 'src/post.ts': sample['src/mail.ts'].replace('deliverMail', 'deliverParcel') });
    const { search } = window();
    await search.settled();
    const similarTo = { text: sample['src/mail.ts'], path: `${root}/src/mail.ts`, line: 0 };
    const { hits } = await search.search({ query: '', similarTo, limit: 5 }, never);
    expect(hits[0]?.chunk.name).toBe('deliverParcel');
    expect(hits.some(({ chunk }) => chunk.path.endsWith('mail.ts'))).toBe(false);
    const related = await search.related('deliver mail to address', 2, never);
    expect(related).toHaveLength(2);
  });

  test('follows files that are changed, made, moved and deleted, and rules', async () => {
    await put(sample);
    const { search } = window();
    await search.settled();
    await put({
      'src/mail.ts': 'export const walrus = 1;\n',
      'lib/deep/new.ts': 'export const penguin = 2;\n',
    });
    search.filesChanged([`${root}/src/mail.ts`, `${root}/lib`]);
    await vi.waitFor(async () => {
      expect(await found(search, '"penguin"')).toHaveLength(1);
      expect(await found(search, '"walrus"')).toHaveLength(1);
    }, patience);
    expect(await found(search, '"deliverMail"')).toEqual([]);
    await rename(join(root, 'lib'), join(root, 'other'));
    await unlink(join(root, 'src/sort.py'));
    search.filesChanged([`${root}/lib`, `${root}/other`, `${root}/src/sort.py`]);
    await vi.waitFor(async () => {
      expect((await found(search, '"penguin"')).join()).toMatch(/^other\/deep/);
      expect(await found(search, '"quick_sort"')).toEqual([]);
    }, patience);
    await put({ '.gitignore': 'other/\n' });
    search.filesChanged([`${root}/.gitignore`]);
    await vi.waitFor(async () => expect(await found(search, '"penguin"')).toEqual([]), patience);
  });

  test('opened again, it reads only what changed meanwhile', async () => {
    await put(sample);
    const first = window();
    await first.search.settled();
    await first.search.dispose();
    await put({ 'src/mail.ts': 'export const ostrich = 1;\n' });
    const second = window();
    await second.search.settled();
    expect(second.logs.join('\n')).toContain('3 files found, 1 to be indexed, 0 of 3 gone');
    expect(await found(second.search, '"ostrich"')).toHaveLength(1);
  });

  test('answers while the index is being built, with a note; a save later does not bring it back', async () => {
    await put(sample);
    const { search } = window();
    const early = await search.search({ query: 'zebra', limit: 5 }, never);
    expect(early.note).toMatch(/being built/);
    await search.settled();
    await put({ 'src/new.ts': 'export const lynx = 1;\n' });
    search.filesChanged([`${root}/src/new.ts`]);
    const late = await search.search({ query: 'zebra', limit: 5 }, never);
    expect([late.note, late.hits[0]?.relativePath]).toEqual([undefined, 'README.md']);
    await vi.waitFor(async () => expect(await found(search, '"lynx"')).toHaveLength(1), patience);
  });

  test('nothing is written into the folders that are searched, so they may be read-only', async () => {
    await put(sample);
    const before = await readdir(root, { recursive: true });
    for (const path of before) await chmod(join(root, path), path.includes('.') ? 0o400 : 0o500);
    const { search } = window();
    await search.settled();
    expect(await found(search, '"zebras"')).toHaveLength(1);
    await search.act('rebuild');
    await search.dispose();
    expect((await readdir(root, { recursive: true })).sort()).toEqual(before.sort());
    for (const path of before) await chmod(join(root, path), 0o700);
  });

  test('can be paused, resumed, cleared and rebuilt', async () => {
    await put(sample);
    const { search } = window();
    await search.settled();
    await search.act('clear');
    expect(await found(search, '"zebra"')).toEqual([]);
    expect(search.status.state).not.toBe('error');
    await search.act('resume');
    await search.settled();
    expect(await found(search, '"zebras"')).toHaveLength(1);
    await search.act('pause');
    await put({ 'new.ts': 'export const kiwi = 1;\n' });
    search.filesChanged([`${root}/new.ts`]);
    await search.settled();
    expect(await found(search, '"kiwi"')).toEqual([]);
    await search.act('resume');
    await vi.waitFor(async () => expect(await found(search, '"kiwi"')).toHaveLength(1), patience);
    await search.act('rebuild');
    await search.settled();
    expect(await found(search, '"kiwi"')).toHaveLength(1);
  });

  test('several roots are told apart; files outside are not touched', async () => {
    await put({ 'one/a.ts': 'export const heron = 1;\n', 'two/a.ts': 'export const heron = 2;\n' });
    const roots = ['one', 'two'].map((name) => ({ path: `${root}/${name}`, name }));
    const { search } = window({}, roots);
    await search.settled();
    expect((await found(search, '"heron"')).map((hit) => hit.split(' ')[0]).sort()).toEqual([
      'one/a.ts',
      'two/a.ts',
    ]);
    search.filesChanged([`${root}/three.ts`, '/etc/passwd', '']);
    await search.settled();
    expect(search.status.state).toBe('ready');
  });

  test('a second window asks the first, and takes over when that is gone', async () => {
    await put(sample);
    const first = window();
    await first.search.settled();
    const second = window();
    await vi.waitFor(() => expect(second.search.status.state).toBe('ready'), patience);
    expect(await found(second.search, '"zebras"')).toHaveLength(1);
    expect(await second.search.related('deliver mail', 1, never)).toHaveLength(1);
    await put({ 'src/new.ts': 'export const toucan = 1;\n' });
    second.search.filesChanged([`${root}/src/new.ts`]);
    await vi.waitFor(async () => expect(await found(first.search, '"toucan"')).toHaveLength(1), patience);
    await first.search.dispose();
    await vi.waitFor(async () => {
      await second.search.settled();
      expect(second.search.status.state).toBe('ready');
      expect(await found(second.search, '"toucan"')).toHaveLength(1);
    }, patience);
  });

  test('who asks once, as the command line does, waits until the owner has looked at the files again', async () => {
    await put(sample);
    await window().search.settled();
    await put({ 'src/new.ts': 'export const pelican = 1;\n' }); // nobody tells the owner
    const guest = window();
    await guest.search.settled();
    expect(await found(guest.search, '"pelican"')).toHaveLength(1);
    expect(guest.search.status).toMatchObject({ state: 'ready', nFiles: 4 });
  });

  test('rebuilt twice at once, it is whole, and stays so when it is opened again', async () => {
    await put(sample);
    const { search } = window();
    await search.settled();
    await Promise.all([search.act('rebuild'), search.act('rebuild')]);
    await search.settled();
    expect(await found(search, '"zebras"')).toHaveLength(1);
    await search.dispose();
    const again = window();
    await again.search.settled();
    expect(again.logs.join('\n')).toContain('3 files found, 0 to be indexed');
  });

  test('three windows at once make one index', async () => {
    await put(sample);
    const windows = [window(), window(), window()];
    for (const { search } of windows) {
      await vi.waitFor(async () => expect(await found(search, '"zebras"')).toHaveLength(1), patience);
    }
  });

  test('off, without folders, or without a place to write, it answers with the reason', async () => {
    const answerOf = async (search: LocalSearch) =>
      (await search.search({ query: 'x', limit: 1 }, never)).note;
    expect(await answerOf(window({ isEnabled: false }).search)).toMatch(/stet\.search\.enable/);
    expect(await answerOf(window({}, []).search)).toMatch(/No folder/);
    await writeFile(join(indexFolder, 'file'), '');
    const blocked = window({ indexFolder: join(indexFolder, 'file') });
    expect(await answerOf(blocked.search)).toMatch(/stet\.search\.indexFolder/);
    expect(blocked.search.status.state).toBe('error');
    await expect(blocked.search.act('pause')).rejects.toMatchObject({ code: 'index-unavailable' });
    expect(await answerOf(window({ database: '' }).search)).toMatch(/No search database/);
  });

  test('more files than allowed: the rest is left out, and said', async () => {
    await put(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}.ts`, `const a${i} = 1;\n`])));
    const { search } = window({ maxFiles: 5 });
    await search.settled();
    await vi.waitFor(() => expect(search.status.detail).toMatch(/5 files.*stet\.search\.maxFiles/), patience);
  });

  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['10,000 characters long', 'x'.repeat(10_000)],
    ['of 10,000 characters in words', 'word '.repeat(2000)],
    ['odd', '\0"\u{1f600}\ud800(*'],
  ])('a query that is %s is answered', async (_, query) => {
    await put(sample);
    const { search } = window();
    await search.settled();
    expect(Array.isArray((await search.search({ query, limit: 5 }, never)).hits)).toBe(true);
  });

  test('odd files cost themselves only', async () => {
    await put({
      ...sample,
      'deep.ts': `${'('.repeat(5000)}${')'.repeat(5000)}\n`.repeat(3),
      'broken.ts': 'export function {{{ <<< class\n'.repeat(50),
      'empty.ts': '',
      'blank.ts': '\n\n  \n',
      'long.md': `${'word '.repeat(50)}\n`.repeat(900),
    });
    const { search } = window();
    await search.settled();
    expect(search.status).toMatchObject({ state: 'ready' });
    expect(await found(search, '"zebras"')).toHaveLength(1);
  });

  test('a search that is given up rejects with its reason', async () => {
    await put(sample);
    const { search } = window();
    const controller = new AbortController();
    controller.abort(new Error('typed on'));
    await expect(search.search({ query: 'x', limit: 1 }, controller.signal)).rejects.toThrow('typed on');
  });
});
