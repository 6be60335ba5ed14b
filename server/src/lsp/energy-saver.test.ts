/** Tests of what is left undone on battery; what the index is told is written down instead of done. */

import { beforeEach, expect, test } from 'vitest';
import { defaultSettings, type Settings } from '../../../protocol/settings.ts';
import type { IndexAction, IndexStatus } from '../engine/search/code-search.ts';
import { EnergySaver } from './energy-saver.ts';

const asked = { maxLines: 8, maxTokens: 64, contextTokens: 0, maxFileSizeKb: 100, editReuse: true } as const;
const wanted = { ...asked, debounceMs: 30, lookAhead: true };

let acts: IndexAction[];
let notes: (string | undefined)[];
let energy: EnergySaver;
beforeEach(() => {
  acts = [];
  notes = [];
  energy = new EnergySaver(
    { act: async (action) => void acts.push(action) },
    { powerNote: (note) => notes.push(note), log: () => {} },
  );
});

const configure = (policy: Settings['performance.onBattery']) =>
  energy.configured({ ...defaultSettings(), 'performance.onBattery': policy });
const index = (state: IndexStatus['state']) =>
  energy.indexStatus({ state, nFiles: 9, nFilesDone: 1, nChunks: 1, sizeBytes: 1, detail: '' });

test('stet.performance.onBattery: saveEnergy does nothing ahead, nothing in pauses, a longer debounce; not on mains', () => {
  configure('saveEnergy');
  expect(energy.saving(wanted)).toEqual(wanted);
  energy.powered(true);
  expect(energy.saving(wanted)).toEqual({ ...wanted, lookAhead: false, idleRepair: false, debounceMs: 150 });
  expect(energy.saving({ ...wanted, debounceMs: 400 }).debounceMs).toBe(400);
  expect(energy.onlyWhenAsked).toBe(false);
  expect(notes.at(-1)).toContain('stet.performance.onBattery');
  energy.powered(false);
  expect(energy.saving(wanted)).toEqual(wanted);
  expect(notes.at(-1)).toBeUndefined();
});

test('stet.performance.onBattery: whenAsked, no suggestion while typing, on battery only', () => {
  configure('whenAsked');
  expect(energy.onlyWhenAsked).toBe(false);
  energy.powered(true);
  expect(energy.onlyWhenAsked).toBe(true);
});

test('stet.performance.onBattery: same, as on mains', () => {
  configure('same');
  energy.powered(true);
  index('indexing');
  expect(energy.saving(wanted)).toEqual(wanted);
  expect(energy.onlyWhenAsked).toBe(false);
  expect(notes.at(-1)).toBeUndefined();
  expect(acts).toEqual([]);
});

test('an index that begins to work is paused once, and goes on with mains', () => {
  configure('saveEnergy');
  energy.powered(true);
  index('ready');
  expect(acts).toEqual([]);
  index('indexing');
  index('indexing'); // it has not heard yet
  expect(acts).toEqual(['pause']);
  index('paused');
  energy.powered(false);
  expect(acts).toEqual(['pause', 'resume']);
});

test('what a person says of the index counts more, until the next battery', () => {
  configure('saveEnergy');
  index('indexing');
  energy.powered(true);
  energy.indexCommanded('resume');
  index('indexing');
  expect(acts).toEqual(['pause']);
  energy.indexCommanded('pause');
  index('paused');
  energy.powered(false);
  expect(acts).toEqual(['pause']); // it was not we who paused
  energy.powered(true);
  index('indexing');
  expect(acts).toEqual(['pause', 'pause']);
});

test('a search process that starts again is paused again', () => {
  configure('saveEnergy');
  energy.powered(true);
  index('indexing');
  index('starting');
  index('indexing');
  expect(acts).toEqual(['pause', 'pause']);
});
