/** shownFigures: the same holes through the whole engine, with its stop rules, trimming and syntax check. */

import { pathToFileURL } from 'node:url';
import type { Engine } from '../src/engine/engine.ts';
import { estimate, type Sample } from './bootstrap.ts';
import type { CaseKind, QualityCase } from './quality-cases.ts';
import type { Figure } from './report.ts';
import type { SourceFile } from './setting.ts';

const live = new AbortController().signal;

/** As the settings' defaults, but without debounce and edit reuse. */
const settings = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 2048,
  editReuse: false, // nothing is left to heal when the answer is there
} as const;

/** How often something is shown, and how often accepting it gives the real file back. */
export async function shownFigures(
  engine: Engine,
  kind: CaseKind,
  cases: readonly QualityCase[],
): Promise<Figure[]> {
  const shown: Sample[] = [];
  const exact: Sample[] = [];
  for (const { file, before, after, middle } of cases) {
    for (const other of [...file.neighbours].reverse()) open(engine, other, other.text);
    const uri = open(engine, file, before + after);
    const request = { uri, version: 1, offset: before.length, trigger: 'invoked' } as const;
    const asked = kind === 'line' ? { ...settings, maxLines: 1 } : settings;
    const { suggestion } = await engine.complete({ ...request, settings: asked }, live);
    const text = before + after;
    const accepted = suggestion
      ? text.slice(0, suggestion.start) + suggestion.text + text.slice(suggestion.endExclusive)
      : text;
    const isExact = accepted === before + middle + after;
    shown.push({ cluster: file.name, sum: suggestion ? 100 : 0, weight: 1 });
    exact.push({ cluster: file.name, sum: isExact ? 100 : 0, weight: 1 });
    for (const one of [file, ...file.neighbours]) engine.edit({ kind: 'close', uri: uriOf(one) });
  }
  const figure = (key: string, label: string, samples: readonly Sample[]): Figure => {
    const { mean, interval } = estimate(samples);
    const name = `${kind}, the product: ${label}`;
    return {
      key: `quality.${kind}.product.${key}`,
      label: name,
      unit: '%',
      median: mean,
      interval,
      n: cases.length,
    };
  };
  return [
    figure('shown', 'something is shown', shown),
    figure('exact', 'accepting it gives the real file', exact),
  ];
}

function open(engine: Engine, file: SourceFile, text: string): string {
  const uri = uriOf(file);
  engine.edit({ kind: 'open', uri, languageId: file.languageId, version: 1, text });
  return uri;
}

const uriOf = ({ name }: SourceFile) => pathToFileURL(`/${name}`).href;
