/** Tests of the toggles' logic: every toggle flips, and two toggles leave nothing behind. */

import { expect, test } from 'vitest';
import { effectiveSettings, offReason, toggled, toggledLanguage } from './overrides.ts';

const settings = { enable: true, disabledLanguages: ['markdown'] };
const none = { languages: {} };

test('without overrides the settings count', () => {
  expect(effectiveSettings(settings, none)).toEqual(settings);
  expect(offReason(settings, 'markdown')).toBe('language');
  expect(offReason(settings, 'python')).toBeUndefined();
});

test('toggling turns off everywhere and back on', () => {
  const off = toggled(settings, none);
  expect(offReason(effectiveSettings(settings, off), 'python')).toBe('everywhere');
  expect(toggled(settings, off)).toEqual(none);
});

test('off everywhere is said where no editor is active too', () => {
  expect(offReason({ ...settings, enable: false }, undefined)).toBe('everywhere');
  expect(offReason(settings, undefined)).toBeUndefined();
});

test('toggling turns on what the setting turned off', () => {
  const disabled = { ...settings, enable: false };
  expect(effectiveSettings(disabled, toggled(disabled, none)).enable).toBe(true);
});

test.each(['python', 'markdown'])('toggling the language %s flips it and back leaves nothing', (language) => {
  const before = offReason(effectiveSettings(settings, none), language);
  const once = toggledLanguage(settings, none, language);
  expect(offReason(effectiveSettings(settings, once), language) === undefined).toBe(before !== undefined);
  expect(toggledLanguage(settings, once, language)).toEqual(none);
});

test('toggling a language leaves the others and the whole as they are', () => {
  const overrides = { enable: false, languages: { go: false } };
  expect(toggledLanguage(settings, overrides, 'python')).toEqual({
    enable: false,
    languages: { go: false, python: false },
  });
});
