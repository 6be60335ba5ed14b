/** Cancellation under fast typing: no work is left running, no memory is left behind, the last request is answered. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CancellationTokenSource,
  type InlineCompletionItem,
  LSPErrorCodes,
} from 'vscode-languageserver/node';
import { at, LanguageServer, sleep, usageOf } from './language-server.ts';
import { type ModelFolder, tinyModelFolder } from './model-folder.ts';

const uri = 'file:///a.ts';
let model: ModelFolder;
let server: LanguageServer;

beforeAll(async () => {
  // Large enough that a request is still at work when the next key comes.
  model = await tinyModelFolder({
    nLayer: 12,
    dModel: 256,
    nHead: 8,
    nKvHead: 4,
    headDim: 32,
    dFfn: 1024,
    maxPositions: 2048,
  });
  server = await LanguageServer.start({
    settings: { ...model.settings, completion: { debounceMs: 0, maxTokens: 256, maxLines: 50 } },
  });
  await server.reached('ready');
  await server.open(uri, 'const value = other + 1;\n'.repeat(300));
});
afterAll(async () => {
  await server.stop();
  model.remove();
});

type Answer = readonly InlineCompletionItem[] | null | 'cancelled';

function ask(line: number, character: number) {
  const source = new CancellationTokenSource();
  const answer: Promise<Answer> = server
    .complete(uri, at(line, character), { token: source.token })
    .catch((error) => {
      if (error.code === LSPErrorCodes.RequestCancelled) return 'cancelled';
      throw error;
    });
  return { answer, cancel: () => source.cancel() };
}

/** Waits until half a second goes by without work: after an answer, idle time has its own work to do. */
async function quiet(pid: number): Promise<void> {
  for (let i = 0; i < 40; i++) {
    const { cpuMs } = usageOf(pid);
    await sleep(500);
    if (usageOf(pid).cpuMs - cpuMs <= 10) return;
  }
  throw new Error('the engine works on and on');
}

test('a cancelled request is answered as cancelled', async () => {
  const { answer, cancel } = ask(150, 10);
  await sleep(5);
  cancel();
  expect(await answer).toBe('cancelled');
});

test.runIf(process.platform === 'linux')(
  '200 requests at 20 keys per second: no running work, RSS grows less than 10 %, the last is answered',
  async () => {
    const keys = async (n: number, from: number) => {
      const answers: Promise<Answer>[] = [];
      let last = ask(150, from);
      for (let i = 0; i < n; i++) {
        await server.insert(uri, at(150, from + i), 'abc '[i % 4] as string);
        last.cancel();
        last = ask(150, from + i + 1);
        answers.push(last.answer);
        await sleep(50);
      }
      return { earlier: await Promise.all(answers.slice(0, -1)), last: await last.answer };
    };
    // What grows once is not a leak: answers and deleted texts are remembered up to a number, compiled
    // code and the garbage collector's own room come with the first 260 requests, then it is level.
    await keys(300, 0);
    await quiet(server.enginePid);
    const before = usageOf(server.enginePid);
    const nTraces = server.traces.length;

    const { earlier, last } = await keys(200, 300);
    expect(last).not.toBe('cancelled');
    expect(server.traces.length).toBeGreaterThan(nTraces);
    expect(server.traces.at(-1)?.outcome).not.toBe('stale');

    await quiet(server.enginePid);
    const after = usageOf(server.enginePid);
    await sleep(1000);
    const idle = usageOf(server.enginePid);
    const nCancelled = earlier.filter((answer) => answer === 'cancelled').length;
    console.info({
      nCancelled,
      rssBeforeKb: before.rssKb,
      rssAfterKb: after.rssKb,
      idleCpuMs: idle.cpuMs - after.cpuMs,
    });
    expect(nCancelled).toBeGreaterThan(50); // else this test did not test what it says
    expect(idle.cpuMs - after.cpuMs).toBeLessThanOrEqual(50);
    expect(after.rssKb / before.rssKb).toBeLessThan(1.1);
  },
  120_000,
);
