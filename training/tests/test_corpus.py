"""The corpus: what may enter, what is redacted, that hold-out stays out, and that rows are the prompts of the product."""
import json
import os
import random
import tempfile
import unittest

import numpy as np

from stetlm import corpus, data, filters, tokenizer as bpe

MIT = "MIT License\n\nCopyright (c) 2020 A. Person\n\nPermission is hereby granted, free of charge, to any person"
CODE = "\n".join(f"export function name{i}(value: number): number {{\n  return value + {i} * 3;\n}}\n" for i in range(12))


def tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())


def built(root, files):
    tree(root, files)
    out = os.path.join(root, "data")
    corpus.build([os.path.join(root, name) for name in sorted({path.split("/")[0] for path in files})], out, os.path.join(root, "manifest.json"), None)
    with open(os.path.join(root, "manifest.json")) as file:
        return out, json.load(file)


class FilterTest(unittest.TestCase):
    def test_licences(self):
        self.assertEqual(filters.classify_licence(MIT), "MIT")
        self.assertEqual(filters.classify_licence("GNU GENERAL PUBLIC LICENSE Version 3"), "GPL")
        self.assertEqual(filters.classify_licence("PolyForm Noncommercial License 1.0.0"), "PolyForm")
        self.assertEqual(filters.classify_licence("do as I say"), "unknown")
        self.assertEqual(filters.copyright_line(MIT), "Copyright (c) 2020 A. Person")

    def test_nearest_licence_counts(self):
        by_folder = {"": "MIT", "packages/pro": "BUSL"}
        self.assertEqual(filters.licence_of_path("packages/pro/src/a.ts", by_folder), "BUSL")
        self.assertEqual(filters.licence_of_path("packages/other/a.ts", by_folder), "MIT")

    def test_rejected(self):
        for path in ("node_modules/a/i.js", "src/__snapshots__/a.ts", "ee/a.py", "lib/jquery.min.js"):
            self.assertIsNotNone(filters.reject_path(path, 500), path)
        self.assertIsNone(filters.reject_path("src/building.ts", 500))
        for content in (b"\x00" + CODE.encode(), b"// @generated\n" + CODE.encode(), b"x" * 2000, b"\xff\xfe" + CODE.encode(), b"// SPDX-License-Identifier: GPL-3.0\n" + CODE.encode()):
            self.assertIsNotNone(filters.reject_content(content))
        self.assertIsNone(filters.reject_content(CODE.encode()))

    def test_redaction(self):
        text, n_emails, n_secrets = filters.redact(b"mail jo@corp.com or a@example.com, AKIAABCDEFGHIJKLMNOP")
        self.assertEqual((text, n_emails, n_secrets), (b"mail user@example.com or a@example.com, <redacted>", 1, 1))


class BuildTest(unittest.TestCase):
    def test_sides_duplicates_licences_and_broken_files(self):
        with tempfile.TemporaryDirectory() as root:
            out, manifest = built(root, {
                "acme+lib/LICENSE": MIT, "acme+lib/src/a.ts": CODE, "acme+lib/src/copy.ts": CODE.replace("\n", "\r\n"),
                "acme+lib/pro/LICENSE": "PolyForm Shield License", "acme+lib/pro/b.ts": CODE.replace("name", "other"),
                "acme+lib/src/broken.py": b"\xff\xfe broken" * 60, "acme+lib/src/c.py": "def f(a):\n    return a\n" * 20,
                "honojs+hono/LICENSE": MIT, "honojs+hono/src/h.ts": CODE.replace("name", "held"),
                "nobody+none/src/x.ts": CODE.replace("name", "unlicensed"),
            })
            self.assertEqual([r[:2] for r in corpus.records(out, "train", "ts")], [("acme/lib", "src/a.ts")])
            self.assertEqual([r[:2] for r in corpus.records(out, "hold", "ts")], [("honojs/hono", "src/h.ts")])
            self.assertEqual(manifest["repositories"]["acme/lib"]["bytes"].keys(), {"ts", "py"})
            self.assertEqual(manifest["counts"]["exact duplicate"], 1)
            self.assertEqual(manifest["counts"]["licence"], 2)
            self.assertEqual(corpus.leaks(out, ["ts"])["ts"]["leaked"], [])

    def test_near_copies_are_capped(self):
        near = corpus.NearCopies()
        marks = [corpus.shingles((CODE + f"const extra{i} = {i};\n").encode()) for i in range(4)]
        self.assertEqual([near.is_one_too_many(m) for m in marks], [False, False, True, True])


MAP = {"version": 3, "sources": ["../src/a.ts", "../node_modules/x/b.ts", "webpack://lib/./src/c.ts", "../src/gone.ts"],
       "sourcesContent": [CODE, CODE.replace("name", "vendored"), CODE.replace("name", "packed"), None]}
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Source: https://github.com/acme/snakes

Files: *
Copyright: 2020 A. Person
License: Expat or GPL-2+

Files: extra/*
 old/b.py
Copyright: 2021 B. Person
License: LGPL-2.1+

License: Expat
 Permission is hereby granted, free of charge, to any person
"""
PYTHON = "".join(f"def name{i}(value):\n    return value + {i} * 3\n\n\n" for i in range(12))


class PackageTest(unittest.TestCase):
    def package(self, repository):
        return json.dumps({"name": "lib", "version": "1.2.3", "repository": repository})

    def test_npm_sources_come_from_its_maps(self):
        with tempfile.TemporaryDirectory() as root:
            out, manifest = built(root, {
                "lib/package.json": self.package({"url": "git+https://github.com/acme/lib.git"}), "lib/LICENSE": MIT,
                "lib/dist/a.js": CODE.replace("name", "compiled"), "lib/dist/a.js.map": json.dumps(MAP), "lib/dist/broken.js.map": "{",
            })
            self.assertEqual([r[:2] for r in corpus.records(out, "train", "ts")], [("acme/lib", "src/a.ts"), ("acme/lib", "src/c.ts")])
            self.assertEqual(corpus.records(out, "train", "js"), [])
            self.assertEqual(manifest["repositories"]["acme/lib"]["commit"], "npm lib@1.2.3")

    def test_a_held_out_project_does_not_come_in_by_its_package(self):
        with tempfile.TemporaryDirectory() as root:
            out, manifest = built(root, {
                "hono/package.json": self.package("github:HonoJS/hono"), "hono/LICENSE": MIT, "hono/dist/a.js.map": json.dumps(MAP),
                "lost/package.json": self.package(""), "lost/LICENSE": MIT, "lost/dist/a.js.map": json.dumps(MAP),
            })
            self.assertEqual(corpus.records(out, "train", "ts"), [])
            self.assertEqual({repo: r["side"] for repo, r in manifest["repositories"].items()}, {"HonoJS/hono": "hold"})

    def test_debian_says_the_licence_of_each_file(self):
        with tempfile.TemporaryDirectory() as root:
            out, manifest = built(root, {
                "snakes-1.0/debian/copyright": COPYRIGHT, "snakes-1.0/debian/changelog": "snakes (1.0-2) unstable; urgency=low\n",
                "snakes-1.0/src/a.py": PYTHON, "snakes-1.0/extra/b.py": PYTHON.replace("name", "other"), "snakes-1.0/old/b.py": PYTHON.replace("name", "old"),
            })
            self.assertEqual([r[:2] for r in corpus.records(out, "train", "py")], [("acme/snakes", "src/a.py")])
            self.assertEqual((manifest["repositories"]["acme/snakes"]["commit"], manifest["counts"]["licence"]), ("debian snakes 1.0-2", 2))


class RowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.TemporaryDirectory()
        files = {"acme+lib/LICENSE": MIT}
        for i in range(6):
            files[f"acme+lib/src/file{i}.ts"] = CODE.replace("name", f"fn{i}x") + f"// {i} emoji 🙂\n" * i
        out, _ = built(cls.root.name, files)
        cls.tok = bpe.Tokenizer([])
        cls.rows = data.Rows(data.Files(out), cls.tok, 3)

    @classmethod
    def tearDownClass(cls):
        cls.root.cleanup()

    def test_rows_are_full_and_repeatable(self):
        for i in range(30):
            row = self.rows.row(i, 513)
            self.assertEqual(len(row), 513)
            self.assertEqual(row, self.rows.row(i, 513))

    def test_holes_give_back_the_file(self):
        s, n_spm = self.tok.special, 0
        text = self.rows.files.by_lang["ts"][0][2].decode()
        for i in range(200):
            ids = self.rows.hole(text, random.Random(i), 4_000)
            if s["<fim_middle>"] not in ids:
                continue
            self.assertEqual(ids[-1], s["<eot>"])
            begin, mid, final = (ids.index(s[name]) for name in ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"))
            if mid == begin + 1:
                n_spm += 1
                suffix, rest = ids[mid + 1 : final], ids[final + 1 : -1]
                self.assertIn(self.tok.decode(rest + suffix), text)
            else:
                prefix, suffix, middle = ids[begin + 1 : mid], ids[mid + 1 : final], ids[final + 1 : -1]
                self.assertIn(self.tok.decode(prefix + middle + suffix), text)
        self.assertGreater(n_spm, 100)

    def test_cuts_spell_the_text_as_at_a_cursor(self):
        rows, n_cuts = data.Rows(self.rows.files, self.tok), 0
        for i in range(60):
            places = data.cut_places(CODE, random.Random(i))
            ids, asked = data.spell(np.array(rows.encode(CODE, random.Random(i))))
            stretches = [CODE[a:b] for a, b in zip([0, *places], [*places, len(CODE)])]
            self.assertEqual(ids.tolist(), [one for stretch in stretches for one in self.tok.encode(stretch)])
            # Only the piece that ends in a cut is not asked for.
            expected = []
            for k, stretch in enumerate(stretches):
                *whole, last = (len(self.tok.encode(piece)) for piece in bpe.pieces(stretch))
                expected += [True] * sum(whole) + [k == len(places)] * last
            self.assertEqual(asked.tolist(), expected)
            n_cuts += len(places)
        self.assertGreater(n_cuts, 100)

    def test_what_is_not_asked_for_is_read(self):
        stored = np.concatenate([self.rows.batch(i, 1, 512) for i in range(10)])
        ids, asked = data.spell(stored)
        self.assertTrue((ids >= 0).all() and (ids < self.tok.n_vocab).all())
        self.assertTrue(0.001 < 1 - asked.mean() < 0.2)

    def test_spans_are_inside_the_text(self):
        for i in range(500):
            start, end = data.middle_span(CODE, random.Random(i))
            self.assertTrue(0 <= start <= end <= len(CODE))


if __name__ == "__main__":
    unittest.main()
