/** The editor's settings during a test: no pop-up of its own takes Tab or Esc away from the ghost text. */

import { quietSettings } from '../../scripts/code-server.mjs';

export const testSettings = {
  ...quietSettings,
  'stet.completion.eagerness': 'eager', // a small model is sure of little, and something must be shown
  'stet.completion.autoImport': false, // an accepted text is then all that changes; imports.test.ts turns it on
  'workbench.colorTheme': 'Default Light Modern',
  'workbench.reduceMotion': 'on',
  'window.restoreWindows': 'none',
  'git.enabled': false,
  'git.autofetch': false,
  'editor.inlineSuggest.enabled': true,
  'editor.inlineSuggest.minShowDelay': 0,
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.parameterHints.enabled': false,
  'editor.wordBasedSuggestions': 'off',
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.autoIndent': 'none',
  'editor.cursorBlinking': 'solid',
  'editor.minimap.enabled': false,
  'editor.accessibilitySupport': 'off',
};
