/** knownServers: the language servers that Stet can ask when a user has installed them, and how each is spoken to. */

// These are the user's own programs. They run builds and read project files, so they are started in
// trusted workspaces only. Every entry turns off what costs time and is no use here: background
// checks, indexing, imports that are not there yet, snippets. Entries marked "untried" follow the
// server's documentation and were never run by us.

import type { ListTraits } from './completion-names.ts';

export interface KnownServer {
  /** For people, and the key of its health. */
  readonly name: string;
  /** VS Code's language identifiers. */
  readonly languages: readonly string[];
  /** The program, looked up on PATH, and its arguments. */
  readonly command: readonly string[];
  /** The nearest folder above a document with one of these is its project. */
  readonly rootMarkers: readonly string[];
  /** Answers to `workspace/configuration`, by section. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly initializationOptions?: unknown;
  readonly traits: ListTraits;
  /** One sentence for a user who has it not. */
  readonly howToGet: string;
}

/** gopls calls a list complete only when it neither looks deeper than the receiver nor matches loosely. */
const goplsSettings = {
  deepCompletion: false,
  completeUnimported: false,
  matcher: 'CaseSensitive',
  usePlaceholders: false,
  completionBudget: '0s', // no limit: a list that is cut short bans nothing
};

/** No build in the background and no completions that come with an import. */
const rustAnalyzerSettings = {
  checkOnSave: false,
  cachePriming: { enable: false },
  cargo: { targetDir: true }, // its own, so that the user's builds never wait for its lock
  completion: { autoimport: { enable: false }, postfix: { enable: false }, autoself: { enable: false } },
};

export const knownServers: readonly KnownServer[] = [
  {
    name: 'clangd',
    languages: ['c', 'cpp', 'objective-c', 'objective-cpp'],
    command: [
      'clangd',
      '--limit-results=0',
      '--background-index=false',
      '--clang-tidy=false',
      '--header-insertion=never',
      '--all-scopes-completion=false',
      '--log=error',
      '-j=1',
    ],
    rootMarkers: ['compile_commands.json', 'compile_flags.txt', '.clangd', '.git'],
    traits: {},
    howToGet: 'Install clangd (on Debian: apt install clangd) and write a compile_commands.json.',
  },
  {
    name: 'gopls',
    languages: ['go'],
    command: ['gopls', 'serve'],
    rootMarkers: ['go.work', 'go.mod', '.git'],
    settings: { gopls: goplsSettings },
    initializationOptions: goplsSettings,
    traits: {},
    howToGet: 'Install gopls (go install golang.org/x/tools/gopls@latest).',
  },
  {
    name: 'rust-analyzer', // untried
    languages: ['rust'],
    command: ['rust-analyzer'],
    rootMarkers: ['Cargo.toml', 'rust-project.json', '.git'],
    settings: { 'rust-analyzer': rustAnalyzerSettings },
    initializationOptions: rustAnalyzerSettings,
    traits: {},
    howToGet: 'Install rust-analyzer (rustup component add rust-analyzer).',
  },
  {
    name: 'jdtls', // untried
    languages: ['java'],
    command: ['jdtls'],
    rootMarkers: ['pom.xml', 'build.gradle', 'build.gradle.kts', 'settings.gradle', '.git'],
    settings: { java: { autobuild: { enabled: false }, completion: { maxResults: 0 } } },
    traits: {},
    howToGet: 'Install the Eclipse JDT language server so that jdtls is on PATH.',
  },
  {
    name: 'csharp-ls', // untried
    languages: ['csharp'],
    command: ['csharp-ls'],
    rootMarkers: ['.git'],
    traits: {},
    howToGet: 'Install csharp-ls (dotnet tool install --global csharp-ls).',
  },
  {
    name: 'zls', // untried
    languages: ['zig'],
    command: ['zls'],
    rootMarkers: ['build.zig', '.git'],
    traits: {},
    howToGet: 'Install zls, the Zig language server.',
  },
  {
    name: 'lua-language-server', // untried
    languages: ['lua'],
    command: ['lua-language-server'],
    rootMarkers: ['.luarc.json', '.git'],
    traits: { isDynamic: true },
    howToGet: 'Install lua-language-server.',
  },
  {
    name: 'solargraph', // untried
    languages: ['ruby'],
    command: ['solargraph', 'stdio'],
    rootMarkers: ['Gemfile', '.git'],
    traits: { isDynamic: true },
    howToGet: 'Install solargraph (gem install solargraph).',
  },
  {
    name: 'phpactor', // untried
    languages: ['php'],
    command: ['phpactor', 'language-server'],
    rootMarkers: ['composer.json', '.git'],
    traits: { isDynamic: true },
    howToGet: 'Install phpactor.',
  },
];

/** The user's own command for a language, from `stet.types.servers`: of a server that may do anything, nothing is sure. */
export function ownServer(languageId: string, command: readonly string[]): KnownServer {
  const known = knownServers.find(({ languages }) => languages.includes(languageId));
  const name = (command[0] ?? '').replace(/^.*[\\/]/, '').replace(/\.(exe|cmd|bat)$/i, '');
  const isKnown = known !== undefined && known.name === name;
  return {
    name,
    languages: [languageId],
    command,
    rootMarkers: known?.rootMarkers ?? ['.git'],
    ...(isKnown && known.settings && { settings: known.settings }),
    ...(isKnown &&
      known.initializationOptions !== undefined && {
        initializationOptions: known.initializationOptions,
      }),
    traits: isKnown ? known.traits : { isDynamic: true },
    howToGet: `Check stet.types.servers: ${command[0]} is not on PATH.`,
  };
}
