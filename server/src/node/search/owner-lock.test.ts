/** Tests of the lock by which windows agree on one owner, over real sockets: whatever is left of the last one, there is one. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Guest, type Owner, ownOrVisit } from './owner-lock.ts';

let folder: string;
let file: string;
let places: (Owner | Guest)[];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-lock-'));
  file = path.join(folder, 'owner.lock');
  places = [];
});
afterEach(async () => {
  for (const place of places) if (place.kind === 'guest') place.socket.destroy();
  for (const place of places) if (place.kind === 'owner') await place.release();
  expect(fs.readdirSync(folder)).toEqual([]);
  fs.rmSync(folder, { recursive: true, force: true });
});

const killed = () =>
  JSON.stringify({ pid: 1, endpoint: path.join(folder, '0badcafe.sock'), secret: 'of the dead' });

test.each([
  ['nothing', () => {}],
  ['the lock of one that was killed', () => fs.writeFileSync(file, killed())],
  ['half a lock', () => fs.writeFileSync(file, killed().slice(0, 20))],
  ['an empty lock', () => fs.writeFileSync(file, '')],
])(
  'many at once, and there is %s: one owner, whom the others visit',
  { timeout: 90_000 },
  async (_, leave) => {
    for (let round = 0; round < 6; round++) {
      leave();
      const starting = Array.from({ length: 6 }, async (_, i) => {
        for (let turns = i * round; turns > 0; turns--) await new Promise(setImmediate); // each round more apart
        return ownOrVisit(file, () => {});
      });
      const started = await Promise.all(starting);
      places.push(...started);
      const kinds = started.map(({ kind }) => kind).sort();
      expect(kinds).toEqual(['guest', 'guest', 'guest', 'guest', 'guest', 'owner']);
      for (const place of started) if (place.kind === 'guest') place.socket.destroy();
      for (const place of started) if (place.kind === 'owner') await place.release();
    }
  },
);

test('a process that was killed while it took a lock away holds nobody up', async () => {
  fs.writeFileSync(file, killed());
  const hash = createHash('sha256').update(killed()).digest('hex').slice(0, 16);
  const claim = path.join(folder, `.owner.lock-${hash}`);
  fs.writeFileSync(claim, '');
  const minuteAgo = Date.now() / 1000 - 60;
  fs.utimesSync(claim, minuteAgo, minuteAgo);
  places.push(await ownOrVisit(file, () => {}));
  expect(places[0]?.kind).toBe('owner');
});
