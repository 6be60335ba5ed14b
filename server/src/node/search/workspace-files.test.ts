/** WorkspaceFiles: what is listed and read, and above all what is not. */

import { mkdir, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WorkspaceFiles } from './workspace-files.ts';

let root = '';
beforeEach(async () => {
  root = (await mkdtemp(join(tmpdir(), 'stet-files-'))).replaceAll('\\', '/');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const never = new AbortController().signal;

async function put(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const filesOf = (change: Partial<ConstructorParameters<typeof WorkspaceFiles>[0]> = {}) =>
  new WorkspaceFiles({ roots: [root], exclude: [], maxFileSizeKb: 64, ...change });

async function listed(files = filesOf()): Promise<string[]> {
  const paths: string[] = [];
  for await (const found of files.all(never))
    paths.push(...found.map(({ path }) => path.slice(root.length + 1)));
  return paths.sort();
}

describe('listing', () => {
  test('leaves out what git and editors leave out', async () => {
    await put({
      'a.ts': 'a',
      '.git/config': 'x',
      'node_modules/x/index.js': 'x',
      '.gitignore': '/dist\n*.gen.ts\n!keep.gen.ts\nlogs/\n',
      'dist/out.js': 'x',
      'src/dist/in.js': 'x',
      'src/b.gen.ts': 'x',
      'src/keep.gen.ts': 'x',
      'logs/a.txt': 'x',
      'package-lock.json': '{}',
      'lib/jquery.min.js': 'x',
      'pic.png': 'x',
    });
    expect(await listed()).toEqual(['.gitignore', 'a.ts', 'src/dist/in.js', 'src/keep.gen.ts']);
  });

  test.skipIf(process.platform !== 'linux')('letter case of rules matters where it does to git', async () => {
    await put({ '.gitignore': 'Build/\n', 'build/a.ts': 'x', 'Build/b.ts': 'x' });
    expect(await listed()).toEqual(['.gitignore', 'build/a.ts']);
  });

  test('deeper rules decide, .ignore is read after .gitignore, broken rules cost their line', async () => {
    await put({
      '.gitignore': '*.txt\nvendor/\n[z-a]\n\\\n',
      '.ignore': '!important.txt\n',
      'important.txt': 'x',
      'other.txt': 'x',
      'docs/.gitignore': '!*.txt\nsecret.md\n',
      'docs/a.txt': 'x',
      'docs/secret.md': 'x',
      'vendor/v.ts': 'x',
      'fixtures/.gitignore': '!vendor/\n',
      'fixtures/vendor/v.ts': 'x',
    });
    expect((await listed()).filter((path) => !path.endsWith('ignore'))).toEqual([
      'docs/a.txt',
      'fixtures/vendor/v.ts',
      'important.txt',
    ]);
  });

  test('rules above the folder hold up to the top of its repository', async () => {
    await put({
      '.git/info/exclude': '*.local.ts\n',
      '.gitignore': 'out/\n',
      'pkg/a.ts': 'x',
      'pkg/out/b.ts': 'x',
    });
    await put({ 'pkg/c.local.ts': 'x' });
    expect(await listed(filesOf({ roots: [`${root}/pkg`] }))).toEqual(['pkg/a.ts']);
  });

  test('glob patterns of editors leave out files and folders', async () => {
    await put({ 'a.ts': 'x', 'b.spec.ts': 'x', 'gen/c.ts': 'x', 'src/gen/d.ts': 'x', 'src/e.ts': 'x' });
    const exclude = ['**/*.spec.ts', 'gen/**', '', '{a,b}.ts', '[', '{'];
    expect(await listed(filesOf({ exclude }))).toEqual(['src/e.ts']);
    expect(await listed(filesOf({ exclude: ['/gen'] }))).toContain('src/gen/d.ts');
  });

  test('files that hold secrets are never there', async () => {
    const secrets = [
      '.env',
      '.env.local',
      'prod.env',
      'id_rsa',
      'server.key',
      'a.pem',
      '.npmrc',
      'credentials.json',
    ];
    await put({ 'a.ts': 'x', ...Object.fromEntries(secrets.map((name) => [`conf/${name}`, 'password'])) });
    expect(await listed()).toEqual(['a.ts']);
    for (const name of secrets) expect(await filesOf().at(`${root}/conf/${name}`, never)).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('links are not followed: no loops, nothing outside', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'stet-outside-'));
    await writeFile(join(outside, 'private.ts'), 'x');
    await put({ 'a/b.ts': 'x' });
    await symlink(root, join(root, 'a', 'loop'));
    await symlink(outside, join(root, 'out'));
    await symlink(join(outside, 'private.ts'), join(root, 'file.ts'));
    expect(await listed()).toEqual(['a/b.ts']);
    await rm(outside, { recursive: true });
  });

  test('files over the limit are left out; a missing root has no files; nested roots are walked once', async () => {
    await put({ 'small.ts': 'x', 'big.ts': 'x'.repeat(65 * 1024), 'sub/c.ts': 'x' });
    await writeFile(join(root, 'huge.ts'), '');
    await truncate(join(root, 'huge.ts'), 200_000_000); // sparse
    expect(await listed()).toEqual(['small.ts', 'sub/c.ts']);
    expect(await filesOf().read(`${root}/huge.ts`)).toBeUndefined();
    expect(await listed(filesOf({ roots: [`${root}/none`] }))).toEqual([]);
    expect(await listed(filesOf({ roots: [`${root}/sub`, root] }))).toEqual(['small.ts', 'sub/c.ts']);
  });

  test('it ends when it is told to', async () => {
    await put({ 'a/b.ts': 'x' });
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const list = async () => {
      for await (const _ of filesOf().all(controller.signal));
    };
    await expect(list()).rejects.toThrow('enough');
  });
});

describe('one path', () => {
  test('is judged as in a listing; a folder stands for what is below it', async () => {
    await put({ '.gitignore': 'out\n', 'src/a.ts': 'x', 'src/deep/b.ts': 'x', 'out/c.ts': 'x' });
    const at = async (path: string) =>
      (await filesOf().at(`${root}/${path}`, never)).map((file) => file.path.slice(root.length + 1)).sort();
    expect(await at('src/a.ts')).toEqual(['src/a.ts']);
    expect(await at('src')).toEqual(['src/a.ts', 'src/deep/b.ts']);
    expect(await at('out')).toEqual([]);
    expect(await at('out/c.ts')).toEqual([]);
    expect(await at('gone.ts')).toEqual([]);
    expect(await filesOf().at('/elsewhere/x.ts', never)).toEqual([]);
  });
});

describe('reading', () => {
  test('gives text and hash; bytes that are no UTF-8 are replaced', async () => {
    await put({ 'a.ts': '\ufeffconst ä = 1;\n', 'latin.ts': Uint8Array.from([0x61, 0xe4, 0x62, 0x0a]) });
    await put({ 'wide.txt': Uint8Array.from([0xff, 0xfe, 0x61, 0x00, 0x62, 0x00]) });
    const read = (path: string) => filesOf().read(`${root}/${path}`);
    expect(await read('a.ts')).toMatchObject({
      text: 'const ä = 1;\n',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await read('latin.ts'))?.text).toBe('a\ufffdb\n');
    expect((await read('wide.txt'))?.text).toBe('ab');
  });

  test('binary, minified, grown and deleted files are nothing', async () => {
    await put({
      'binary.ts': Uint8Array.from([1, 2, 0, 3]),
      'minified.js': 'var a=1;'.repeat(2000),
      'grown.ts': 'x\n'.repeat(50_000),
      'moved.ts': 'x',
    });
    await unlink(join(root, 'moved.ts'));
    for (const name of ['binary.ts', 'minified.js', 'grown.ts', 'moved.ts', 'never.ts', '']) {
      expect(await filesOf().read(`${root}/${name}`), name).toBeUndefined();
    }
  });

  test('a folder that vanishes while it is listed is no failure', async () => {
    await put({ 'a/1.ts': 'x', 'b/2.ts': 'x' });
    const list = filesOf().all(never);
    await rename(join(root, 'b'), join(root, 'c'));
    const found = [];
    for await (const files of list) found.push(...files);
    expect(found.length).toBeGreaterThan(0);
  });
});
