/** The benchmark in the editor: it measures in a document of its own, and leaves nothing behind. */

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { BenchmarkReport } from '../../../client/src/benchmark/report.ts';
import { closeAll, openFile, pause, ready, state, stet, until } from './editor.ts';

const run = (nQuestion: number, more: object = { source: 'sessions' }) =>
  vscode.commands.executeCommand<BenchmarkReport | undefined>('stet.benchmark', { nQuestion, ...more });

/** No request for this long means that nothing goes on. */
const quietMs = 1500;

/** One question in each of two languages, asked again at most once, and the first of what is measured. */
const nTracesOfWarmUp = 6;

/** What a person could see of the benchmark's files, or be asked to save. */
function filesLeft(): string[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const shown = tabs.flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri] : []));
  const dirty = vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty).map(({ uri }) => uri);
  return [...shown, ...dirty].map(({ path }) => path).filter((path) => /stet\.stet\/benchmark\//.test(path));
}

describe('benchmark', () => {
  before(ready);
  afterEach(closeAll);

  it('reports on bundled sessions, and its figures hang together', async function () {
    this.timeout(240_000);
    const nQuestion = 3;
    const editor = await openFile('src/loans.ts');
    const before = state(editor).text;
    const settings = JSON.stringify(vscode.workspace.getConfiguration('stet'));
    const report = await run(nQuestion);
    assert.ok(report, 'there is no report');
    assert.equal(report.variants.length, 3);
    for (const variant of report.variants) {
      const { latencyMs, samples, stagesMs, outcomes } = variant;
      const times = samples.map(({ ms }) => ms);
      assert.equal(times.length, nQuestion);
      assert.equal(latencyMs.n, nQuestion);
      assert.equal(latencyMs.max, Math.max(...times));
      assert.ok(latencyMs.interval[0] <= latencyMs.p50 && latencyMs.p50 <= latencyMs.interval[1]);
      assert.ok(latencyMs.p50 <= latencyMs.p95 && latencyMs.p95 <= latencyMs.max);
      const mean = times.reduce((a, b) => a + b, 0) / times.length;
      const stages = Object.values(stagesMs).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(mean - stages) < 0.01, `stages add up to ${stages}, not ${mean}`);
      assert.equal(
        Object.values(outcomes).reduce((a, b) => a + b, 0),
        nQuestion,
      );
      assert.ok(variant.decodeTokensPerSecond > 0 && variant.rssMb > 10);
    }
    assert.equal(report.variants[1]?.tokens.shifted, 0, 'prefix reuse moved rows');
    assert.equal(state(editor).text, before);
    assert.deepEqual(filesLeft(), []);
    assert.equal(JSON.stringify(vscode.workspace.getConfiguration('stet')), settings);
    await until('the report to be shown', () =>
      vscode.window.tabGroups.all.some(({ tabs }) => tabs.some((tab) => tab.label === 'Stet: Benchmark')),
    );
  });

  it('measures with a copy of the current file, against another value of a setting', async function () {
    this.timeout(180_000);
    const editor = await openFile('src/loans.ts');
    const before = state(editor).text;
    const report = await run(3, { source: 'file', against: { 'completion.editReuse': false } });
    assert.equal(report?.source, 'src/loans.ts');
    assert.deepEqual(
      report.variants.map(({ name }) => name),
      ['as set', 'completion.editReuse false'],
    );
    // Asked in several rounds, so that the run knows how much its own figures vary.
    const rounds = report.variants[0]?.samples.map(({ round }) => round);
    assert.deepEqual([...new Set(rounds)], [0, 1, 2]);
    assert.equal(editor.document.getText(), before);
    assert.ok(!editor.document.isDirty);
    assert.deepEqual(filesLeft(), []);
  });

  it('leaves no work and no document when it is cancelled, at any moment', async function () {
    this.timeout(240_000);
    const api = await stet();
    const editor = await openFile('src/loans.ts');
    const before = state(editor).text;
    for (const afterMs of [0, 150, 700, 2500]) {
      const ended = run(1000);
      await pause(afterMs);
      api.measuring.cancelBenchmark();
      assert.equal(await ended, undefined);
      await until('the files of the benchmark to go', () => filesLeft().length === 0);
      const last = api.lastTrace();
      await pause(quietMs);
      assert.equal(api.lastTrace(), last, 'requests go on');
    }
    assert.equal(editor.document.getText(), before);
    assert.equal(api.status().state, 'ready');
  });

  it('ends when another editor becomes active, and touches nothing there', async function () {
    this.timeout(180_000);
    const api = await stet();
    let isOver = false;
    const ended = run(1000).then((report) => {
      isOver = true;
      return report;
    });
    // By then it is past the warm-up, in a session that has many questions left.
    const traces = new Set([api.lastTrace()]);
    await until('the benchmark to run', () => traces.add(api.lastTrace()).size > nTracesOfWarmUp);
    const editor = await openFile('src/fines.ts');
    const before = state(editor).text;
    await until('the benchmark to end', () => isOver);
    assert.equal(await ended, undefined);
    assert.equal(editor.document.getText(), before);
    assert.deepEqual(filesLeft(), []);
  });
});
