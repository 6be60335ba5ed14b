/** Writes what package.json says to VS Code: settings from protocol/settings.ts, commands and keys from here. */

// `node scripts/manifest.mjs` writes, `--check` only compares and fails when package.json is out of
// date. Everything in package.json that is not named in `manifest` below is written by hand and kept.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const file = path.join(root, 'package.json');

const command = (id, title, more = {}) => ({ command: `stet.${id}`, title, category: 'Stet', ...more });

const commands = [
  command('toggle', 'Toggle Suggestions While Typing'),
  command('toggleLanguage', 'Toggle Suggestions for This Language'),
  command('trigger', 'Suggest Now'),
  command('restartServer', 'Restart Server'),
  command('showLog', 'Show Log'),
];

const keybindings = [{ command: 'stet.trigger', key: 'alt+\\', when: 'editorTextFocus && !editorReadonly' }];

const needsEditor = ['stet.toggleLanguage', 'stet.trigger'];
const menus = {
  commandPalette: needsEditor.map((id) => ({ command: id, when: 'editorIsOpen' })),
};

/** One entry of the settings table as a JSON schema that VS Code understands. */
function schemaOf(setting, order) {
  const { type, default: value, scope, description, minimum, maximum } = setting;
  const common = { default: value, scope, description, order };
  if (type === 'string[]') return { type: 'array', items: { type: 'string' }, uniqueItems: true, ...common };
  if (type === 'number') return { type: 'integer', minimum, maximum, ...common };
  return { type, ...(setting.enum && { enum: setting.enum }), ...common };
}

async function loadSettingsTable() {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, 'protocol', 'settings.ts')],
    bundle: true,
    format: 'esm',
    write: false,
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  return (await import(`data:text/javascript;base64,${source}`)).settingsTable;
}

function manifestOf(settingsTable) {
  const entries = Object.entries(settingsTable);
  // What names a folder to read or write, or takes the machine's resources, is never a workspace's to say.
  const restricted = entries
    .filter(([, setting]) => setting.scope === 'machine')
    .map(([key]) => `stet.${key}`);
  return {
    categories: ['AI', 'Machine Learning', 'Programming Languages'],
    keywords: ['autocomplete', 'completion', 'offline', 'local', 'privacy'],
    icon: 'media/icon.png',
    main: './dist/extension.cjs',
    extensionKind: ['workspace'],
    activationEvents: ['onStartupFinished'],
    capabilities: {
      untrustedWorkspaces: {
        supported: 'limited',
        description:
          'Suggestions work. Which model runs, and with how many threads, is never read from an untrusted workspace.',
        restrictedConfigurations: restricted,
      },
      virtualWorkspaces: {
        supported: 'limited',
        description: 'Suggestions see the open files only.',
      },
    },
    contributes: {
      configuration: {
        title: 'Stet',
        properties: Object.fromEntries(
          entries.map(([key, setting], order) => [`stet.${key}`, schemaOf(setting, order)]),
        ),
      },
      commands,
      keybindings,
      menus,
    },
  };
}

const written = fs.readFileSync(file, 'utf8');
const manifest = { ...JSON.parse(written), ...manifestOf(await loadSettingsTable()) };
const wanted = `${JSON.stringify(manifest, undefined, 2)}\n`;
const isUpToDate = JSON.stringify(JSON.parse(written)) === JSON.stringify(manifest);

if (process.argv.includes('--check')) {
  if (!isUpToDate) {
    process.stderr.write('package.json is out of date. Run: node scripts/manifest.mjs\n');
    process.exit(1);
  }
} else if (!isUpToDate) {
  fs.writeFileSync(file, wanted);
}
