/** Missing imports in real files on disk: written as the compiler writes them, and only where one module is meant. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TypeScriptService } from './service.ts';

const libFolder = path.resolve('node_modules/typescript/lib').replaceAll('\\', '/');
const patience = { timeout: 90_000, interval: 10 };
vi.setConfig({ testTimeout: 2 * patience.timeout });
const unchanged = { start: 0, endExclusive: 0, text: '' };

const others = {
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler" } }',
  'ledger.ts':
    'export const total = (n: number[]) => n.length;\nexport const twice = 1;\nexport interface Entry {}\n',
  'other.ts': 'export const twice = 2;\n',
  'index.ts': "export * from './ledger';\n",
};

let folder: string;
let service: TypeScriptService;
const warm = new Set<string>();
let nDocuments = 0;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-imports-'));
  for (const [file, content] of Object.entries(others)) fs.writeFileSync(path.join(folder, file), content);
  service = new TypeScriptService({
    libFolder,
    nowMs: () => performance.now(),
    onWarm: (one) => warm.add(one),
    onCold: (one) => warm.delete(one),
    onLog: (message) => expect.fail(message),
  });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** What becomes of a file in which what stands between ⟦ and ⟧ is accepted, and the imports that it lacks are added. */
async function accepted(marked: string): Promise<string> {
  const start = marked.indexOf('⟦');
  const endExclusive = marked.indexOf('⟧') - 1;
  const after = marked.replace(/[⟦⟧]/g, '');
  const before = after.slice(0, start) + after.slice(endExclusive);
  const uri = pathToFileURL(path.join(folder, `document${++nDocuments}.ts`)).href;
  service.edit({ uri, languageId: 'typescript', version: 1, change: { ...unchanged, text: before } });
  await vi.waitUntil(() => warm.has(uri), patience);
  const change = { start, endExclusive: start, text: after.slice(start, endExclusive) };
  const changes = service.imports({ uri, change, start, endExclusive });
  service.edit({ uri, languageId: 'typescript', version: 2 });
  expect(changes).toBeDefined();
  return [...(changes ?? [])]
    .reverse()
    .reduce((result, one) => result.slice(0, one.start) + one.text + result.slice(one.endExclusive), after);
}

test('a name is added to the import that is there', async () => {
  expect(
    await accepted("import type { Entry } from './ledger';\n\nexport const a: Entry = ⟦total([])⟧;\n"),
  ).toBe("import { total, type Entry } from './ledger';\n\nexport const a: Entry = total([]);\n");
});

test('or by a new one, in the style of the file', async () => {
  expect(await accepted('import "./ledger"\n\nexport const a = ⟦total([]) + total([])⟧\n')).toContain(
    'import { total } from "./ledger"',
  );
});

test.each([
  ['a name that two modules export', "import './ledger';\nimport './other';\n\nexport const a = ⟦twice⟧;\n"],
  ['a name that nobody exports', "import './ledger';\n\nexport const a = ⟦nothing⟧;\n"],
  ['a name that is declared here', "import './ledger';\n\nconst total = 1;\nexport const a = ⟦total⟧;\n"],
  [
    'a name that the text itself declares',
    "import './ledger';\n\n⟦const total = 1;\nexport const a = total;⟧\n",
  ],
  ['a member of something', "import './ledger';\n\nexport const a = ({ total: 1 }).⟦total⟧;\n"],
  [
    'a name outside of what was accepted',
    "import './ledger';\n\nexport const b = total([]);\nexport const a = ⟦1⟧;\n",
  ],
])('%s: nothing is added', async (_, marked) => {
  expect(await accepted(marked)).toBe(marked.replace(/[⟦⟧]/g, ''));
});

test('a script has no imports: nothing is known', async () => {
  await expect(accepted('const a = ⟦total⟧;\n')).rejects.toThrow();
});
