/** attachMeasuring: request log, trace panel, benchmark and recorder, with their commands. */

import { commands, type Disposable } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type RegretParams, regretNotification, watchedNotification } from '../../protocol/messages.ts';
import type { BenchmarkParts } from './benchmark/benchmark.ts';
import { Benchmark, type BenchmarkOptions } from './benchmark/benchmark.ts';
import type { BenchmarkReport } from './benchmark/report.ts';
import { Recorder } from './recording/recorder.ts';
import { TracePanel } from './trace/trace-panel.ts';

/** For tests and curious extensions. */
export interface MeasuringApi {
  /** Ends the benchmark that is under way. */
  cancelBenchmark(): void;
}

export function attachMeasuring(parts: BenchmarkParts, server: LanguageClient): MeasuringApi & Disposable {
  const { context, requests } = parts;
  const panel = new TracePanel(context, requests, (isWatched) => {
    if (server.isRunning()) void server.sendNotification(watchedNotification, { isWatched });
  });
  const regrets = server.onNotification(regretNotification, (params: RegretParams) =>
    requests.regret(params),
  );
  const benchmark = new Benchmark(parts);
  const recorder = new Recorder(requests);
  const handlers: Record<string, (options?: BenchmarkOptions) => unknown> = {
    'stet.whyThisSuggestion': () => panel.show(),
    'stet.whyNoSuggestion': () => panel.show(),
    'stet.benchmark': (options): Promise<BenchmarkReport | undefined> => benchmark.run(options),
    'stet.recordSession': () => recorder.toggle(),
  };
  const registered = Object.entries(handlers).map(([id, handler]) => commands.registerCommand(id, handler));
  return {
    cancelBenchmark: () => benchmark.cancel(),
    dispose() {
      benchmark.cancel();
      for (const part of [panel, recorder, regrets, ...registered]) part.dispose();
    },
  };
}
