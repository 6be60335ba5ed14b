/** Languages: what the engine knows of each VS Code language id; a table, so that a language is a row. */

/** The facts about one language that stopping, trimming and scanning read. */
export interface Language {
  /** Folder under `grammars/`; undefined when we ship no grammar. */
  readonly grammar: string | undefined;
  /** What starts a comment that ends with its line. */
  readonly lineComments: readonly string[];
  readonly blockComment: readonly [open: string, close: string] | undefined;
  /** Quotes whose strings end with their line at the latest. */
  readonly quotes: string;
  /** Quotes whose strings may span lines: `"""`, a backtick. */
  readonly longQuotes: readonly string[];
  /** `${…}` inside backticks is code. */
  readonly hasTemplates: boolean;
  /** A slash where a value is expected starts a regular expression. */
  readonly hasRegex: boolean;
  /** `'` mostly starts a lifetime; only `'x'` is a literal. */
  readonly hasLifetimes: boolean;
  /** Words that end a block, on a line indented like its first one; most languages have none. */
  readonly blockEnds: readonly string[];
  /** Matches a line (trimmed, without comment) that opens a block other than by a bracket at its end. */
  readonly blockStart: RegExp;
}

/** The row of a VS Code language id; unknown languages are read like C without a grammar. */
export function languageOf(languageId: string): Language {
  return table[languageId] ?? plain;
}

const plain: Language = {
  grammar: undefined,
  lineComments: ['//'],
  blockComment: ['/*', '*/'],
  quotes: '\'"',
  longQuotes: [],
  hasTemplates: false,
  hasRegex: false,
  hasLifetimes: false,
  blockEnds: [],
  blockStart: /^(?:case\b.*|default\s*):$|=>$/,
};

const script: Language = { ...plain, longQuotes: ['`'], hasTemplates: true, hasRegex: true };
const hash: Language = { ...plain, lineComments: ['#'], blockComment: undefined };
const markup: Language = { ...plain, lineComments: [], blockComment: ['<!--', '-->'], quotes: '"' };
const noComment: Language = { ...plain, lineComments: [], blockComment: undefined };

const pythonBlock =
  /^(?:async|def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*:$|^[)\]}].*:$/;
const rubyBlock =
  /^(?:def|class|module|if|unless|while|until|case|begin|for|else|elsif|when|rescue|ensure)\b|\bdo(?:\s*\|[^|]*\|)?$/;
const shellBlock = /\b(?:then|do|else|in)$|^(?:[^()]*\)|function\b.*)$/;
const luaBlock = /\b(?:then|do|else|repeat)$|\bfunction\b[^(]*\([^)]*\)$/;

const table: Readonly<Record<string, Language>> = {
  typescript: { ...script, grammar: 'typescript' },
  typescriptreact: { ...script, grammar: 'tsx' },
  javascript: { ...script, grammar: 'javascript' },
  javascriptreact: { ...script, grammar: 'javascript' },
  python: {
    ...hash,
    grammar: 'python',
    longQuotes: ['"""', "'''"],
    blockStart: pythonBlock,
  },
  go: { ...plain, grammar: 'go', longQuotes: ['`'] },
  rust: { ...plain, grammar: 'rust', quotes: '"', hasLifetimes: true },
  java: { ...plain, grammar: 'java', longQuotes: ['"""'] },
  c: { ...plain, grammar: 'cpp' }, // nearly a subset; a grammar of its own is not packaged
  cpp: { ...plain, grammar: 'cpp' },
  csharp: { ...plain, grammar: 'c-sharp', longQuotes: ['"""'] },
  php: { ...plain, grammar: 'php', lineComments: ['//', '#'] },
  ruby: { ...hash, grammar: 'ruby', blockEnds: ['end'], blockStart: rubyBlock },
  shellscript: { ...hash, grammar: 'bash', blockEnds: ['fi', 'done', 'esac'], blockStart: shellBlock },
  powershell: { ...hash, grammar: 'powershell', blockComment: ['<#', '#>'] },
  css: { ...plain, grammar: 'css', lineComments: [] },
  ini: { ...hash, grammar: 'ini', lineComments: [';', '#'] },
  scss: plain,
  less: plain,
  kotlin: { ...plain, longQuotes: ['"""'] },
  swift: { ...plain, longQuotes: ['"""'] },
  dart: { ...plain, longQuotes: ['"""', "'''"] },
  lua: {
    ...plain,
    lineComments: ['--'],
    blockComment: ['--[[', ']]'],
    blockEnds: ['end', 'until'],
    blockStart: luaBlock,
  },
  sql: { ...plain, lineComments: ['--'] },
  yaml: { ...hash, blockStart: /:$/ },
  toml: { ...hash, longQuotes: ['"""', "'''"] },
  makefile: { ...hash, quotes: '' },
  dockerfile: hash,
  json: { ...noComment, quotes: '"' },
  jsonc: { ...plain, quotes: '"' },
  html: markup,
  xml: markup,
  vue: { ...markup, quotes: '"' },
  svelte: { ...markup, quotes: '"' },
  plaintext: { ...noComment, quotes: '' },
  markdown: { ...noComment, quotes: '' },
};
