"""The search encoder: functions are cut from their documentation, the file reads back, fusion ranks, training learns.

Everything is synthetic and small; the training test needs torch and is skipped where there is none.
"""
import json
import os
import tempfile
import types
import unittest

import numpy as np

from stetlm import encoder as enc, evaluate_search as ev, lexical, pairs, tokenizer as bpe

try:
    from stetlm import encoder_train
except ImportError:
    encoder_train = None

PYTHON = '''
class Store:
    """Not a function."""
    @cached
    async def load_all(self, path):
        """Load every record from the given path. More text.

        >>> ignored
        """
        def inner():
            """Hidden words of the inner one."""
            return path
        return [inner(), 1]
'''
SCRIPT = r'''
/**
 * Turn a {@link Color|colour} into its hex spelling. Second sentence.
 * @param c the colour
 */
export const toHex = (c: { r: number }): { hex: string } => {
  // a "quote and a } brace
  const re = /[{"]/g
  return { hex: `#${c.r}}` }
}
class Queue<T> {
  /** Removes and returns the oldest waiting item. */
  @logged() private async take<K extends T>(n = 1): Promise<T | undefined> {
    if (n > 0) {
      return this.items.shift()
    }
  }
}
Reply.prototype.send = function (payload) {
  /** Documentation of something inside. */
  function deep () { return 1 }
  return deep(payload)
}
const notOne = (1 + 2)
interface Face { take(n: number): void }
'''


def tiny_tokenizer():
    return bpe.Tokenizer([(ord(a), ord(b)) for a, b in (" g", " l", "oa", " s", "et")])


def tiny_encoder(head=False):
    rng, tokenizer = np.random.default_rng(0), tiny_tokenizer()
    row_of = np.full(tokenizer.n_vocab // 4 * 4, enc.NO_ROW, np.uint16)
    row_of[:200] = np.arange(200)
    return enc.Encoder(rng.normal(size=(200, 256)).astype(np.float32), np.ones(200, np.float32), np.ones(200, np.float32), row_of,
                       {"name": 2.0, "path": 0.5, "code": 1.0}, tokenizer, np.eye(256, dtype=np.float32) * 2 if head else None)


class ExtractTest(unittest.TestCase):
    def test_python(self):
        load, inner = pairs.functions("a/store.py", PYTHON)
        self.assertEqual((load.name, load.line, inner.name), ("load_all", 5, "inner"))
        self.assertNotIn("record", load.code)
        self.assertNotIn("Hidden", load.code)
        self.assertIn("return [inner(), 1]", load.code)
        self.assertEqual(pairs.query_of(load), "Load every record from the given path.")
        self.assertEqual(pairs.functions("a.py", "def broken(:\n"), [])

    def test_script(self):
        found = {f.name: f for f in pairs.functions("src/x.ts", SCRIPT)}
        self.assertEqual(list(found), ["toHex", "take", "send", "deep"])
        self.assertEqual(pairs.query_of(found["toHex"]), "Turn a colour into its hex spelling.")
        self.assertTrue(found["toHex"].code.endswith("}` }\n}"), found["toHex"].code)
        self.assertEqual(found["take"].doc, "Removes and returns the oldest waiting item.")
        self.assertEqual(found["send"].doc, "")
        self.assertNotIn("something inside", found["send"].code)
        self.assertIsNone(pairs.query_of(found["take"]._replace(path="test/x.ts")))

    def test_a_sentence_of_many_functions_is_no_query(self):
        one = pairs.functions("x.ts", SCRIPT)[1]
        self.assertEqual(pairs.queries([one] * 3), [("Removes and returns the oldest waiting item.", [0, 1, 2])])
        self.assertEqual(pairs.queries([one] * 4), [])

    def test_held_out_and_development_repositories_are_never_pairs(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "train"))
            with open(os.path.join(folder, "train", "py.bin"), "wb") as file:
                for repo in ("psf/requests", "a/b"):
                    file.write(b"\0" + repo.encode() + b"\1x.py\2" + PYTHON.encode())
            found = list(pairs.training_pairs(folder, 60))
            self.assertEqual({p["repo"] for p in found}, {"a/b"})
            self.assertEqual({p["kind"] for p in found}, {"doc", "name"})
            self.assertNotIn("load_all", next(p for p in found if p["kind"] == "name")["code"])
            with open(os.path.join(folder, "train", "py.bin"), "ab") as file:
                file.write(b"\0pallets/flask\1x.py\2" + PYTHON.encode())
            with self.assertRaises(AssertionError):
                list(pairs.training_pairs(folder, 60))


class EncoderTest(unittest.TestCase):
    def test_words(self):
        self.assertEqual(enc.words("getHTTPServer_v2 $el MAX_X naïveWort parseJSON()"),
                         ["get", "http", "server", "v", "2", "el", "max", "x", "naïve", "wort", "parse", "json"])
        self.assertEqual(enc.words("x" * 33), [])

    def test_unit_length_and_empty_text(self):
        encoder = tiny_encoder()
        for dim in enc.DIMS:
            self.assertAlmostEqual(float(np.linalg.norm(encoder.query("get all", dim))), 1, places=5)
        self.assertEqual(float(np.abs(encoder.query("()")).sum()), 0)
        self.assertTrue(np.allclose(encoder.document("get", "", ""), encoder.query("get"), atol=1e-6))

    def test_file_reads_back(self):
        for head in (False, True):
            encoder = tiny_encoder(head)
            with tempfile.TemporaryDirectory() as folder:
                encoder.rows.tokenizer.save(folder)
                tokenizer_path = os.path.join(folder, "tokenizer.json")
                enc.save(encoder, folder, tokenizer_path, "x", "1")
                again = enc.load(folder, folder)
                with open(os.path.join(folder, "encoder.json")) as file:
                    check = json.load(file)["check"]
                self.assertTrue(np.allclose(again.query(check["query"])[:8], check["queryVector"], atol=1e-4))
                self.assertTrue(np.allclose(again.document(*check["document"])[:8], check["documentVector"], atol=1e-4))
                self.assertGreater(float(again.query("load set") @ encoder.query("load set")), 0.999)
                with open(os.path.join(folder, "encoder.safetensors"), "r+b") as file:
                    file.seek(4_000)
                    file.write(b"\x55")
                with self.assertRaises(ValueError):
                    enc.load(folder, folder)

    def test_int8_is_close(self):
        vectors = enc.unit(np.random.default_rng(1).normal(size=(20, 256)).astype(np.float32))
        self.assertGreater(float((enc.quantised_vectors(vectors) * vectors).sum(1).min()), 0.999)


class SearchTest(unittest.TestCase):
    pool = [pairs.Function("a.py", 1, name, code, "") for name, code in (
        ("load_file", "def load_file(path): read(path) path path"), ("save", "def save(files): pass"), ("other", "def other(): return 1"))]

    def test_bm25(self):
        index = lexical.Index(self.pool)
        plain = index.scores(["read the path", "loading"], lexical.ISSUE)
        self.assertEqual(int(plain[0].argmax()), 0)
        self.assertEqual(float(plain[1].sum()), 0)
        stemmed = index.scores(["loading", "file"], lexical.Settings(stem=True))
        self.assertEqual(int(stemmed[0].argmax()), 0)
        self.assertTrue((stemmed[1, :2] > 0).all())

    def test_measures(self):
        got = ev.measures(np.array([[3.0, 2.0, 1.0], [0.0, 0.0, 0.0]]), [[1, 2], [0]])
        self.assertAlmostEqual(got[0, 0], 0.5)
        self.assertAlmostEqual(got[0, 1], (1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3)))
        self.assertEqual(got[0, 2], 1)
        self.assertEqual(got[1].tolist(), [0, 0, 0])

    def test_top_is_a_stable_sort(self):
        rng = np.random.default_rng(2)
        for _ in range(50):
            row = rng.integers(0, 6, 30)
            self.assertEqual(ev.top(row, 10).tolist(), np.argsort(-row, kind="stable")[:10].tolist())

    def test_fusion_prefers_what_both_like(self):
        a, b = np.array([[3.0, 2.9, 0.0, 0.0]]), np.array([[0.0, 1.9, 2.0, 0.0]])
        for kind in ("rrf", "sum"):
            self.assertEqual(int(ev.fuse(a, b, kind, 0.5).argmax()), 1)


@unittest.skipUnless(encoder_train, "torch is not installed")
class TrainTest(unittest.TestCase):
    def test_learns_that_different_words_mean_the_same(self):
        """Queries say one word of each pair, code the other: only training can bring them together."""
        meanings = [("fetch", "load"), ("remove", "drop"), ("make", "build"), ("find", "seek"), ("show", "draw"), ("halt", "stop"), ("count", "tally"), ("join", "merge")]
        with tempfile.TemporaryDirectory() as folder:
            bpe.Tokenizer(bpe.train_merges({(" " + w).encode(): 5 for m in meanings for w in m} | {b" value": 9, b" return": 9, b" thing": 9}, 120)).save(folder)
            with open(os.path.join(folder, "pairs.jsonl"), "w") as file:
                for i in range(40):
                    for prose, code in meanings:
                        file.write(json.dumps({"kind": "doc", "repo": f"r/{i % 3}", "path": f"{i}.py", "name": f"{code}_value", "query": f"{prose} value thing",
                                               "code": f"def {code}_value(thing): return value{i}"}) + "\n")
            args = types.SimpleNamespace(pairs=os.path.join(folder, "pairs.jsonl"), tokenizer=folder, init_from=None, steps=300, batch=32, group=8,
                                         lr=2e-2, weight_lr=1e-2, dropout=0.0, head=False, seed=1)
            encoder, _ = encoder_train.run(args)
            documents = np.stack([encoder.document(f"{code}_value", "", f"{code} value thing return") for _, code in meanings])
            ranks = [int((documents @ encoder.query(f"{prose} thing")).argmax()) for prose, _ in meanings]
            self.assertGreaterEqual(sum(r == i for i, r in enumerate(ranks)), 6)


if __name__ == "__main__":
    unittest.main()
