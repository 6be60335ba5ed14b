/** Commands by keyboard: each is in the palette under its name, or has a key, and no key of the editor's is taken. */

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { command: string; title: string; category?: string }[];
    readonly keybindings: readonly { command: string; key: string; mac?: string; when?: string }[];
    readonly menus: Readonly<Record<string, readonly { command: string; when?: string }[]>>;
  };
}

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
const { commands, keybindings, menus } = (JSON.parse(read('package.json')) as Manifest).contributes;
const hidden = new Set(
  (menus.commandPalette ?? []).filter(({ when }) => when === 'false').map((m) => m.command),
);

test('every command has a title of its own and Stet’s name before it', () => {
  for (const { command, title, category } of commands) {
    expect([command, title, category]).toEqual([command, expect.stringMatching(/^[A-Z].+/), 'Stet']);
  }
  expect(new Set(commands.map(({ title }) => title)).size).toBe(commands.length);
});

test('what the palette does not offer has a key, or is what Enter does in its list', () => {
  const byKey = new Set(keybindings.map(({ command }) => command));
  const unreachable = [...hidden].filter((id) => !byKey.has(id));
  expect(unreachable).toEqual(['stet.search.open']);
  // The tree runs an item's own command on Enter.
  const tree = read('client/src/search/result-tree.ts');
  expect(tree).toContain("openCommand = 'stet.search.open'");
  expect(tree).toMatch(/item\.command = \{[^}]*command: openCommand/);
});

test('every menu entry and key is of a command that there is', () => {
  const known = new Set(commands.map(({ command }) => command));
  const used = [...Object.values(menus).flat(), ...keybindings].map(({ command }) => command);
  expect(used.filter((id) => !known.has(id))).toEqual([]);
});

test('Tab, Esc, Enter, copy, cut and paste stay the editor’s', () => {
  const taken = /^(tab|shift\+tab|escape|enter|(ctrl|cmd)\+[cvxzas])$/i;
  const keys = keybindings.flatMap(({ key, mac }) => [key, ...(mac ? [mac] : [])]);
  expect(keys.filter((key) => taken.test(key))).toEqual([]);
});

test('single keys are bound within Stet’s own view only', () => {
  const single = keybindings.filter(({ key }) => !/\+/.test(key));
  for (const { when } of single) expect(when).toMatch(/focusedView == stet\./);
});
