/** scriptedSetting: what an engine over a scripted model is made of, in which one token is one character. */

import { type ModelMetadata, parseModelMetadata } from '../model/metadata.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { tinyModel } from './tiny-model.ts';

export interface ScriptedSetting {
  readonly tokenizerJson: ReturnType<typeof tinyModel>['tokenizerJson'];
  readonly tokenizer: Tokenizer;
  readonly metadata: ModelMetadata;
  /** The end token, and the sentinel behind which the model writes. */
  readonly end: number;
  readonly middle: number;
}

/** `contextTokens`: the model's window. */
export function scriptedSetting(contextTokens: number): ScriptedSetting {
  const { tokenizerJson } = tinyModel();
  const tokenizer = Tokenizer.parse(tokenizerJson);
  const metadata = parseModelMetadata(
    {
      name: 'scripted',
      version: '1',
      fim: { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>', order: 'spm' },
      endTokens: ['<|endoftext|>'],
      contextTokens,
    },
    tokenizerJson,
  );
  const idOf = (token: string) => tokenizer.idOf(token) as number;
  return { tokenizerJson, tokenizer, metadata, end: idOf('<|endoftext|>'), middle: idOf('<|fim_middle|>') };
}
