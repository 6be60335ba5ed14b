/** SpeedMemory: what was measured of this machine and of models on it, kept in the cache of converted models. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import type { ModelConfig } from '../../engine/model/contract.ts';
import type { KnownMachine, PassTimes } from '../../engine/model/speed.ts';
import type { WeightFormat } from '../../engine/model/weights.ts';

/** What a speed depends on beside the model. */
export interface SpeedConditions {
  /** As they are, not 0 for a choice. */
  readonly threads: number;
  /** What computes: `cpu`, `cuda`, … */
  readonly provider: string;
}

/** Increase when what is measured changes. */
const version = 1;

/** The oldest are forgotten. */
const maxEntries = 64;

type Entry = Readonly<Record<string, number>>;

export class SpeedMemory {
  private readonly file: string;

  constructor(private readonly cacheFolder: string) {
    this.file = join(cacheFolder, 'speeds.json');
  }

  async machine(conditions: SpeedConditions): Promise<KnownMachine | undefined> {
    const entry = (await this.read())[keyOf(conditions)];
    if (!isEntry(entry, ['bytesPerMs', 'productsPerMs', 'layerMs'])) return undefined;
    return entry as unknown as KnownMachine;
  }

  /** Speed depends on a model's shape alone, so models of one shape share it. */
  async model(
    conditions: SpeedConditions,
    config: ModelConfig,
    format: WeightFormat,
  ): Promise<PassTimes | undefined> {
    const entry = (await this.read())[keyOf(conditions, config, format)];
    if (!isEntry(entry, ['stepMs', 'editMs', 'sliceMs'])) return undefined;
    return entry as unknown as PassTimes;
  }

  async keep(
    conditions: SpeedConditions,
    config: ModelConfig,
    format: WeightFormat,
    times: PassTimes,
    machine?: KnownMachine,
  ): Promise<void> {
    const newest = {
      [keyOf(conditions, config, format)]: times,
      ...(machine && { [keyOf(conditions)]: machine }),
    };
    const older = Object.entries(await this.read()).filter(([key]) => !(key in newest));
    const kept = { ...Object.fromEntries(older.slice(2 - maxEntries)), ...newest };
    const temporary = `${this.file}.${process.pid}`;
    try {
      await mkdir(this.cacheFolder, { recursive: true });
      await writeFile(temporary, JSON.stringify(kept, undefined, 1));
      await rename(temporary, this.file);
    } catch {
      // A read-only cache: it is measured again when someone asks again.
    }
  }

  private async read(): Promise<Readonly<Record<string, Entry>>> {
    try {
      const entries: unknown = JSON.parse(await readFile(this.file, 'utf8'));
      return typeof entries === 'object' && entries !== null ? (entries as Record<string, Entry>) : {};
    } catch {
      return {}; // absent, or damaged: then nothing was measured
    }
  }
}

/** Names an entry: this machine under `conditions`, or a model's shape on it. */
function keyOf({ threads, provider }: SpeedConditions, config?: ModelConfig, format?: WeightFormat): string {
  const processors = cpus();
  const machine = [platform(), arch(), processors[0]?.model, processors.length, threads, provider];
  const whole = JSON.stringify([version, machine, config, format]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 32);
}

function isEntry(entry: Entry | undefined, names: readonly string[]): boolean {
  return names.every((name) => Number.isFinite(entry?.[name]) && (entry?.[name] as number) > 0);
}
