/** OpenDocuments: what is related to a document keeps its order and its snapshots from one look to the next. */
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { OpenDocuments } from './documents.ts';

const uri = 'file:///cart.ts';
const opened = () => {
  const documents = new OpenDocuments();
  documents.apply({ kind: 'open', uri, languageId: 'typescript', version: 1, text: 'let cart;\n' });
  return documents;
};
const piece = (i: number) => ({ path: `/shop/${i}.ts`, languageId: 'typescript', text: `let a${i};\n` });

describe('related pieces', () => {
  test('are those told last; who stays keeps place and snapshot, who is new comes behind as told', () => {
    const random = seededRandom(5);
    const documents = opened();
    for (let round = 0; round < 200; round++) {
      const before = documents.relatedTo(uri);
      const told = Array.from({ length: 12 }, (_, i) => ({ i, key: random() }))
        .sort((a, b) => a.key - b.key)
        .slice(0, Math.floor(random() * 13))
        .map(({ i }) => piece(i));
      documents.relate(uri, told);
      const after = documents.relatedTo(uri);
      const wasThere = new Set(before.map((snapshot) => snapshot.uri));
      const isTold = new Set(told.map(({ path }) => path));
      const stayed = before.filter((snapshot) => isTold.has(snapshot.uri));
      expect(after.slice(0, stayed.length)).toEqual(stayed);
      for (const [i, snapshot] of stayed.entries()) expect(after[i]).toBe(snapshot); // else tokenised again
      const added = told.filter(({ path }) => !wasThere.has(path));
      expect(after.slice(stayed.length).map((snapshot) => snapshot.uri)).toEqual(
        added.map(({ path }) => path),
      );
    }
  });

  test('stay as they are while the document is typed in', () => {
    const documents = opened();
    documents.relate(uri, [piece(1), piece(2), piece(3)]);
    const before = documents.relatedTo(uri);
    for (let version = 2; version < 20; version++) {
      documents.apply({ kind: 'change', uri, version, edits: [{ start: 0, endExclusive: 0, text: 'x' }] });
      documents.relate(uri, version % 2 ? [piece(3), piece(1), piece(2)] : [piece(2), piece(3), piece(1)]);
      expect(documents.relatedTo(uri)).toEqual(before);
    }
  });

  test('go with their document, and nothing is told about one that is closed', () => {
    const documents = opened();
    documents.relate(uri, [piece(1)]);
    documents.apply({ kind: 'close', uri });
    documents.relate(uri, [piece(2)]);
    expect(documents.relatedTo(uri)).toEqual([]);
  });
});
