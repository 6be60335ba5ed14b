"""BM25 over functions, dense in memory, for the evaluation of search: the baseline, and the other half of the fusion.

Terms are the lowercase parts of identifiers (the encoder's own `words`) and, beside them, whole identifiers that have
more than one part. Fields are weighted as SQLite's FTS5 does it: weighted term counts are added up, the length is that
of all fields unweighted. Stems come from FTS5 itself (porter), so that they are the ones the product would index.
"""
import collections
import math
import re
import sqlite3
from typing import NamedTuple

import numpy as np

from . import encoder as enc

_IDENTIFIER = re.compile(r"[\w$]+")
_TERMS: "dict[str, list[str]]" = {}  # of an identifier; code repeats itself


class Settings(NamedTuple):
    k1: float = 1.2
    b: float = 0.75
    name: float = 1.0  # weight of the function's name, which is also in its code
    path: float = 0.0
    stem: bool = False


ISSUE = Settings()  # the baseline as the literature has it: one field, untuned


def terms(text: str) -> "list[str]":
    out = []
    for identifier in _IDENTIFIER.findall(text):
        found = _TERMS.get(identifier)
        if found is None:
            parts = enc.words(identifier)
            found = _TERMS[identifier] = parts + [identifier.lower()] if len(parts) > 1 else parts
        out += found
    return out


def stems(vocabulary: "list[str]") -> "dict[str, str]":
    """Porter stems by SQLite FTS5; a word that its tokenizer cuts apart keeps itself."""
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table t using fts5(w, tokenize='porter unicode61')")
    db.executemany("insert into t(rowid, w) values(?, ?)", list(enumerate(vocabulary)))
    db.execute("create virtual table v using fts5vocab(t, 'instance')")
    found = collections.defaultdict(list)
    for stem, i in db.execute("select term, doc from v"):
        found[i].append(stem)
    return {word: found[i][0] if len(found[i]) == 1 else word for i, word in enumerate(vocabulary)}


class Index:
    """Postings of a pool of (name, path, code); kept per field so that settings can be tried without reading again."""

    def __init__(self, pool):
        self.n = len(pool)
        self.fields = [[collections.Counter(terms(text)) for text in (f.name, f.path, f.code)] for f in pool]  # [n][3]
        self._stem_of = None
        self._built = {}

    def _stems(self):
        if self._stem_of is None:
            self._stem_of = stems(sorted({t for fields in self.fields for counts in fields for t in counts}))
        return self._stem_of

    def _postings(self, stem: bool):
        """term -> (documents, counts [3, nDoc of the term]); and lengths [3, n]."""
        if stem in self._built:
            return self._built[stem]
        map_of = self._stems() if stem else {}
        where = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0, 0]))
        lengths = np.zeros((3, self.n), np.float32)
        for i, fields in enumerate(self.fields):
            for f, counts in enumerate(fields):
                lengths[f, i] = sum(counts.values())
                for term, count in counts.items():
                    where[map_of.get(term, term)][i][f] += count
        postings = {term: (np.array(list(docs)), np.array(list(docs.values()), np.float32).T) for term, docs in where.items()}
        self._built[stem] = postings, lengths
        return self._built[stem]

    def scores(self, queries: "list[str]", settings: Settings):
        """[nQuery, n] float32; zero where no term is shared."""
        postings, lengths = self._postings(settings.stem)
        use = np.array([max(0.0, settings.name - 1.0), settings.path, 1.0], np.float32)  # the code says the name once
        length = lengths[2] + (lengths[0] if settings.name > 1 else 0) + (lengths[1] if settings.path > 0 else 0)
        norm = settings.k1 * (1 - settings.b + settings.b * length / max(1e-9, length.mean()))
        own = stems(sorted({t for q in queries for t in terms(q)})) if settings.stem else {}
        out = np.zeros((len(queries), self.n), np.float32)
        for i, query in enumerate(queries):
            for term in {own.get(t, t) for t in terms(query)}:
                if term in postings:
                    documents, counts = postings[term]
                    tf = use @ counts
                    df = int((tf > 0).sum())
                    idf = math.log(1 + (self.n - df + 0.5) / (df + 0.5))
                    out[i, documents] += idf * tf * (settings.k1 + 1) / (tf + norm[documents])
        return out
