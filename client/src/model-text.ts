/** describeModel: a model in one line; pure, so that it can be tested anywhere. */

import type { ListedModelParams, ModelsResponse } from '../../protocol/messages.ts';

/** `Apache-2.0 · 494M parameters · 1.0 GB on disk · up to 1.9 GB of memory · 12 tokens in 240 ms, 57 a second (predicted)` */
export function describeModel({
  licence,
  parametersM,
  sizeBytes,
  memoryMb,
  speed,
  folder,
}: ListedModelParams): string {
  return [
    licence,
    parametersM === undefined ? undefined : `${parametersText(parametersM)} parameters`,
    `${sizeText(sizeBytes)} ${folder === undefined ? 'to download' : 'on disk'}`,
    memoryMb === undefined ? undefined : `up to ${sizeText(memoryMb * 1e6)} of memory`,
    speed && speedText(speed),
  ]
    .filter((part) => part !== undefined)
    .join(' · ');
}

/** What the entry says below: that it is the one to take, or why it is not. */
export function adviceOn({ isRecommended, objection }: ListedModelParams): string | undefined {
  if (isRecommended) return '$(star-full) Recommended for this machine.';
  return objection && `$(warning) ${objection}`;
}

/** `This machine has 25.0 GB of memory, 8.1 GB of it free.` */
export function memoryText({ totalBytes, freeBytes }: ModelsResponse['memory']): string {
  const free = freeBytes === undefined ? '' : `, ${sizeText(freeBytes)} of it free`;
  return `This machine has ${sizeText(totalBytes)} of memory${free}.`;
}

function speedText({
  suggestionMs,
  tokensPerSecond,
  isPredicted,
}: NonNullable<ListedModelParams['speed']>): string {
  const how = isPredicted ? 'predicted' : 'measured';
  return `12 tokens in ${Math.round(suggestionMs)} ms, ${Math.round(tokensPerSecond)} a second (${how})`;
}

export function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

function parametersText(millions: number): string {
  return millions >= 1000 ? `${(millions / 1000).toFixed(1)}B` : `${millions}M`;
}
