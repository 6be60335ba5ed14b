/** searchManifest: what package.json contributes for search: commands, keys, menus, the view and the tools. */

const view = 'stet.searchResults';
/** Not while something is typed in its own “find”. */
const inView = `focusedView == ${view} && !inputFocus`;
const onResult = `view == ${view} && viewItem == result`;
const hasResults = `view == ${view} && stet.hasSearchResults`;

const limitSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 50,
  description: 'The most results. Default: 10.',
};

/** `command` makes one entry of contributes.commands. */
export function searchManifest(command) {
  const commands = [
    command('searchCode', 'Search Code', { icon: '$(search)' }),
    command('searchSelection', 'Search Selection'),
    command('findSimilar', 'Find Similar Code'),
    command('search.refine', 'Refine Search', { icon: '$(edit)' }),
    command('search.clear', 'Clear Search Results', { icon: '$(clear-all)' }),
    command('search.open', 'Open Result'),
    command('search.openToSide', 'Open Result to the Side', { icon: '$(split-horizontal)' }),
    command('search.peek', 'Peek Result', { icon: '$(eye)' }),
    command('index.rebuild', 'Rebuild Search Index'),
    command('index.pause', 'Pause Indexing'),
    command('index.resume', 'Resume Indexing'),
    command('index.clear', 'Clear Search Index'),
    command('setSearchDatabase', 'Set Search Database…'),
  ];
  return {
    commands,
    /** Only where there is a result to act on, not in the palette. */
    hidden: ['stet.search.open', 'stet.search.openToSide', 'stet.search.peek'],
    keybindings: [
      { command: 'stet.searchCode', key: 'ctrl+alt+s', mac: 'ctrl+cmd+s' },
      { command: 'stet.findSimilar', key: 'ctrl+alt+d', mac: 'ctrl+cmd+d', when: 'editorTextFocus' },
      {
        command: 'stet.search.openToSide',
        key: 'ctrl+enter',
        mac: 'cmd+enter',
        when: 'stet.searchPickVisible',
      },
      { command: 'stet.search.openToSide', key: 'alt+enter', when: 'stet.searchPickVisible' },
      { command: 'stet.search.openToSide', key: 'ctrl+enter', mac: 'cmd+enter', when: inView },
      { command: 'stet.search.peek', key: 'alt+f12', when: inView },
      { command: 'stet.search.refine', key: 'f2', when: inView },
      { command: 'stet.search.clear', key: 'delete', mac: 'cmd+backspace', when: inView },
    ],
    menus: {
      'view/title': [
        { command: 'stet.searchCode', when: `view == ${view}`, group: 'navigation@1' },
        { command: 'stet.search.refine', when: hasResults, group: 'navigation@2' },
        { command: 'stet.search.clear', when: hasResults, group: 'navigation@3' },
        { command: 'stet.index.rebuild', when: `view == ${view}`, group: 'index@1' },
        { command: 'stet.index.pause', when: `view == ${view}`, group: 'index@2' },
        { command: 'stet.index.resume', when: `view == ${view}`, group: 'index@3' },
        { command: 'stet.index.clear', when: `view == ${view}`, group: 'index@4' },
      ],
      'view/item/context': [
        { command: 'stet.search.peek', when: onResult, group: 'inline@1' },
        { command: 'stet.search.openToSide', when: onResult, group: 'inline@2' },
        { command: 'stet.search.open', when: onResult, group: 'open@1' },
        { command: 'stet.search.openToSide', when: onResult, group: 'open@2' },
        { command: 'stet.search.peek', when: onResult, group: 'open@3' },
      ],
      'editor/context': [
        { command: 'stet.findSimilar', when: 'editorTextFocus', group: '4_search@8' },
        { command: 'stet.searchSelection', when: 'editorHasSelection', group: '4_search@9' },
      ],
    },
    contributes: {
      viewsContainers: { activitybar: [{ id: 'stet', title: 'Stet', icon: 'media/view.svg' }] },
      views: { stet: [{ id: view, name: 'Code Search', icon: 'media/view.svg', contextualTitle: 'Stet' }] },
      viewsWelcome: [
        {
          view,
          contents:
            'Find code by what it does or by its names.\n[Search Code](command:stet.searchCode)\n' +
            'Or put the cursor into a function and look for its like.\n[Find Similar Code](command:stet.findSimilar)',
        },
      ],
      languageModelTools: [searchTool, similarTool, contextTool],
    },
  };
}

const searchTool = {
  name: 'stet_search_code',
  toolReferenceName: 'stetSearch',
  displayName: 'Search code (Stet)',
  userDescription: 'Finds code of this workspace by meaning and by words, on this machine.',
  modelDescription:
    'Searches the whole workspace for pieces of code (functions, methods, classes) by meaning and by words. ' +
    'Give a short description of what the code does, or names that occur in it. Filters: lang:python, path:src, ' +
    'kind:function, changed:7d; "exact words"; /regular expression/. Answers with places (path:first-last lines) ' +
    'and their code, best first.',
  canBeReferencedInPrompt: true,
  icon: '$(search)',
  tags: ['codesearch', 'workspace'],
  inputSchema: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'What the code does, or names in it.' },
      limit: limitSchema,
    },
    required: ['query'],
  },
};

const similarTool = {
  name: 'stet_find_similar_code',
  toolReferenceName: 'stetSimilar',
  displayName: 'Find similar code (Stet)',
  userDescription: 'Finds code of this workspace that resembles a given piece of code, on this machine.',
  modelDescription:
    'Finds pieces of code of the workspace that do something similar to the given code: duplicates, earlier ' +
    'solutions, other callers of the same pattern. Answers with places and their code, best first.',
  canBeReferencedInPrompt: true,
  icon: '$(search)',
  tags: ['codesearch', 'workspace'],
  inputSchema: {
    type: 'object',
    properties: {
      code: { type: 'string', description: 'The code to find the like of.' },
      limit: limitSchema,
    },
    required: ['code'],
  },
};

const contextTool = {
  name: 'stet_compress_context',
  toolReferenceName: 'stetContext',
  displayName: 'Compressed context (Stet)',
  userDescription: 'The code of this workspace that matters for a question, within a budget of tokens.',
  modelDescription:
    'Gives the code of the workspace that matters for a question or a task, within a budget of tokens: whole ' +
    'functions, their most telling statements, or signatures alone, from many files; a comment with … stands ' +
    'where something was left out. Use it to get an overview of unknown code in one call.',
  canBeReferencedInPrompt: true,
  icon: '$(fold)',
  tags: ['codesearch', 'workspace'],
  inputSchema: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'The question or task.' },
      budget: {
        type: 'integer',
        minimum: 1,
        maximum: 200_000,
        description: 'Tokens at most. Default: 2048.',
      },
    },
    required: ['query'],
  },
};
