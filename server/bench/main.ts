/** bench: `npm run bench -- SUITE`; prints tables, and one JSON document as its last line. */

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { WeightFormat } from '../src/engine/model/weights.ts';
import { editReuse } from './edit-reuse.ts';
import { latency } from './latency.ts';
import { markdown, type Report } from './report.ts';
import { openSetting, type Setting } from './setting.ts';

const suites: Readonly<Record<string, (setting: Setting) => Promise<Report>>> = {
  latency,
  'edit-reuse': editReuse,
};

const usage = `npm run bench -- [SUITE …] [options]
  suites            ${Object.keys(suites).join(', ')} (default: all)
  --model FOLDER    the model (default: the embedded one)
  --random SHAPE    random weights instead: 59M or 90M; for time, not for quality
  --format FORMAT   int8 (default), int8-block, int4 or fp32
  --threads N       CPU threads (default: as the product chooses)
  --rounds N        measurements of each kind (default 20)
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      random: { type: 'string' },
      format: { type: 'string', default: 'int8' },
      threads: { type: 'string', default: '0' },
      rounds: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((name) => !(name in suites));
  if (values.help || unknown !== undefined) {
    process.stderr.write(unknown === undefined ? usage : `There is no suite "${unknown}".\n\n${usage}`);
    process.exitCode = unknown === undefined ? 0 : 2;
    return;
  }
  const reports: Report[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(suites)) {
    const setting = await openSetting({
      modelFolder: resolve(values.model ?? join(dirname(fileURLToPath(import.meta.url)), '..', 'model')),
      random: values.random,
      format: values.format as WeightFormat,
      threads: Number(values.threads),
      nRound: Number(values.rounds),
    });
    const report = await (suites[name] as (setting: Setting) => Promise<Report>)(setting);
    await setting.close();
    process.stdout.write(`${markdown(report)}\n`);
    reports.push(report);
  }
  process.stdout.write(`${JSON.stringify(reports)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  process.exitCode = 1;
});
