/** WorkspaceContext: compressed context of indexed folders, as the editor's command makes it; the engine loads at first use. */

import type { CompressParams, CompressResponse } from '../../../protocol/messages.ts';
import type { Engine } from '../engine/engine.ts';
import type { CodeSearch } from '../engine/search/code-search.ts';
import { compressWorkspace } from '../lsp/compress-handler.ts';
import { Documents } from '../lsp/documents.ts';
import { openLocalEngine } from '../node/open-local-engine.ts';
import { WorkspaceFiles } from '../node/search/workspace-files.ts';
import type { engineOptions } from './model-options.ts';

/** As the language server reads files. */
const maxFileSizeKb = 1024;

export class WorkspaceContext {
  private engine: Promise<Engine> | undefined;
  private readonly files = new WorkspaceFiles({ roots: [], exclude: [], maxFileSizeKb });

  constructor(
    private readonly search: CodeSearch,
    private readonly options: ReturnType<typeof engineOptions>,
  ) {}

  async compress(params: CompressParams, signal: AbortSignal): Promise<CompressResponse> {
    this.engine ??= openLocalEngine(this.options).catch((error: unknown) => {
      this.engine = undefined; // the next request tries again
      throw error;
    });
    const parts = {
      documents: new Documents(() => {}), // no editor, no open files
      engine: await this.engine,
      search: this.search,
      readText: async (path: string) => (await this.files.read(path))?.text,
    };
    return compressWorkspace(parts, params, signal);
  }

  async dispose(): Promise<void> {
    const engine = await this.engine?.catch(() => undefined); // who asked heard of it
    await engine?.dispose();
  }
}
