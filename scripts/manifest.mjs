/** Writes what package.json and the README say of settings (from protocol/settings.ts), commands and keys. */

// `node scripts/manifest.mjs` writes, `--check` only compares and fails when either is out of
// date. Everything in package.json that is not named in `manifest` below is written by hand and kept,
// and so is all of the README outside its marked tables.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { searchManifest } from './manifest-search.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const file = path.join(root, 'package.json');
const readmeFile = path.join(root, 'README.md');

const command = (id, title, more = {}) => ({ command: `stet.${id}`, title, category: 'Stet', ...more });

const search = searchManifest(command);
const commands = [
  command('toggle', 'Toggle Suggestions While Typing'),
  command('toggleLanguage', 'Toggle Suggestions for This Language'),
  command('snooze', 'Snooze…'),
  command('trigger', 'Suggest Now'),
  command('chooseModel', 'Choose Model…'),
  command('setRemoteKey', 'Set Remote Key…'),
  command('clearRemoteKey', 'Clear Remote Key'),
  command('whyThisSuggestion', 'Why This Suggestion?'),
  command('whyNoSuggestion', 'Why No Suggestion?'),
  command('copyContext', 'Copy Compressed Context'),
  command('benchmark', 'Benchmark'),
  command('showStatistics', 'Show Statistics'),
  command('recordSession', 'Record Typing Session'),
  command('restartServer', 'Restart Server'),
  command('showLog', 'Show Log'),
  ...search.commands,
];

const keybindings = [
  { command: 'stet.trigger', key: 'alt+\\', when: 'editorTextFocus && !editorReadonly' },
  ...search.keybindings,
];

const needsEditor = ['stet.toggleLanguage', 'stet.trigger', 'stet.findSimilar', 'stet.searchSelection'];
const menus = {
  commandPalette: [
    ...needsEditor.map((id) => ({ command: id, when: 'editorIsOpen' })),
    ...search.hidden.map((id) => ({ command: id, when: 'false' })),
  ],
  ...search.menus,
};

const step = (id, title, description, command) => ({
  id,
  title,
  description,
  media: { markdown: `media/walkthrough/${id}.md` },
  completionEvents: [`onCommand:${command}`],
});

/** What VS Code's welcome page offers to someone new. */
const walkthroughs = [
  {
    id: 'start',
    title: 'Get started with Stet',
    description: 'Suggestions and code search by a model on this machine. Nothing leaves it.',
    steps: [
      step(
        'suggest',
        'Type, and take what fits',
        'Open a file and type. [Ask for a suggestion](command:stet.trigger) at any time with Alt+\\.',
        'stet.trigger',
      ),
      step(
        'search',
        'Find code by what it does',
        '[Search code](command:stet.searchCode) with words, or find code similar to what you selected.',
        'stet.searchCode',
      ),
      step(
        'model',
        'Choose the model',
        '[Choose a model](command:stet.chooseModel) that suits this machine.',
        'stet.chooseModel',
      ),
      step(
        'why',
        'See why, and how fast',
        '[Why this suggestion?](command:stet.whyThisSuggestion) Or [measure it](command:stet.benchmark) on this machine.',
        'stet.benchmark',
      ),
    ],
  },
];

/** One entry of the settings table as a JSON schema that VS Code understands. */
function schemaOf(setting, order) {
  const { type, default: value, scope, description, minimum, maximum } = setting;
  const common = { default: value, scope, description, order };
  if (type === 'string[]') return { type: 'array', items: { type: 'string' }, uniqueItems: true, ...common };
  if (type === 'lists') {
    const lists = { type: 'array', items: { type: 'string' } };
    return { type: 'object', additionalProperties: lists, ...common };
  }
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
          'Suggestions work. Which model runs, where, and with how many threads, is never read from an untrusted workspace.',
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
      walkthroughs,
      ...search.contributes,
    },
  };
}

/** The README's tables, by the name in their marks. */
function tablesOf(settingsTable) {
  const shown = (value) => (value === '' ? '(empty)' : `\`${JSON.stringify(value)}\``);
  const settings = Object.entries(settingsTable).map(
    ([key, setting]) =>
      `| \`stet.${key}\` | ${shown(setting.default)} | ${setting.description.replaceAll('|', '\\|')} |`,
  );
  const keyOf = (id) => keybindings.find((binding) => binding.command === id)?.key;
  const commandRows = commands.map(
    ({ command: id, title, category }) =>
      `| ${category}: ${title} | ${keyOf(id) ? `\`${keyOf(id)}\`` : ''} |`,
  );
  return {
    settings: ['| setting | default | what it does |', '|---|---|---|', ...settings].join('\n'),
    commands: ['| command | key |', '|---|---|', ...commandRows].join('\n'),
  };
}

/** `text` with each table put between its marks, `<!-- name -->` and `<!-- /name -->`. */
function withTables(text, tables) {
  return Object.entries(tables).reduce((result, [name, table]) => {
    const marked = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
    if (!marked.test(result)) throw new Error(`README.md has no marks for the table "${name}".`);
    return result.replace(marked, (_, open, close) => `${open}${table}\n${close}`);
  }, text);
}

const settingsTable = await loadSettingsTable();
const manifestWritten = fs.readFileSync(file, 'utf8');
const manifest = { ...JSON.parse(manifestWritten), ...manifestOf(settingsTable) };
const readmeWritten = fs.readFileSync(readmeFile, 'utf8');
const readmeWanted = withTables(readmeWritten, tablesOf(settingsTable));
const outputs = [
  {
    file,
    wanted: `${JSON.stringify(manifest, undefined, 2)}\n`,
    isUpToDate: JSON.stringify(JSON.parse(manifestWritten)) === JSON.stringify(manifest),
  },
  { file: readmeFile, wanted: readmeWanted, isUpToDate: readmeWanted === readmeWritten },
];

for (const { file, wanted } of outputs.filter((output) => !output.isUpToDate)) {
  if (process.argv.includes('--check')) {
    process.stderr.write(`${path.basename(file)} is out of date. Run: node scripts/manifest.mjs\n`);
    process.exitCode = 1;
  } else {
    fs.writeFileSync(file, wanted);
  }
}
