/** Tests of what the system's files say of its power, over made-up ones. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeClock } from '../engine/testing/fake-clock.ts';
import { drawsFromBattery, isDischarging, PowerSource } from './power-source.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stet-power-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function supply(name: string, files: Record<string, string>): void {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), `${text}\n`);
}
const battery = (status: string) => supply('BAT0', { type: 'Battery', status, capacity: '80' });

test('a battery that empties, with nothing plugged in', async () => {
  supply('AC', { type: 'Mains', online: '0' });
  battery('Discharging');
  expect(await isDischarging(folder)).toBe(true);
});

test('plugged in by mains or USB, it may even empty', async () => {
  battery('Discharging');
  supply('ucsi-source-psy-1', { type: 'USB', online: '1' });
  expect(await isDischarging(folder)).toBe(false);
});

test.each(['Charging', 'Full', 'Not charging', 'Unknown'])('a battery that is %s', async (status) => {
  battery(status);
  expect(await isDischarging(folder)).toBe(false);
});

test('a mouse’s battery is not the machine’s; no battery, no folder', async () => {
  expect(await isDischarging(folder)).toBe(false);
  supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', status: 'Discharging' });
  expect(await isDischarging(folder)).toBe(false);
  expect(await isDischarging(join(folder, 'absent'))).toBe(false);
});

test('macOS says it in words', () => {
  expect(drawsFromBattery("Now drawing from 'Battery Power'\n -InternalBattery-0\t80%; discharging;")).toBe(
    true,
  );
  expect(drawsFromBattery("Now drawing from 'AC Power'\n -InternalBattery-0\t80%; charged;")).toBe(false);
  expect(drawsFromBattery('')).toBe(false);
});

test('it is looked up when someone works, once a minute at most, and changes are told', async () => {
  const clock = new FakeClock();
  const told: boolean[] = [];
  const power = new PowerSource({ clock, folder, onChange: (isOnBattery) => told.push(isOnBattery) });
  const patience = { timeout: 90_000 };
  battery('Discharging');
  power.used();
  await vi.waitFor(() => expect(told).toEqual([true]), patience);
  battery('Charging');
  power.used(); // too soon
  clock.advance(59_999);
  power.used();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told).toEqual([true]);
  clock.advance(1);
  power.used();
  await vi.waitFor(() => expect(told).toEqual([true, false]), patience);
});
