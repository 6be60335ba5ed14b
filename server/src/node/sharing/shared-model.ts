/** SharedModel: a model that is read once, and an engine over it for every window. */

import type { Engine } from '../../engine/engine.ts';
import { SharedForward } from '../../engine/model/shared-forward.ts';
import type { Parsers } from '../../engine/syntax/parsers.ts';
import {
  engineOver,
  type LoadedModel,
  type LocalEngineOptions,
  loadModel,
  openParsers,
} from '../open-local-engine.ts';

/** What all windows run on. */
interface Shared {
  readonly loaded: LoadedModel;
  readonly forward: SharedForward;
  /** Undefined where tree-sitter is not to be had. */
  readonly parsers: Parsers | undefined;
}

export class SharedModel {
  private loading: Promise<Shared> | undefined;
  private readonly watching = new Set<(detail: string) => void>();
  private lastDetail: string | undefined;

  /**
   * As `openLocalEngine`. All windows name the same model, format and threads: these are part of the
   * lock's name. A model that could not be read is tried again for the next window.
   */
  async open(options: LocalEngineOptions): Promise<Engine> {
    const { onStatus } = options;
    if (onStatus) this.watching.add(onStatus);
    try {
      if (this.loading && this.lastDetail) onStatus?.(this.lastDetail);
      this.loading ??= this.load(options);
      const { loaded, forward, parsers } = await this.loading;
      return await engineOver({ ...loaded, forward: forward.lease() }, options, undefined, parsers?.lease());
    } finally {
      if (onStatus) this.watching.delete(onStatus);
    }
  }

  private async load(options: LocalEngineOptions): Promise<Shared> {
    try {
      const onStatus = (detail: string) => {
        this.lastDetail = detail;
        for (const tell of this.watching) tell(detail);
      };
      const loaded = await loadModel({ ...options, onStatus });
      const parsers = await openParsers(options.grammarsFolder, options.tracer);
      return { loaded, forward: new SharedForward(loaded.forward), parsers };
    } catch (error) {
      this.loading = undefined;
      throw error;
    }
  }
}
