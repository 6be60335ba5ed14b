/** corruptConfig, unsupportedModel: the two ways in which a `config.json` is refused, with the way out. */

import { EngineError } from '../base/error.ts';

/** The file is not what it should be; `problem` completes "it cannot be used: …". */
export function corruptConfig(problem: string): EngineError {
  return new EngineError(
    'model-corrupt',
    `The model's config.json cannot be used: ${problem}. Download the model again, or choose another with the setting stet.model.folder.`,
  );
}

/** The file is sound but the model computes what our graph does not; `reason` completes "cannot run: …". */
export function unsupportedModel(reason: string): EngineError {
  return new EngineError(
    'model-unsupported',
    `Stet cannot run this model: ${reason}. Choose a Llama, Qwen2 or Qwen2.5 model (LlamaForCausalLM, Qwen2ForCausalLM) with the setting stet.model.folder, or leave it empty for the embedded one.`,
  );
}
