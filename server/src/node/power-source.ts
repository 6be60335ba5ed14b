/** PowerSource: whether this machine runs on its battery, as far as its system says so without being watched. */

// Linux says it in files (https://docs.kernel.org/power/power_supply_class.html), macOS by a program of its
// own; Windows only to native code, which we do not have, so there nothing is known. Looked up once a
// minute at most, and only when someone works: an idle machine is left alone.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engine/base/ports.ts';

/** A look costs a few small files, or a process of some milliseconds. */
const lookIntervalMs = 60_000;

const systemFolder = '/sys/class/power_supply';

/** It answers at once, or the system has other troubles. */
const pmsetTimeoutMs = 2000;

interface PowerSourceOptions {
  readonly clock: Clock;
  /** Told when the answer is another one than before; `false` is assumed at first. */
  readonly onChange: (isOnBattery: boolean) => void;
  /** Read instead of the system's, on every platform: for tests. */
  readonly folder?: string | undefined;
}

export class PowerSource {
  private lookedMs = -Infinity;
  private isOnBattery = false;

  constructor(private readonly options: PowerSourceOptions) {}

  /** Someone works: looks again if the last look was a while ago. Never throws, and nobody waits for it. */
  used(): void {
    const { clock } = this.options;
    if (clock.nowMs() - this.lookedMs < lookIntervalMs) return;
    this.lookedMs = clock.nowMs();
    void this.look();
  }

  private async look(): Promise<void> {
    const isOnBattery = await readPower(this.options.folder);
    if (isOnBattery === this.isOnBattery) return;
    this.isOnBattery = isOnBattery;
    this.options.onChange(isOnBattery);
  }
}

async function readPower(folder: string | undefined): Promise<boolean> {
  if (folder !== undefined || process.platform === 'linux') return isDischarging(folder ?? systemFolder);
  if (process.platform === 'darwin') return drawsFromBattery(await pmset());
  return false;
}

/** Of a folder like /sys/class/power_supply: a battery of the machine empties, and nothing feeds it. */
export async function isDischarging(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  const supplies = await Promise.all(
    names.map(async (name) => {
      const [type, scope, status, online] = await Promise.all(
        ['type', 'scope', 'status', 'online'].map((file) => readLine(join(folder, name, file))),
      );
      return { type, scope, status, online };
    }),
  );
  // A mouse's or a headset's battery has the scope Device.
  const own = supplies.filter(({ scope }) => scope !== 'Device');
  const isFed = own.some(({ type, online }) => type !== 'Battery' && online === '1');
  return !isFed && own.some(({ type, status }) => type === 'Battery' && status === 'Discharging');
}

/** What `pmset -g batt` prints: `Now drawing from 'Battery Power'`. */
export function drawsFromBattery(text: string): boolean {
  return /^Now drawing from 'Battery Power'/m.test(text);
}

const readLine = (file: string) =>
  readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '', // most supplies lack some of the files
  );

/** By its fixed path, which only the system can write to; '' where it does not answer. */
function pmset(): Promise<string> {
  return new Promise((resolve) => {
    execFile('/usr/bin/pmset', ['-g', 'batt'], { timeout: pmsetTimeoutMs }, (error, text) =>
      resolve(error ? '' : text),
    );
  });
}
