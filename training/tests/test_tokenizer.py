"""The tokenizer: exact round trips, line-by-line encoding, and the same ids as the product's JavaScript library.

The parity test needs node and @huggingface/tokenizers (the product's own node_modules, or STET_NODE_PACKAGES) and a
trained tokenizer (STET_TOKENIZER, else ../model); it is skipped where one is missing. STET_PARITY_TEXTS may name a
folder of corpus .bin files to compare on as well.
"""
import collections
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import unittest

from stetlm import tokenizer as bpe

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TEXTS = [
    "", "\n", "\r\n", " ", "x", "const x = 1;\r\nlet y\t= 2;\r\n\r\n\tif (x) {\r\n\t\treturn y\r\n\t}\r\n",
    "def f(a, b):\n    return a + b\n\n\nclass A:\n\tpass   \n   \n",
    "emoji 🙂👩‍👩‍👧 in `text` and 日本語のコメント // русский — “quotes” é\u0301 \u00a0nbsp\ufeff\u2028sep",
    "a    =  b\t\t+ c ;;;  \n\n\n      }))\n", "0123456789 1_000_000 0xDEADBEEF 3.14e-10", "\x00\x01\x07\x0b\x0c\x1f\x7f control\r only",
    "foo.bar?.baz![0]=>{...spread}  <div className=\"x\">{`${a}`}</div>\n", "\r\r\n\n\r", "tail   ", "   \n", "__init__ $el #private @decorator",
]


def corpus_texts(folder):
    from stetlm import corpus

    rng = random.Random(3)
    for lang in ("ts", "tsx", "js", "py"):
        items = corpus.records(os.path.dirname(folder), os.path.basename(folder), lang)
        for _, _, content in rng.sample(items, min(40, len(items))):
            text = content.decode()
            yield text if rng.random() < 0.7 else text.replace("\n", "\r\n")


class TokenizerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.abspath(__file__)) as file:
            source = "".join(TEXTS) + file.read() * 3
        merges = bpe.train_merges(collections.Counter(piece.encode() for piece in bpe.pieces(source)), 300)
        cls.tok = bpe.Tokenizer(merges)

    def test_every_character_is_in_one_piece(self):
        for text in TEXTS:
            self.assertEqual("".join(bpe.pieces(text)), text)

    def test_round_trip(self):
        for text in TEXTS:
            self.assertEqual(self.tok.decode_bytes(self.tok.encode(text)), text.encode())

    def test_line_by_line_is_the_same(self):
        rng = random.Random(1)
        alphabet = ["\n", "\r\n", " ", "\t", "a", "Z", "_", "9", ".", "(", "é", "🙂", "\r", "  "]
        for _ in range(3_000):
            text = "".join(rng.choice(alphabet) for _ in range(rng.randrange(30)))
            cuts = [m.start() for m in re.finditer(r"[ \t]*(?:\r?\n)+", text)]
            parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)])]
            self.assertEqual(sum((self.tok.encode(part) for part in parts), []), self.tok.encode(text), repr(text))

    def test_specials_are_last_and_never_read_from_text(self):
        self.assertEqual(min(self.tok.special.values()), self.tok.n_vocab - bpe.N_SPECIAL)
        self.assertEqual(self.tok.special["<eot>"], self.tok.n_vocab - bpe.N_SPECIAL)
        self.assertLess(max(self.tok.encode("<eot><fim_middle>")), self.tok.n_vocab - bpe.N_SPECIAL)

    def test_training_is_repeatable_and_saves(self):
        with tempfile.TemporaryDirectory() as folder:
            self.tok.save(folder)
            self.assertEqual(bpe.load(folder).merges, self.tok.merges)

    def test_same_ids_as_the_product(self):
        folder = os.environ.get("STET_TOKENIZER", os.path.join(ROOT, "model"))
        packages = os.environ.get("STET_NODE_PACKAGES", ROOT)
        if not (shutil.which("node") and os.path.isdir(os.path.join(packages, "node_modules/@huggingface/tokenizers"))
                and os.path.exists(os.path.join(folder, "tokenizer.json"))):
            self.skipTest("node, @huggingface/tokenizers or a trained tokenizer is missing")
        tok, texts = bpe.load(folder), list(TEXTS)
        if os.environ.get("STET_PARITY_TEXTS"):
            texts += corpus_texts(os.environ["STET_PARITY_TEXTS"])
        answer = subprocess.run(["node", os.path.join(HERE, "encode.mjs"), folder, packages], input=json.dumps(texts).encode(), stdout=subprocess.PIPE, check=True)
        answer = json.loads(answer.stdout)
        for text, ids, decoded in zip(texts, answer["encoded"], answer["decoded"]):
            self.assertEqual(ids, tok.encode(text), repr(text[:80]))
            self.assertEqual(decoded, text)


if __name__ == "__main__":
    unittest.main()
