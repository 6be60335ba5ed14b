/** playSession: a typing session put to an engine, question by question, with what became of each. */

import { pathToFileURL } from 'node:url';
import type { CompletionResult, CompletionSettings, Engine } from '../src/engine/engine.ts';
import type { Session } from './commit-sessions.ts';
import type { SourceFile } from './setting.ts';

export interface Answered {
  readonly session: Session;
  readonly result: CompletionResult;
  /** All that the finished file has behind the cursor. */
  readonly truth: string;
}

/** As the settings' defaults, without debounce and work in idle time: nobody pauses here. */
export const sessionSettings: CompletionSettings = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 4096,
  editReuse: false, // nothing is left to heal when the answer is there
};

const live = new AbortController().signal;

/** Plays `session` as fast as it is pulled; every question is put to the model anew. */
export async function* playSession(engine: Engine, session: Session): AsyncGenerator<Answered> {
  const { file, neighbours, events } = session;
  const uri = uriOf(file);
  for (const one of [...neighbours.toReversed(), file]) {
    engine.edit({ kind: 'open', uri: uriOf(one), languageId: one.languageId, version: 1, text: one.text });
  }
  let version = 1;
  for (const event of events) {
    if (event.kind === 'edit') {
      engine.edit({ kind: 'change', uri, version: ++version, edits: [event] });
      continue;
    }
    const { offset, truth } = event;
    const request = {
      uri,
      version,
      offset,
      trigger: 'invoked',
      explain: true,
      settings: sessionSettings,
    } as const;
    yield { session, truth, result: await engine.complete(request, live) };
  }
  for (const one of [file, ...neighbours]) engine.edit({ kind: 'close', uri: uriOf(one) });
}

const uriOf = ({ name }: SourceFile) => pathToFileURL(`/${name}`).href;
