/** Tests of parseSettings: any JSON gives settings, and what was wrong is said. */

import { expect, test } from 'vitest';
import { defaultSettings, settingsTable } from '../../../protocol/settings.ts';
import { isSameEngine, parseSettings } from './settings.ts';

test.each([undefined, null, {}, { completion: {} }])('%j gives the defaults without complaint', (raw) => {
  expect(parseSettings(raw)).toEqual({ settings: defaultSettings(), problems: [] });
});

test.each([[42], ['on'], [[]], [true]])('%j is not an object: defaults and one problem', (raw) => {
  const { settings, problems } = parseSettings(raw);
  expect(settings).toEqual(defaultSettings());
  expect(problems).toHaveLength(1);
});

test('flat and nested keys mean the same', () => {
  const nested = parseSettings({ completion: { maxLines: 3 }, model: { folder: '/m' } });
  const flat = parseSettings({ 'completion.maxLines': 3, 'model.folder': '/m' });
  expect(nested).toEqual(flat);
  expect(nested.settings).toMatchObject({ 'completion.maxLines': 3, 'model.folder': '/m' });
  expect(nested.problems).toEqual([]);
});

test('lists by name are taken as they are, flat or nested', () => {
  const servers = { go: ['/opt/gopls', 'serve'], ruby: [] };
  expect(parseSettings({ types: { servers } }).settings['types.servers']).toEqual(servers);
  expect(parseSettings({ 'types.servers': servers }).problems).toEqual([]);
});

test.each([
  ['enable', 'yes', 'stet.enable must be true or false, not "yes"; the default true is used.'],
  ['threads', 65, 'stet.threads must be a whole number from 0 to 64, not 65; the default 0 is used.'],
  ['threads', 1.5, 'stet.threads must be a whole number from 0 to 64, not 1.5; the default 0 is used.'],
  ['model.format', 'int3', 'stet.model.format must be one of int8, int8-block, int4, fp32, not "int3"'],
  ['model.folder', 7, 'stet.model.folder must be a text, not 7'],
  ['disabledLanguages', ['a', 1], 'stet.disabledLanguages must be a list of texts, not ["a",1]'],
  ['types.servers', { go: 'gopls' }, 'stet.types.servers must be lists of texts by name, not {"go":"gopls"}'],
  ['types.servers', [['gopls']], 'stet.types.servers must be lists of texts by name, not [["gopls"]]'],
  ['model', 'x', 'stet.model is not a setting of Stet; it is ignored.'],
  ['maxLine', 1, 'stet.maxLine is not a setting of Stet; it is ignored.'],
  ['__proto__', 1, 'stet.__proto__ is not a setting of Stet'],
  ['toString', 1, 'stet.toString is not a setting of Stet'],
])('bad settings: %s = %j', (key, value, problem) => {
  const raw = JSON.parse(`{${JSON.stringify(key)}: ${JSON.stringify(value)}}`);
  const { settings, problems } = parseSettings(raw);
  expect(settings).toEqual(defaultSettings());
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test('one bad value leaves the others alone', () => {
  const { settings, problems } = parseSettings({ enable: false, threads: 'many' });
  expect(settings.enable).toBe(false);
  expect(problems).toHaveLength(1);
});

test('every default of the table passes its own check', () => {
  const raw = Object.fromEntries(
    Object.entries(settingsTable).map(([key, { default: value }]) => [key, value]),
  );
  expect(parseSettings(raw)).toEqual({ settings: defaultSettings(), problems: [] });
});

test('only the model and the threads need another engine', () => {
  const settings = defaultSettings();
  expect(isSameEngine(settings, { ...settings, 'completion.maxLines': 1, enable: false })).toBe(true);
  expect(isSameEngine(settings, { ...settings, threads: 1 })).toBe(false);
});
