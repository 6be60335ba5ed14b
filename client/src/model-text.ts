/** describeModel: a model in one line; pure, so that it can be tested anywhere. */

import type { ListedModelParams } from '../../protocol/messages.ts';

/** `Apache-2.0 · 494M parameters · 1.0 GB on disk · 800 MB of memory` */
export function describeModel({
  licence,
  parametersM,
  sizeBytes,
  memoryMb,
  folder,
}: ListedModelParams): string {
  return [
    licence,
    parametersM === undefined ? undefined : `${parametersText(parametersM)} parameters`,
    `${sizeText(sizeBytes)} ${folder === undefined ? 'to download' : 'on disk'}`,
    memoryMb === undefined ? undefined : `${sizeText(memoryMb * 1e6)} of memory`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');
}

export function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

function parametersText(millions: number): string {
  return millions >= 1000 ? `${(millions / 1000).toFixed(1)}B` : `${millions}M`;
}
