/** ListedModel: what is said of a model to whoever chooses one. */

export interface ListedModel {
  /** Where it lies; undefined: it would have to be downloaded. */
  readonly folder?: string;
  /** Where it came or would come from: `owner/name`. */
  readonly repo?: string;
  readonly title: string;
  /** It comes with Stet. */
  readonly isEmbedded?: boolean;
  readonly licence?: string;
  readonly parametersM?: number;
  /** On disk, or to be downloaded. */
  readonly sizeBytes: number;
  /** Megabytes of memory while it runs, at most: its weights, its full cache, and the runtime. */
  readonly memoryMb?: number;
  readonly speed?: ModelSpeed;
  /** Why it is not for this machine, in a sentence. */
  readonly objection?: string;
  readonly isRecommended?: boolean;
}

export interface ModelSpeed {
  /** A suggestion of 12 tokens after an edit, none of them guessed. */
  readonly suggestionMs: number;
  readonly tokensPerSecond: number;
  /** By its shape and what another model takes here, as opposed to measured. */
  readonly isPredicted: boolean;
}
