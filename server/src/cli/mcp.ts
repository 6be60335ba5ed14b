/** `stet mcp`: search as an MCP server over standard input and output, for agents. */

import { readFile } from 'node:fs/promises';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { type Command, commonOptions, readArguments, UsageError } from './command.ts';
import { createMcpServer } from './mcp-server.ts';
import { engineOptions, installFolder, modelOptions } from './model-options.ts';
import { rootsOf, searchOptions, startSearch } from './search-options.ts';
import { WorkspaceContext } from './workspace-context.ts';

export const mcp: Command = {
  words: 'mcp',
  takes: '',
  summary: 'search as an MCP server over standard input and output, for agents',
  optionHelp: ['--root FOLDER        as --folder'],
  run,
};

/** Runs until its standard input ends: the agent's host is gone. */
async function run(args: readonly string[]): Promise<void> {
  const table = {
    ...commonOptions,
    ...modelOptions,
    ...searchOptions,
    root: { type: 'string', multiple: true },
  } as const;
  const { values: options, positionals } = readArguments(args, table);
  if (positionals.length > 0) throw new UsageError('mcp takes options only.');
  const folders = options.root ?? options.folder;
  const search = startSearch(folders, options);
  const context = new WorkspaceContext(search, engineOptions(options));
  const { version } = JSON.parse(await readFile(`${installFolder()}/package.json`, 'utf8'));
  const { server, idle } = createMcpServer({
    search,
    rootPaths: rootsOf(folders).map(({ path }) => path),
    version,
    nowMs: () => performance.now(),
    compress: (params, signal) => context.compress(params, signal),
  });
  const closed = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve); // the transport does not see it
    process.stdin.once('close', resolve);
  });
  await server.connect(new StdioServerTransport());
  await closed;
  await new Promise((resolve) => setImmediate(resolve)); // what came with the end is being answered then
  await idle();
  await server.close();
  await context.dispose();
  await search.dispose();
}
